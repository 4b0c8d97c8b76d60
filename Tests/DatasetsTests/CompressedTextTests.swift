import Compression
import Datasets
import Testing

/// Files that are compressed, made by gzip, xz and zstd.
@Suite struct CompressedTextTests {
  private static let text = "one two\nthree é\n"
  private static let files: [(CompressedFormat, String)] = [
    (.gzip, "1f8b0800000000000203cbcf4b552829cfe72ac9284a4d5538bc920b003c06915711000000"),
    (
      .xz,
      "fd377a585a000004e6d6b4460200210116000000742fe5a30100106f6e652074776f0a746872656520c3a90a00000000636375ef00fc78650001"
        + "2911320a700e1fb6f37d010000000004595a"
    ),
    (.zstd, "28b52ffd20118900006f6e652074776f0a746872656520c3a90a"),
  ]

  private static func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
  }

  private static func failure(_ path: String) -> CorpusError? {
    #expect(throws: CorpusError.self) { try PlainText().read([path], .word) }
  }

  @Test(arguments: files)
  func theTextIsWhatTheFileHolds(format: CompressedFormat, hex: String) throws {
    let files = try TemporaryFiles()
    let plain = try PlainText().read([files.write("plain", Self.text)], .character)
    // Whatever its name is, and however often it stands there.
    for (count, chunkSize) in [(1, 8), (1, 1 << 20), (3, 8), (3, 1 << 20)] {
      let whole = try PlainText().read(
        [files.write("plain", String(repeating: Self.text, count: count))], .character)
      let path = try files.write("file", [[UInt8]](repeating: Self.bytes(hex), count: count).flatMap(\.self))
      let found = try PlainText().read([path], .character, CorpusReading(chunkSize: chunkSize))
      #expect(found.tokens == whole.tokens && found.ends == whole.ends && found.extent == whole.extent)
      #expect(found.sourceSHA256 == whole.sourceSHA256)
    }
    #expect(plain.extent.characters == 16)
  }

  /// What tapes pad gzip with and disks xz, and the frame that some programs put before zstd's data.
  @Test func whatIsBesideTheDataIsNoText() throws {
    let files = try TemporaryFiles()
    let zeros = [UInt8](repeating: 0, count: 512)
    let skippable = Self.bytes("502a4d1803000000abcdef")
    let (gzip, xz, zstd) = (Self.bytes(Self.files[0].1), Self.bytes(Self.files[1].1), Self.bytes(Self.files[2].1))
    for (padded, times) in [
      (gzip + zeros, 1), (gzip + zeros + gzip, 2), (xz + zeros, 1), (skippable + zstd, 1), (zstd + skippable, 1),
    ] {
      let path = try files.write("file", padded)
      let found = try PlainText().read([path], .character, CorpusReading(chunkSize: 8))
      let whole = try PlainText().read(
        [files.write("plain", String(repeating: Self.text, count: times))], .character)
      #expect(found.tokens == whole.tokens && found.sourceSHA256 == whole.sourceSHA256)
    }
  }

  @Test func remediesUnpackFirst() throws {
    let files = try TemporaryFiles()
    let latin1 = try files.write("file", Self.bytes("1f8b08000000000002034b4e4c7ba950c10500a685e16607000000"))
    let error = Self.failure(latin1)
    #expect(error == .notUTF8(path: latin1, offset: 3, unpackedFrom: .gzip))
    #expect(
      error?.description.hasPrefix(
        "\(latin1): not UTF-8 at byte 3 of what it unpacks to; convert it first (for example: gzip -dc \(latin1) | iconv -f LATIN1"
      ) == true)
  }

  /// "one two\nthree é four\n", stored as it is, with a check behind it; and where the "t" of "three" stands in the file.
  private static let stored: [(CompressedFormat, String, Int)] = [
    (.gzip, "1f8b0800000000000403011600e9ff6f6e652074776f0a746872656520c3a920666f75720a2bff55f216000000", 23),
    (
      .xz,
      "fd377a585a000004e6d6b4460200210116000000742fe5a30100156f6e652074776f0a746872656520c3a920666f75720a000000f905950d6a968797"
        + "00012e16560955df1fb6f37d010000000004595a", 35
    ),
    (.zstd, "28b52ffd0458b100006f6e652074776f0a746872656520c3a920666f75720a11376b95", 17),
  ]

  /// What damage leaves of a text may be no text at all, or no treebank: that isn't what is wrong with the file.
  @Test(arguments: stored, [8, 1 << 20])
  func damageIsBlamedForWhatItDoes(_ file: (format: CompressedFormat, hex: String, place: Int), chunkSize: Int) throws {
    let files = try TemporaryFiles()
    let whole = Self.bytes(file.hex)
    func failure(_ bytes: [UInt8], _ read: (String) throws -> Void) throws -> (CorpusError?, CorpusError) {
      let path = try files.write("file", bytes)
      return (#expect(throws: CorpusError.self) { try read(path) }, .compressed(path: path, file.format, .damaged))
    }
    func read(_ path: String) throws {
      _ = try PlainText().read([path], .word, CorpusReading(chunkSize: chunkSize, threads: 2))
    }
    try read(files.write("file", whole))
    // The first byte of a scalar, one of none, a NUL.
    for byte: UInt8 in [0xF4, 0xFF, 0x00] {
      var damaged = whole
      damaged[file.place] = byte
      let (found, expected) = try failure(damaged, read)
      #expect(found == expected, "\(byte)")
      // More of the file behind it.
      let (early, damage) = try failure(damaged + whole, read)
      #expect(early == damage, "\(byte)")
    }
    var damaged = whole
    damaged[file.place] ^= 1
    let (line, expected) = try failure(damaged) { path in
      _ = try CoNLLU().readTagged([path], tags: [TagSet(.upos)], chunkSize: chunkSize)
    }
    #expect(line == expected)
    let (vectors, damage) = try failure(damaged) { path in
      _ = try WordVectors.read(path, words: Vocabulary(tokens: ["a"]), width: 3, chunkSize: chunkSize)
    }
    #expect(vectors == damage)
    let (vocabulary, cause) = try failure(damaged) { path in
      _ = try VocabularyFile.read(path, .word, format: PlainText())
    }
    #expect(vocabulary == cause)
    // Of a whole one it is the text.
    let (sound, _) = try failure(whole) { path in _ = try VocabularyFile.read(path, .word, format: PlainText()) }
    guard case .malformedLine = sound else {
      Issue.record("\(String(describing: sound))")
      return
    }
  }

  /// What a text's size is decides the model that it gets.
  @Test(arguments: files)
  func theSizeIsTheTexts(format: CompressedFormat, hex: String) throws {
    let files = try TemporaryFiles()
    let path = try files.write("file", [[UInt8]](repeating: Self.bytes(hex), count: 1000).flatMap(\.self))
    #expect(try CorpusFiles.textSize(of: path) == 1000 * Self.text.utf8.count)
    #expect(try CorpusFiles.textSize(of: files.write("plain", Self.text)) == Self.text.utf8.count)
  }

  /// Never a shorter text in silence.
  @Test(arguments: files)
  func everyTruncationIsAnError(format: CompressedFormat, hex: String) throws {
    let files = try TemporaryFiles()
    let bytes = Self.bytes(hex)
    for count in 6..<bytes.count {
      let path = try files.write("file", Array(bytes[..<count]))
      #expect(Self.failure(path) == .compressed(path: path, format, .truncated), "\(count) bytes")
    }
    // Behind a whole one.
    let path = try files.write("file", bytes + bytes.dropLast())
    let error = Self.failure(path)
    #expect(error == .compressed(path: path, format, .truncated))
    #expect(error?.exitCode == .badInput)
    #expect(
      error?.description
        == "\(path): its \(format.rawValue) data ends too early: the file is cut short; fetch or make it again")
  }

  @Test(arguments: files)
  func damageIsAnError(format: CompressedFormat, hex: String) throws {
    let files = try TemporaryFiles()
    let bytes = Self.bytes(hex)
    func refuses(_ bytes: [UInt8]) throws {
      let path = try files.write("file", bytes)
      let error = try #require(Self.failure(path))
      guard case .compressed(path, format, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
    // In the text, in the check (this zstd file has none), and behind the end.
    var flipped = bytes
    flipped[bytes.count / 2] ^= 0x10
    if format != .zstd { try refuses(flipped) }
    try refuses(bytes + Array("garbage".utf8))
  }
}
