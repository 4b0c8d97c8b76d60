import Datasets
import Testing

@Suite struct NBestListTests {
  private func list(_ text: String, scored: Bool = false) throws -> NBestList {
    let files = try TemporaryFiles()
    return try NBestList(.file(files.write("list", text)), scored: scored)
  }

  private func utterances(_ text: String) throws -> [String: [Int]] {
    Dictionary(uniqueKeysWithValues: try list(text).utterances.map { ($0.id, $0.hypotheses) })
  }

  @Test func columnsAreTold() throws {
    let found = try list("a-1 -2.5  the cat \r\na-2\t3e1 x\ty\na-3 0\n", scored: true)
    #expect(found.hypotheses.map(\.id) == ["a-1", "a-2", "a-3"])
    #expect(found.hypotheses.map(\.score) == [-2.5, 30, 0])
    #expect(found.hypotheses.map(\.text) == ["the cat", "x\ty", ""])
    let plain = try list("a-1 -2.5 the cat\na-2\n")
    #expect(plain.hypotheses.map(\.score) == [nil, nil] && plain.hypotheses.map(\.text) == ["-2.5 the cat", ""])
  }

  @Test func idsTellWhatAnUtteranceIs() throws {
    #expect(try utterances("a-1 x\nb-1 x\na-2 y\nb-10 z\n") == ["a": [0, 2], "b": [1, 3]])
    // One file behind the other, with numbers that are the utterances' own.
    #expect(try utterances("s-1 x\ns-2 x\ns-1 y\ns-2 y\n") == ["s-1": [0, 2], "s-2": [1, 3]])
    #expect(try utterances("s-12 x\ns-13 x\n") == ["s-12": [0], "s-13": [1]])
    #expect(try utterances("a-1 x\nb x\n") == ["a-1": [0], "b": [1]])
    #expect(try utterances("-1 x\n") == ["-1": [0]])
    #expect(try list("b-1 x\na-1 y\n").utterances.map(\.id) == ["b", "a"])
  }

  @Test(arguments: [
    ("a-1 x\n\na-2 y\n", false, 2, NBestProblem.noUtterance(scored: false)),
    ("a-1 -1 x\na-2 the cat\n", true, 2, .noScore(found: "the")), ("a-1\n", true, 1, .noScore(found: "")),
    ("a-1 -1 x\na-2 inf x\n", true, 2, .noScore(found: "inf")), ("a-1 nan x\n", true, 1, .noScore(found: "nan")),
  ])
  func aBrokenLineIsNamed(text: String, scored: Bool, line: Int, problem: NBestProblem) throws {
    let files = try TemporaryFiles()
    let path = try files.write("list", text)
    #expect(throws: CorpusError.malformedLine(MalformedLine(path: path, line: line, problem: problem))) {
      _ = try NBestList(.file(path), scored: scored)
    }
  }

  @Test func anEmptyListIsRefused() throws {
    let files = try TemporaryFiles()
    let path = try files.write("list", "")
    #expect(throws: CorpusError.empty(paths: [path])) { _ = try NBestList(.file(path), scored: false) }
  }
}
