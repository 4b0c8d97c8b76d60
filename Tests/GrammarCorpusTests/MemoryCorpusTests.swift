import Foundation
import GrammarCorpus
import Testing

/// The corpus in `datasets/memory`, and what can be known of it.
struct MemoryCorpusTests {
  private let shipped = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "datasets/memory")

  @Test func regeneratesTheShippedFilesByteForByte() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "memory-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let table = try MemoryCorpus.write(to: directory.path)
    for distance in MemoryCorpus.shippedDistances {
      let name = MemoryCorpus(distance: distance).fileName
      let made = try Data(contentsOf: directory.appending(path: name))
      #expect(try made == Data(contentsOf: shipped.appending(path: name)), "\(name) differs")
    }
    let readme = try String(contentsOf: shipped.appending(path: "README.md"), encoding: .utf8)
    #expect(readme.contains(table), "the README's numbers are not those of\n\(table)")
  }

  @Test(arguments: [1, 2, 9, 31])
  func theVerbAgreesWithTheNounAndNothingElseTells(distance: Int) {
    let corpus = MemoryCorpus(distance: distance)
    var counts: [String: Int] = [:]
    for index in 0..<4000 {
      let sentence = corpus.sentence(index, seed: 3)
      #expect(sentence.count == distance + 2)
      let (noun, verb) = (sentence[0], sentence[distance + 1])
      #expect(noun.tag == "NOUN" && verb.word == "slept")
      #expect(verb.tag == (noun.word.hasSuffix("s") ? "PLUR" : "SING"))
      #expect(sentence[1...distance].allSatisfy { $0.tag == "ADV" })
      counts[verb.tag, default: 0] += 1
      // The nearest word and the farthest one beside the noun.
      for place in Set([1, distance]) { counts[verb.tag + sentence[place].word, default: 0] += 1 }
    }
    // Within five standard deviations of a binomial distribution.
    func isLikely(_ count: Int?, of draws: Double, _ probability: Double) -> Bool {
      let deviation = (draws * probability * (1 - probability)).squareRoot()
      return abs(Double(count ?? 0) - draws * probability) < 5 * deviation
    }
    for tag in ["SING", "PLUR"] {
      #expect(isLikely(counts[tag], of: 4000, 1 / 2), "\(tag)")
      for adverb in ["so", "very", "quite", "really"] {
        #expect(isLikely(counts[tag + adverb], of: distance == 1 ? 4000 : 8000, 1 / 8), "\(tag) \(adverb)")
      }
    }
  }

  @Test func withoutMemoryOneTagOfASentenceIsGuessed() {
    #expect(abs(MemoryCorpus(distance: 3).forgetfulAccuracy - 0.9) < 1e-12)
  }
}
