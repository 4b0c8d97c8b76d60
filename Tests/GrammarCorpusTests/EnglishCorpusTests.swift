import Foundation
import GrammarCorpus
import Testing

/// The corpus in `datasets/english`, and how it is made.
struct EnglishCorpusTests {
  private let shipped = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "datasets/english")

  private func withTemporaryDirectory(_ body: (URL) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "english-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    try body(directory)
  }

  @Test func regeneratesTheShippedFilesByteForByte() throws {
    try withTemporaryDirectory { directory in
      let report = try EnglishCorpus.write(to: directory.path)
      for (split, _) in EnglishCorpus.shippedSentences {
        for file in ["\(split).txt", "\(split).conllu"] {
          let made = try Data(contentsOf: directory.appending(path: file))
          let expected = try Data(contentsOf: shipped.appending(path: file))
          #expect(made == expected, "\(file) differs; write it anew if the grammar was changed on purpose")
        }
      }
      let readme = try String(contentsOf: shipped.appending(path: "README.md"), encoding: .utf8)
      #expect(readme.contains(report.description), "the README's numbers are not those of\n\(report)")
      let wordCount = try EnglishGrammar.load().words.count
      #expect(readme.contains("There are \(wordCount) words."))
    }
  }

  @Test func reportSeparatesTheTrueModelFromTheNGrams() throws {
    try withTemporaryDirectory { directory in
      let report = try EnglishCorpus.write(to: directory.path, seed: 3, sentences: ["train": 2000, "test": 300])
      let test = try #require(report.splits.last)
      #expect(test.name == "test")
      #expect(test.sentences == 300)
      #expect(test.truePerplexity > 5)
      #expect(test.trigramPerplexity > 1.5 * test.truePerplexity)
      #expect(test.unigramPerplexity > 2 * test.trigramPerplexity)
    }
  }

  @Test func splitsAreFunctionsOfSeedAndName() throws {
    let grammar = try EnglishGrammar.load()
    func words(_ name: String, _ count: Int, seed: UInt64) -> [[TaggedWord]] {
      EnglishCorpus.draw(from: grammar, seed: seed, sentences: [name: count]).flatMap(\.sentences)
    }
    #expect(words("train", 50, seed: 5) == words("train", 50, seed: 5))
    #expect(Array(words("train", 80, seed: 5).prefix(50)) == words("train", 50, seed: 5))
    #expect(words("train", 50, seed: 5) != words("test", 50, seed: 5))
    #expect(words("train", 50, seed: 5) != words("train", 50, seed: 6))
  }

  @Test func conlluHoldsTheTextAndValidColumns() throws {
    let text = try String(contentsOf: shipped.appending(path: "test.txt"), encoding: .utf8)
    let conllu = try String(contentsOf: shipped.appending(path: "test.conllu"), encoding: .utf8)
    #expect(conllu.hasSuffix("\n\n"))
    let lines = text.split(separator: "\n")
    let blocks = conllu.dropLast(2).split(separator: "\n\n", omittingEmptySubsequences: false)
    #expect(lines.count == 1000)
    #expect(blocks.count == lines.count)
    for (index, (line, block)) in zip(lines, blocks).enumerated() {
      let rows = block.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(rows[0] == "# sent_id = test-\(index + 1)")
      #expect(rows[1] == "# text = \(line)")
      let columns = rows.dropFirst(2).map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
      #expect(columns.allSatisfy { $0.count == 10 })
      #expect(columns.map { $0[0] } == (1...columns.count).map { "\($0)" })
      #expect(columns.map { $0[1] }.joined(separator: " ") == line)
      #expect(columns.allSatisfy { row in [2, 4, 5, 6, 7, 8, 9].allSatisfy { row[$0] == "_" } })
    }
  }

  @Test func saysWhereItCannotWrite() {
    #expect {
      try EnglishCorpus.write(to: "/dev/null/english", sentences: ["train": 1])
    } throws: { error in
      guard let error = error as? GrammarError, case .cannotWrite(let path, _) = error else { return false }
      return path == "/dev/null/english" && error.exitCode == .cannotWrite && error.description.hasPrefix(path)
    }
  }
}
