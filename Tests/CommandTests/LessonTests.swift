import Foundation
import Testing

/// The lecture by hand.
struct LessonTests {
  private func lesson(_ arguments: String...) throws -> [Substring] {
    let outcome = try Workspace().succeed(["lesson"] + arguments)
    #expect(outcome.errors.isEmpty)
    return outcome.output.split(separator: "\n")
  }

  /// The numbers of a part's lines, part 1 being the first.
  private func numbers(_ part: Int, of lines: [Substring]) -> [[Double]] {
    let begin = lines.firstIndex { $0.hasPrefix("\(part). ") } ?? lines.endIndex
    let end = lines.firstIndex { $0.hasPrefix("\(part + 1). ") } ?? lines.endIndex
    return lines[begin..<end].map { line in
      line.split { $0 == " " || $0 == "," }.compactMap { $0.contains(".") && $0.last != "." ? Double($0) : nil }
    }.filter { !$0.isEmpty }
  }

  @Test func bothColumnsAgree() throws {
    let lines = try lesson("--decimals", "6", "--steps", "1000")
    for part in 3...6 {
      // Rows of contributions end in their sum; rows of matrices have twice two numbers.
      let rows = numbers(part, of: lines)
      #expect(rows.count >= 2, "\(part)")
      for row in rows.suffix(part == 3 ? 3 : 2) {
        #expect(row.count == 4, "\(row)")
        for (byHand, program) in zip(row.prefix(2), row.suffix(2)) {
          #expect(abs(byHand - program) <= 1.5e-6, "\(row)")
        }
      }
    }
    let forward = numbers(2, of: lines)
    #expect(forward.count == 8)
    for row in forward.dropLast() {
      #expect(row.count == 6)
      for (byHand, program) in [(0, 2), (1, 3), (4, 5)] { #expect(abs(row[byHand] - row[program]) <= 1.5e-6, "\(row)") }
    }
    // It has learnt what only the word before tells.
    let curve = numbers(7, of: lines).filter { $0.count == 2 }
    #expect(curve.count == 7)
    for row in curve { #expect(abs(row[0] - row[1]) <= 1e-4, "\(row)") }
    #expect(curve[0][0] > 0.9 && curve[6][0] < 0.05)
  }

  /// dL/dW[1, 1] by what a derivative is, from the network's printed numbers.
  @Test func theSumIsTheDerivative() throws {
    let lines = try lesson("--decimals", "7", "--steps", "1")
    let rows = numbers(1, of: lines)
    #expect(rows.map(\.count) == [2, 2, 2, 2, 2, 2, 2, 1, 1, 2, 2, 2, 1, 1, 1])
    func product(_ row: [Double], _ x: [Double]) -> Double { row[0] * x[0] + row[1] * x[1] }
    func loss(_ w: [[Double]]) -> Double {
      let text = [0, 1, 0, 2, 0, 1, 0, 2]
      var h = [0.0, 0.0]
      var sum = 0.0
      for (word, next) in zip(text, text.dropFirst()) {
        let before = h
        for i in 0..<2 {
          let input = product(rows[3 + i], rows[word])
          h[i] = tanh(input + product(w[i], before) + rows[7 + i][0])
        }
        var logits = [0.0, 0.0, 0.0]
        for j in 0..<3 { logits[j] = product(rows[9 + j], h) + rows[12 + j][0] }
        let exponentials = logits.map { exp($0) }
        sum += log(exponentials.reduce(0, +)) - logits[next]
      }
      return sum / 7
    }
    let w = [rows[5], rows[6]]
    #expect(abs(loss(w) - numbers(2, of: lines)[7][0]) < 1e-6)
    let pairs = numbers(4, of: lines).dropLast(2)
    let total = pairs.reduce(0) { $0 + ($1.last ?? 0) }
    for (i, row) in numbers(4, of: lines).suffix(2).enumerated() {
      for j in 0..<2 {
        func moved(_ step: Double) -> Double {
          var moved = w
          moved[i][j] += step
          return loss(moved)
        }
        let derivative = (moved(1e-4) - moved(-1e-4)) / 2e-4
        #expect(abs(derivative - row[j]) < 1e-6, "[\(i), \(j)]")
      }
    }
    // The table of pairs, row by row, adds up to the element.
    #expect(pairs.count == 7 && pairs.enumerated().allSatisfy { $1.count == $0 + 2 })
    #expect(abs(total - (numbers(4, of: lines).suffix(2).first?[0] ?? .nan)) < 1e-6)
  }

  @Test(arguments: [
    (["lesson", "--steps", "0"], "expected a number from 1 to 100000"),
    (["lesson", "--decimals", "9"], "expected a number from 2 to 7"),
  ])
  func mistakes(arguments: [String], message: String) throws {
    let outcome = try Workspace().run(arguments)
    #expect(outcome.code == 64 && outcome.errors.contains(message), "\(outcome)")
  }

  /// What the page of the documentation shows is what the program prints.
  @Test func theDocumentationsNumbersAreTheProgram() throws {
    let page = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/Training/Documentation.docc/LectureByHand.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    var printed = try lesson()[...]
    let shown = text.split(separator: "\n").filter { $0.hasPrefix("    ") && !$0.contains("rnn-train lesson") }
    #expect(shown.count > 60)
    for line in shown {
      let place = try #require(printed.firstIndex(of: line.dropFirst(4)), "not printed, or elsewhere: \(line)")
      printed = printed[(place + 1)...]
    }
  }
}
