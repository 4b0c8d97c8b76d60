import Compute
import Datasets
import Foundation
import Inference
import Testing

/// Vectors of tokens: what is near, and files that read back bit for bit.
@Suite struct TokenVectorsTests {
  private static let words = ["the", "New York", "\u{A0}", " ", "naïve", "a\tb"]

  @Test func textReadsBackToTheSameFloats() throws {
    let tiny = TinyModel(words: Self.words)
    let vectors = TokenVectors(tiny.model)
    let text = VectorText(words: vectors.vocabulary.tokens, width: vectors.width)
    let count = vectors.vocabulary.count
    let bytes = text.header + text.lines(0..<4) { vectors[$0] } + text.lines(4..<count) { vectors[$0] }
    #expect(VectorText.begins(bytes) && !VectorText.begins("the 1 2\n".utf8) && !VectorText.begins("12".utf8))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 1 + count && lines[0] == "\(count) 7")
    for line in lines.dropFirst() { #expect(line.split(separator: " ").count == 8, "what gensim expects: \(line)") }
    #expect(lines[3].hasPrefix("the ") && lines[4].hasPrefix("New<U+0020>York ") && lines[5].hasPrefix("<U+00A0> "))

    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).txt").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let read = try WordVectors.read(path, words: vectors.vocabulary, width: 7)
    for (id, token) in vectors.vocabulary.tokens.enumerated() {
      let bits = read.vector(ofId: id).map { $0.map(\.bitPattern) }
      #expect(bits == vectors[id].map(\.bitPattern), "\(token)")
    }
  }

  @Test func aNewlineIsTheLineEndOfWord2vec() {
    #expect(VectorText.word(for: "\n") == "</s>")
    #expect(VectorText.word(for: "\u{2028}x\u{7}") == "<U+2028>x<U+0007>")
  }

  /// Against the formula, word by word.
  @Test func nearestIsByTheCosine() {
    let vectors = TokenVectors(TinyModel(words: ["a", "b", "c", "d", "e", "f"]).model)
    for id in vectors.vocabulary.tokens.indices {
      func cosine(_ other: Int) -> Double {
        let (a, b) = (vectors[id].map(Double.init), vectors[other].map(Double.init))
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
      }
      let expected = vectors.vocabulary.tokens.indices.filter { $0 != id }.sorted { cosine($0) > cosine($1) }
      let found = vectors.nearest(to: id, count: 4)
      #expect(found.map(\.id) == Array(expected.prefix(4)))
      for neighbour in found { #expect(abs(neighbour.similarity - cosine(neighbour.id)) < 1e-12) }
      #expect(vectors.nearest(to: id, count: 100).count == 7)
    }
  }
}
