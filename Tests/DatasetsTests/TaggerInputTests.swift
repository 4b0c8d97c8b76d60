import Datasets
import Foundation
import Testing

/// The sentences of an input: words of a line, or the bytes of CoNLL-U.
private func read(
  _ text: String, format: (any CorpusFormat)? = nil, chunkSize: Int = 1 << 20
) throws -> (lines: [[String]], treebank: [TaggedSentence]) {
  let files = try TemporaryFiles()
  var input = try TaggerInput(.file(files.write("input", text)), format: format, chunkSize: chunkSize)
  var lines: [[String]] = []
  var treebank: [TaggedSentence] = []
  var bytes: [UInt8] = []
  while let sentences = try input.next() {
    #expect(!sentences.isEmpty)
    bytes += sentences.flatMap(\.bytes)
    if input.format is PlainText { lines += sentences.map(\.forms) } else { treebank += sentences }
  }
  #expect(try input.next() == nil)
  #expect(bytes == Array(text.utf8))
  return (lines, treebank)
}

@Suite struct TaggerInputTests {
  @Test(arguments: [8, 9, 10, 1000])
  func aLineIsASentence(chunkSize: Int) throws {
    let text = "\u{FEFF}The dog  barks .\r\n\n\t größe\u{A0}日本 # no comment \nlast"
    let found = try read(text, chunkSize: chunkSize)
    #expect(found.lines == [["The", "dog", "barks", "."], [], ["größe", "日本", "#", "no", "comment"], ["last"]])
    #expect(found.treebank.isEmpty)
  }

  @Test(arguments: [
    "# text = a\n" + row("1", "a", "_") + "\n", row("1", "a", "X"), "#a\r\n\r\n# b\r\n" + row("1", "a", "X"),
    "\n\r\n" + row("1-2", "ab", "_") + row("1", "a", "X"),
    "\u{FEFF}\r\n" + row("0.1", "x", "X") + row("1", "a", "_") + "\n\n\n",
  ])
  func treebanksAreRecognized(text: String) throws {
    for chunkSize in [8, 11, 1000] {
      let found = try read(text, chunkSize: chunkSize)
      #expect(found.treebank.flatMap(\.bytes) == Array(text.utf8))
      #expect(found.treebank.flatMap(\.forms) == ["a"])
      #expect(found.lines.isEmpty)
    }
  }

  @Test(arguments: ["1 a b\n", "1\ta\n", row("x", "a", "X"), "\n\na # b\n", "\n", "", "#a is b\n", "#a\n\n#b\nc\n"])
  func otherTextIsPlain(text: String) throws {
    let found = try read(text)
    #expect(found.treebank.isEmpty && found.lines.count == text.count { $0 == "\n" })
  }

  @Test func aFormatThatIsAskedForIsTaken() throws {
    #expect(try read("# 1 thing\n", format: PlainText()).lines == [["#", "1", "thing"]])
    #expect(try read(row("1", "a", "X"), format: CoNLLU()).treebank.count == 1)
    let files = try TemporaryFiles()
    let path = try files.write("plain", "\nno tabs\n")
    var input = try TaggerInput(.file(path), format: CoNLLU())
    do {
      _ = try input.next()
      Issue.record("plain text was read as CoNLL-U")
    } catch {
      #expect(error == .malformedLine(MalformedLine(path: path, line: 2, problem: TreebankProblem.columns(found: 1))))
    }
  }

  /// A file that says what it is isn't tagged as text, whatever is wrong with it.
  @Test func theNameSaysWhatAFileIs() throws {
    let files = try TemporaryFiles()
    let path = try files.write("spaces.conllu", "1 a _ X _ _ _ _ _ _\n")
    var input = try TaggerInput(.file(path))
    do {
      _ = try input.next()
      Issue.record("CoNLL-U was read as plain text")
    } catch {
      #expect(error == .malformedLine(MalformedLine(path: path, line: 1, problem: TreebankProblem.columns(found: 1))))
    }
  }

  @Test func replacedTagsAreAllThatChanges() throws {
    let text =
      "\r\n# a\n" + row("1-2", "ab", "_") + row("1", "a", "_") + row("2", "b", "X").replacing("\n", with: "\r\n")
      + row("2.1", "c", "X") + "\n\n"
    let tagged = try read(text).treebank.flatMap { $0.replacing([.upos], with: $0.words.map { _ in ["NEW"] }) }
    let expected = text.replacing(row("1", "a", "_"), with: row("1", "a", "NEW"))
      .replacing("2\tb\t_\tX", with: "2\tb\t_\tNEW")
    #expect(String(decoding: tagged, as: UTF8.self) == expected)
  }

  /// The writer waits for each answer before it writes on: reading ahead would wait forever.
  @Test(arguments: [["a b\n", "c\n"], [row("1", "a", "X") + "\n", "# x\n" + row("1", "b", "X") + "\n"]])
  func aPipeIsAnsweredAtOnce(sentences: [String]) throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "tagger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appending(path: "pipe").path
    #expect(mkfifo(path, 0o600) == 0)
    // Opened for both, so that no open waits for the other end.
    let writer = try #require(FileHandle(forUpdatingAtPath: path))
    var input = try TaggerInput(.file(path))
    for sentence in sentences {
      try writer.write(contentsOf: Data(sentence.utf8))
      #expect(try input.next()?.count == 1)
    }
    try writer.close()
    #expect(try input.next() == nil)
  }

  @Test func brokenTextIsNamed() throws {
    let files = try TemporaryFiles()
    let path = try files.write("latin1", [UInt8]("a\n".utf8) + [0xE9, 0x0A])
    var input = try TaggerInput(.file(path))
    do {
      while try input.next() != nil {}
      Issue.record("broken text was read")
    } catch {
      #expect(error == .notUTF8(path: path, offset: 2))
    }
  }
}
