import Foundation

/// Sentences whose last word agrees with their first one over a chosen distance: `dogs so very quite slept`. The form of the
/// verb doesn't tell whether one slept or many, which is its tag, and neither do the adverbs: nothing but memory does.
package struct MemoryCorpus: Sendable {
  /// Words in between: to tell the verb's tag, the noun has to be known for so many timesteps and one.
  package let distance: Int

  /// What `datasets/memory` was made with.
  package static let shippedSeed: UInt64 = 1
  package static let shippedDistances = [5, 10, 20, 30]
  package static let shippedSentences = 1600

  private static let nouns = ["dog", "cat", "horse", "bird"]
  private static let adverbs = ["so", "very", "quite", "really"]
  private static let verb = "slept"

  /// - Parameter distance: at least 1.
  package init(distance: Int) { self.distance = distance }

  /// `distance-05.tsv`, in the order of distances.
  package var fileName: String { "distance-\(distance < 10 ? "0" : "")\(distance).tsv" }

  /// The share of all tags that a model gets right which knows everything but the noun's number: it guesses one tag of a
  /// sentence. With memory, all are right.
  package var forgetfulAccuracy: Double { 1 - 0.5 / Double(distance + 2) }

  /// The sentence with a number, a function of both numbers and the distance.
  package func sentence(_ index: Int, seed: UInt64) -> [TaggedWord] {
    var random = SplitMix64(seed: seed, sequence: "distance \(distance)", index: index)
    func draw(_ words: [String]) -> String { words[Int(random.nextFraction() * Double(words.count))] }
    let (noun, ending) = (draw(Self.nouns), draw(["", "s"]))
    let adverbs = (0..<distance).map { _ in TaggedWord(word: draw(Self.adverbs), tag: "ADV") }
    return [TaggedWord(word: noun + ending, tag: "NOUN")] + adverbs
      + [TaggedWord(word: Self.verb, tag: ending.isEmpty ? "SING" : "PLUR")]
  }

  /// A word and its tag a line, an empty line behind each sentence.
  package func text(sentences: Int, seed: UInt64) -> String {
    (0..<sentences).map { index in
      sentence(index, seed: seed).map { "\($0.word)\t\($0.tag)\n" }.joined() + "\n"
    }.joined()
  }

  /// Writes a file for each distance and says what a model without memory would come to.
  ///
  /// - Parameter directory: is made if it is not there; files of these names in it are replaced.
  package static func write(
    to directory: String, distances: [Int] = shippedDistances, sentences: Int = shippedSentences,
    seed: UInt64 = shippedSeed
  ) throws(GrammarError) -> String {
    var lines = ["| words in between | file | accuracy without memory |", "|---:|---|---:|"]
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      for distance in distances {
        let corpus = MemoryCorpus(distance: distance)
        try corpus.text(sentences: sentences, seed: seed)
          .write(toFile: directory + "/" + corpus.fileName, atomically: true, encoding: .utf8)
        let accuracy = String(format: "%.2f", 100 * corpus.forgetfulAccuracy)
        lines.append("| \(distance) | \(corpus.fileName) | \(accuracy) % |")
      }
    } catch {
      throw .cannotWrite(path: directory, reason: error.localizedDescription)
    }
    return lines.joined(separator: "\n")
  }
}
