import Datasets
import Testing

/// The error that reading a file as words ends in.
private func failure(_ path: String, chunkSize: Int = TextReader.defaultChunkSize) throws -> CorpusError? {
  #expect(throws: CorpusError.self) {
    try PlainText().read([path], .word, CorpusReading(chunkSize: chunkSize, threads: 2))
  }
}

@Suite struct CorpusErrorTests {
  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62], 1),  // never a byte of UTF-8
      ([0x61, 0x62, 0xC3], 2),  // a scalar cut off by the end
      ([0xED, 0xA0, 0x80], 0),  // a surrogate
      ([0xC0, 0x80], 0),  // an overlong form
      ([0xF4, 0x90, 0x80, 0x80], 0),  // beyond Unicode
      ([0xEF, 0xBB, 0xBF, 0x80], 3),  // behind a byte order mark
    ] as [([UInt8], Int)])
  func malformedUTF8IsRefusedWithItsPosition(bytes: [UInt8], offset: Int) throws {
    let files = try TemporaryFiles()
    for padding in 0...20 {
      // A byte order mark only is one at the file's start.
      if padding > 0, bytes[0] == 0xEF { continue }
      let path = try files.write("bad", [UInt8](repeating: 0x0D, count: padding) + bytes)
      #expect(try failure(path, chunkSize: 8) == .notUTF8(path: path, offset: padding + offset))
    }
  }

  @Test func textInUTF16IsRefused() throws {
    let files = try TemporaryFiles()
    let marked = try files.write("marked", [0xFF, 0xFE, 0x61, 0x00])
    #expect(try failure(marked) == .notUTF8(path: marked, offset: 0))
    let unmarked = try files.write("unmarked", [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x00])
    let error = try failure(unmarked, chunkSize: 8)
    #expect(error == .nul(path: unmarked, offset: 9))
    #expect(error?.description.hasPrefix("\(unmarked): NUL at byte 9") == true)
  }

  /// Whatever follows the beginning.
  @Test(
    arguments: [
      ([0x42, 0x5A, 0x68, 0x39, 0x31, 0xFF], .bzip2),
      ([0x50, 0x4B, 0x03, 0x04, 0x14, 0x00], .zip),
      ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0x00], .hdf5),
      (Array("%PDF-1.7\n".utf8) + [0xE2, 0xE3], .pdf), (Array("3 2\nthe ".utf8) + [0x00, 0x80, 0xBF], .word2vec),
    ] as [([UInt8], BinaryKind)])
  func otherKindsOfFilesAreCalledByTheirNames(bytes: [UInt8], kind: BinaryKind) throws {
    let files = try TemporaryFiles()
    let path = try files.write("file", bytes + [UInt8](repeating: 0xA0, count: 100))
    #expect(try failure(path) == .binary(path: path, kind))
    #expect(try failure(path, chunkSize: 8) == .binary(path: path, kind))
    #expect(try failure(path)?.exitCode == .badInput)
    #expect(try failure(path)?.description.hasPrefix("\(path) is no text: it ") == true)
    #expect(throws: CorpusError.binary(path: path, kind)) { try CoNLLU().readTagged([path], tags: [TagSet(.upos)]) }
  }

  @Test func archivesAreNoTexts() throws {
    let files = try TemporaryFiles()
    let header = Array("a.txt".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar".utf8)
    let path = try files.write("file", header + [UInt8](repeating: 0, count: 1000))
    #expect(try failure(path) == .binary(path: path, .tar))
  }

  @Test(arguments: ["", "\n\n", "\u{FEFF}", " \t\r\n"])
  func textWithoutATokenIsRefused(text: String) throws {
    let files = try TemporaryFiles()
    let path = try files.write("empty", text)
    let error = try failure(path)
    #expect(error == .empty(paths: [path]))
    #expect(error?.exitCode == .badInput)
  }

  @Test func missingFilesAndDirectoriesAreInputErrors() throws {
    let files = try TemporaryFiles()
    let missing = try failure(files.missing("no.txt"))
    #expect(missing?.exitCode == .inputOutput)
    #expect(missing?.description.contains("no.txt: can't open") == true)
    #expect(try failure("/tmp")?.exitCode == .inputOutput)
  }

  @Test func tokensThatAVocabularyCantRepresentAreNamed() throws {
    let files = try TemporaryFiles()
    let path = try files.write("t", "a b")
    let error = #expect(throws: CorpusError.self) {
      try TokenSequence.read([path], .whitespace, vocabulary: Vocabulary(tokens: ["</s>", "a"]))
    }
    #expect(error == .unknownToken("b", paths: [path]))
  }
}
