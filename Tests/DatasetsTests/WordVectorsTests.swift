import Datasets
import Testing

private let words = Vocabulary(tokens: ["<unk>", "the", "Dog", "DOG", "dog's", "Straße", ". . .", "The"])

private func vectors(_ text: String, width: Int = 2, chunkSize: Int = 1 << 20) throws -> WordVectors {
  let files = try TemporaryFiles()
  return try WordVectors.read(files.write("v.txt", text), words: words, width: width, chunkSize: chunkSize)
}

@Suite struct WordVectorsTests {
  private let glove = "the 1 2\ndog -0.5 1e-3\nDog 3 4\nother x y\n. . . 5 6\nstraße\t7\t8 \n\nThe 9 10"

  @Test func exactWordsComeBeforeLowercaseOnes() throws {
    for chunkSize in [8, 9, 1000] {
      let vectors = try vectors(glove, chunkSize: chunkSize)
      let found = words.tokens.indices.map { vectors.vector(ofId: $0).map(Array.init) }
      #expect(found == [nil, [1, 2], [3, 4], [-0.5, 1e-3], nil, [7, 8], [5, 6], [9, 10]])
      #expect(vectors.exactCount == 4 && vectors.lowercaseCount == 2)
    }
  }

  @Test func aLowercaseWordMayComeLater() throws {
    let vectors = try vectors("Dog 3 4\ndog 1 2\nDog 8 8\ndog 9 9\nthe 5 6\n")
    #expect(vectors.vector(ofId: 2) == [3, 4] && vectors.vector(ofId: 3) == [1, 2])
    #expect(vectors.vector(ofId: 1) == [5, 6] && vectors.vector(ofId: 7) == [5, 6])
    #expect(vectors.exactCount == 2 && vectors.lowercaseCount == 2)
  }

  @Test func aCapitalSigmaEndsAWordAsAnotherLetter() throws {
    let files = try TemporaryFiles()
    let words = Vocabulary(tokens: ["<unk>", "ΛΌΓΟΣ"])
    let vectors = try WordVectors.read(files.write("v.txt", "λόγοσ 1 2\nλόγος 3 4\n"), words: words, width: 2)
    #expect(vectors.vector(ofId: 1) == [3, 4])
  }

  @Test func whatIsInLowerCaseTakesAWordOfAnyCase() throws {
    let files = try TemporaryFiles()
    let words = Vocabulary(tokens: ["<unk>", "the", "paris", "été"], isLowercase: true)
    let path = try files.write("v.txt", "Paris 1 2\nPARIS 3 4\nThe 5 6\nthe 7 8\nÉTÉ 9 10\nOther 1 1\n")
    let vectors = try WordVectors.read(path, words: words, width: 2)
    let found = words.tokens.indices.map { vectors.vector(ofId: $0).map(Array.init) }
    #expect(found == [nil, [7, 8], [1, 2], [9, 10]])
    #expect(vectors.exactCount == 1 && vectors.lowercaseCount == 2)
  }

  @Test func word2vecHasAFirstLineOfItsOwn() throws {
    let text = "2 3\r\nthe 1 2 3 \r\n<unk> 4 5 6 \r\n"
    let vectors = try vectors("\u{FEFF}" + text, width: 3)
    #expect(vectors.vector(ofId: 1) == [1, 2, 3] && vectors.vector(ofId: 0) == [4, 5, 6])
    #expect(vectors.exactCount == 2)
  }

  @Test(
    arguments: [
      ("", 1, .empty, "expected words and their vectors, found none"),
      ("\n\n", 2, .empty, "expected words and their vectors, found none"),
      ("1 2\n", 1, .empty, "expected words and their vectors, found none"),
      (
        "the 1 2 3\n", 1, .width(found: 3, expected: 2),
        "expected a word and 2 numbers (model.embedding), found 3 numbers"
      ),
      (
        "9 300\n", 1, .width(found: 300, expected: 2),
        "expected a word and 2 numbers (model.embedding), found 300 numbers"
      ),
      (
        "the 1 2\nof 1\n", 2, .width(found: 1, expected: 2),
        "expected a word and 2 numbers (model.embedding), found 1 number"
      ),
      ("a 1 2\nthe 1 x\n", 2, .number(found: "x"), "expected a number, found \"x\""),
      ("the nan 1\n", 1, .number(found: "nan"), "expected a number, found \"nan\""),
      ("the 1e99 1", 1, .number(found: "1e99"), "expected a number, found \"1e99\""),
      (
        "3 2\nthe 1 2\na 3 4\n", 3, .truncated(found: 2, expected: 3),
        "expected 3 words, as the first line says, but the file ends after 2"
      ),
    ] as [(String, Int, VectorsProblem, String)])
  func malformedFilesAreNamed(text: String, line: Int, problem: VectorsProblem, message: String) throws {
    let files = try TemporaryFiles()
    let path = try files.write("bad.txt", text)
    let error = #expect(throws: CorpusError.self) { try WordVectors.read(path, words: words, width: 2) }
    #expect(error == .malformedVectors(path: path, line: line, problem: problem))
    #expect(error?.description == "\(path):\(line): \(message)")
  }

  @Test func filesThatAreNoTextAreNamed() throws {
    let files = try TemporaryFiles()
    let binary = try files.write("v.bin", [UInt8]("1 2\nthe ".utf8) + [0, 0, 0x80, 0x3F])
    #expect(throws: CorpusError.binary(path: binary, .word2vec)) {
      try WordVectors.read(binary, words: words, width: 2)
    }
    let latin1 = try files.write("latin1.txt", [UInt8]("2 2\nthe 1 2\ncaf".utf8) + [0xE9] + [UInt8](" 3 4\n".utf8))
    let refused = #expect(throws: CorpusError.self) { try WordVectors.read(latin1, words: words, width: 2) }
    #expect(refused?.description.hasPrefix("\(latin1): not UTF-8 at byte 15") == true)
    let missing = files.missing("none")
    let error = #expect(throws: CorpusError.self) { try WordVectors.read(missing, words: words, width: 2) }
    #expect(error?.description.hasPrefix("\(missing): can't open") == true)
  }
}
