import DatasetFiles
import Datasets
import Files
import Foundation
import HDF5
import Testing

@Suite struct DatasetFileTests {
  private static let text = SequenceDataset(
    tokenization: .word, vocabulary: Vocabulary(tokens: ["<unk>", "</s>", "größe", "日本"]),
    splits: [
      .train: TokenSequence(
        tokens: [2, 3, 1, 0, 1], offsets: [0, 3, 5], extent: TextExtent(characters: 11),
        sourceSHA256: String(repeating: "ab", count: 32)),
      .test: TokenSequence(tokens: [], offsets: [0], extent: TextExtent(), sourceSHA256: ""),
    ])

  private static let tagged = SequenceDataset(
    tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>", "dog", "barks"]),
    tagging: TaggingVocabulary(
      columns: [TagSet(.xpos, ["NOUN", "VERB"])], trainingWords: TokenTable(["dog", "barks"])),
    forms: ["dog", "barks", "größer"],
    splits: [
      .train: TokenSequence(
        tokens: [1, 2], offsets: [0, 2], tags: [[0, 1]], forms: [0, 1], extent: TextExtent(characters: 10),
        sourceSHA256: "c"),
      .test: TokenSequence(
        tokens: [0, 2], offsets: [0, 2], tags: [[-1, 1]], forms: [2, 1], extent: TextExtent(characters: 11),
        sourceSHA256: "d"),
    ])

  private static let severalColumns: SequenceDataset = {
    var dataset = tagged
    dataset.tagging = TaggingVocabulary(
      columns: [TagSet(.xpos, ["NN", "VB"]), TagSet(.feats, ["A=B|C=D", "_", "E=F"]), TagSet(.upos, ["NOUN"])],
      trainingWords: TokenTable(["dog", "barks"]))
    dataset.splits[.train]?.tags = [[0, 1], [2, 0], [0, -1]]
    dataset.splits[.test]?.tags = [[-1, 1], [1, 1], [-1, 0]]
    return dataset
  }()

  @Test(arguments: [text, tagged, severalColumns])
  func datasetsComeBack(dataset: SequenceDataset) throws {
    try withDatasetPath { path in
      try DatasetFile.write(dataset, settings: "key", to: path)
      let (found, settings) = try DatasetFile.read(path)
      #expect(found == dataset)
      #expect(settings == "key")
    }
  }

  /// Swift takes the two for equal; files and vocabularies don't.
  @Test func tokensThatDifferInBytesAloneComeBack() throws {
    try withDatasetPath { path in
      let tokens = ["\u{E9}", "e\u{301}"]
      var dataset = Self.text
      dataset.vocabulary = Vocabulary(tokens: ["<unk>", "</s>"] + tokens)
      try DatasetFile.write(dataset, settings: "", to: path)
      let found = try DatasetFile.read(path).dataset.vocabulary
      #expect(tokens.map { found.id(of: $0) } == [2, 3])
    }
  }

  @Test func theSameDatasetGivesTheSameBytes() throws {
    let files = try (0..<2).map { _ in
      try withDatasetPath { path in
        try DatasetFile.write(Self.tagged, settings: "key", to: path)
        return try Data(contentsOf: URL(fileURLWithPath: path))
      }
    }
    #expect(files[0] == files[1])
  }

  @Test func summaryCounts() throws {
    try withDatasetPath { path in
      try DatasetFile.write(Self.text, settings: "key", to: path)
      let summary = try DatasetSummary(of: InputFile(path))
      #expect(summary.tokenization == .word)
      #expect(summary.vocabularySize == 4)
      #expect(summary.tags.isEmpty)
      #expect(summary.settings == "key")
      #expect(summary.splits.map(\.split) == [.train, .test])
      #expect(summary.splits.map(\.tokens) == [5, 0])
      #expect(summary.splits.map(\.sentences) == [2, 0])
      #expect(summary.splits.map(\.characters) == [11, 0])
      try DatasetFile.write(Self.tagged, settings: "", to: path)
      #expect(try DatasetSummary(of: InputFile(path)).tags == [TagSet(.xpos, ["NOUN", "VERB"])])
    }
  }

  /// Each way in which a split can contradict itself or the vocabulary, told from the others.
  @Test func contradictionsAreRefused() throws {
    try withDatasetPath { path in
      func refuses(_ error: DatasetError, change: (inout SequenceDataset) -> Void) throws {
        var dataset = Self.tagged
        change(&dataset)
        try DatasetFile.write(dataset, settings: "", to: path)
        #expect(throws: error) { try DatasetFile.read(path) }
      }
      let offsets = DatasetError.invalidOffsets(file: path, object: "/train/offsets", tokens: 2)
      for wrong: [Int64] in [[], [0], [1, 2], [0, 3], [0, 2, 1, 2], [-1, 2], [0, 1]] {
        try refuses(offsets) { $0.splits[.train]?.offsets = Column(wrong) }
      }
      try refuses(.invalidId(file: path, object: "/train/tokens", position: 1, id: 3, range: 0..<3)) {
        $0.splits[.train]?.tokens = [1, 3]
      }
      try refuses(.invalidId(file: path, object: "/train/tokens", position: 0, id: 255, range: 0..<3)) {
        $0.splits[.train]?.tokens = [-1, 2]
      }
      try refuses(.invalidId(file: path, object: "/train/tags", position: 1, id: 2, range: -1..<2)) {
        $0.splits[.train]?.tags = [[0, 2]]
      }
      try refuses(.wrongCount(file: path, object: "/train/tags", expected: 2, found: 1)) {
        $0.splits[.train]?.tags = [[0]]
      }
      try refuses(.incomplete(file: path, missing: "/train/tags", of: "tags")) { $0.splits[.train]?.tags = [] }
      try refuses(.incomplete(file: path, missing: "/vocabulary/tags", of: "tags")) { $0.tagging = nil }
      try refuses(.incomplete(file: path, missing: "/train/tags of all columns", of: "tags")) {
        $0 = Self.severalColumns
        $0.splits[.train]?.tags.removeLast()
      }
      try refuses(.invalidId(file: path, object: "/test/tags_FEATS", position: 1, id: 3, range: -1..<3)) {
        $0 = Self.severalColumns
        $0.splits[.test]?.tags[1] = [1, 3]
      }
      try refuses(.repeatedEntry(file: path, object: "/vocabulary", entry: "XPOS")) {
        $0 = Self.severalColumns
        $0.tagging = TaggingVocabulary(
          columns: [TagSet(.xpos, ["A"]), TagSet(.upos, ["B"]), TagSet(.xpos, ["C"])],
          trainingWords: TokenTable(["dog"]))
      }
      func tagging(tags: [String] = ["A", "B"], characters: [String] = ["<unk>"], words: [String] = [])
        -> TaggingVocabulary
      {
        TaggingVocabulary(
          columns: [TagSet(.upos, tags)], characters: Vocabulary(tokens: characters), trainingWords: TokenTable(words))
      }
      try refuses(.repeatedEntry(file: path, object: "/vocabulary/tags", entry: "X")) {
        $0.tagging = tagging(tags: ["X", "X"])
      }
      try refuses(.missingEntry(file: path, object: "/vocabulary/characters", entry: "<unk>")) {
        $0.tagging = tagging(characters: ["a"])
      }
      try refuses(.repeatedEntry(file: path, object: "/vocabulary/forms", entry: "a")) { $0.forms = ["a", "b", "a"] }
      try refuses(.trainingForms(file: path, found: 3, forms: 2)) {
        $0.tagging = tagging(words: ["a", "b", "c"])
        $0.forms = ["a", "b"]
      }
      try refuses(.invalidId(file: path, object: "/test/forms", position: 0, id: -1, range: 0..<3)) {
        $0.splits[.test]?.forms = [-1, 0]
      }
      try refuses(.invalidId(file: path, object: "/test/tags", position: 1, id: -2, range: -1..<2)) {
        $0.splits[.test]?.tags = [[0, -2]]
      }
      try refuses(.wrongCount(file: path, object: "/train/forms", expected: 2, found: 3)) {
        $0.splits[.train]?.forms = [0, 1, 2]
      }
      try refuses(.repeatedEntry(file: path, object: "/vocabulary/tags", entry: "e\u{301}")) {
        $0.tagging = tagging(tags: ["\u{E9}", "e\u{301}"])
      }
      try refuses(.formOfTwoTokens(file: path, object: "/train/forms", position: 1, form: 0)) {
        $0.splits[.train]?.forms = [0, 0]
      }
      try refuses(.incomplete(file: path, missing: "/train/forms", of: "forms")) { $0.splits[.train]?.forms = nil }
      try refuses(.negativeCount(file: path, object: "/train/characters", found: -1)) {
        $0.splits[.train]?.extent.characters = -1
      }
      try refuses(.noSplit(file: path)) { $0.splits = [:] }
    }
  }

  /// Ids take one byte, two or four, as few as the last one needs, and are counted alike.
  @Test(arguments: [(256, 3), (257, 2), (65_536, 2), (65_537, 1)])
  func idsAreAsShortAsTheVocabularyAllows(size: Int, version: Int) throws {
    try withDatasetPath { path in
      let ids = (0..<200_000).map { Int32($0 * 7919 % size) }
      let dataset = SequenceDataset(
        tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>"] + (1..<size).map { "w\($0)" }),
        splits: [
          .train: TokenSequence(
            tokens: Column(ids), offsets: [0, 200_000], extent: TextExtent(characters: 0), sourceSHA256: "x"),
          .validation: TokenSequence(
            tokens: Column([Int32](repeating: 0, count: 100_000)), offsets: [0, 100_000],
            extent: TextExtent(characters: 0), sourceSHA256: "x"),
        ])
      let unknown = try DatasetFile.write(dataset, settings: "s", to: path)
      #expect(unknown == [.train: ids.count { $0 == 0 }, .validation: 100_000])
      try HDF5File.open(path) { root throws in
        #expect(try root.intAttribute("format_version") == version)
        let train = try root.group("train")
        #expect(try train.holds(UInt8.self, in: "tokens") == (version == 3))
        #expect(try train.holds(UInt16.self, in: "tokens") == (version == 2))
        #expect(try train.holds(Int32.self, in: "tokens") == (version == 1))
      }
      let read = try #require(try DatasetFile.read(path).dataset.splits[.train])
      let (all, some) = (try read.tokens.all(), try read.tokens.numbers(in: 99_999..<100_003))
      #expect(all == ids && some == Array(ids[99_999..<100_003]))
      #expect(try read.tokens.reversed().number(at: 3) == ids[199_996])
      #expect(try read.contentHash(forms: []) == dataset.splits[.train]?.contentHash(forms: []))
    }
  }

  /// Programs before this one, and others, wrote few ids in more bytes each; theirs are the same datasets.
  @Test func widerIdsThanAreNeededAreRead() throws {
    try withDatasetPath { path in
      func image(_ version: Int, _ write: (WritableGroup) throws -> Void) throws {
        let image = try HDF5Image.build { root in
          try root.setAttribute("format", DatasetFile.format)
          try root.setAttribute("format_version", version)
          try root.group("vocabulary").writeStrings("tokens", ["<unk>", "a", "b"])
          let train = try root.group("train")
          try train.setAttribute("source_sha256", "")
          try write(train)
          try train.write("offsets", shape: [2], [0, 4] as [Int64])
        }
        try image.save(to: path)
        #expect(try DatasetFile.read(path).dataset.splits[.train]?.tokens == [1, 2, 0, 2], "version \(version)")
      }
      try image(1) { try $0.write("tokens", shape: [4], [1, 2, 0, 2] as [Int32]) }
      try image(1) { try $0.write("tokens", shape: [4], [1, 2, 0, 2] as [UInt8]) }
      try image(2) { try $0.write("tokens", shape: [4], [1, 2, 0, 2] as [UInt16]) }
      try image(3) { try $0.write("tokens", shape: [4], [1, 2, 0, 2] as [UInt8]) }
    }
  }

  /// Tokens are read from the file later: whatever comes of it, no id is one that there isn't.
  @Test func aFileThatChangesLaterIsNoticed() throws {
    try withDatasetPath { path in
      try DatasetFile.write(Self.text, settings: "", to: path)
      let tokens = try #require(try DatasetFile.read(path).dataset.splits[.train]?.tokens)
      // Another one at its path is no concern.
      try DatasetFile.write(Self.text, settings: "other", to: path)
      #expect(try tokens.all() == Self.text.splits[.train]?.tokens.all())
      let again = try #require(try DatasetFile.read(path).dataset.splits[.train]?.tokens)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes.resetBytes(in: 0..<bytes.count)
      let file = try #require(FileHandle(forWritingAtPath: path))
      try file.write(contentsOf: bytes)
      #expect(throws: FileError.changed(path: path)) { try again.all() }
      #expect(throws: FileError.changed(path: path)) { try Column<Int32>([1, 7]).checked(in: 0..<7, file: path).all() }
    }
  }

  /// What another program knows to write: tokens, and where they come from, but not how the text became tokens.
  @Test func datasetsOfOtherProgramsAreRead() throws {
    try withDatasetPath { path in
      try HDF5Image.build { root in
        try root.setAttribute("format", "rnn-train dataset")
        try root.setAttribute("format_version", 1)
        try root.group("vocabulary").writeStrings("tokens", ["<unk>", "a", "b"])
        let train = try root.group("train")
        try train.setAttribute("source_sha256", "abc")
        try train.write("tokens", shape: [3], [1, 2, 0] as [Int32])
        try train.write("offsets", shape: [2], [0, 3] as [Int64])
      }.save(to: path)
      let (dataset, settings) = try DatasetFile.read(path)
      #expect(
        dataset
          == SequenceDataset(
            tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>", "a", "b"]),
            splits: [
              .train: TokenSequence(
                tokens: [1, 2, 0], offsets: [0, 3], extent: TextExtent(), sourceSHA256: "abc")
            ]))
      #expect(settings.isEmpty)
      let summary = try DatasetSummary(of: InputFile(path))
      #expect(summary.createdBy == "unknown" && summary.tokenization == .whitespace)
      #expect(summary.splits.map(\.characters) == [0] && summary.splits.map(\.sentences) == [1])
    }
  }

  /// Words are spelled as their tokens then, and every one of them is a training word but `<unk>`.
  @Test func taggedDatasetsOfOtherProgramsMayLackForms() throws {
    try withDatasetPath { path in
      func write(forms: [Int32]?) throws {
        try HDF5Image.build { root in
          try root.setAttribute("format", "rnn-train dataset")
          try root.setAttribute("format_version", 1)
          let vocabulary = try root.group("vocabulary")
          try vocabulary.writeStrings("tokens", ["b", "<unk>", "a"])
          try vocabulary.writeStrings("tags", ["X"])
          let train = try root.group("train")
          try train.setAttribute("source_sha256", "abc")
          try train.write("tokens", shape: [4], [2, 0, 1, 2] as [Int32])
          try train.write("offsets", shape: [2], [0, 4] as [Int64])
          try train.write("tags", shape: [4], [0, 0, -1, 0] as [Int32])
          if let forms { try train.write("forms", shape: [forms.count], forms) }
        }.save(to: path)
      }
      try write(forms: nil)
      let dataset = try DatasetFile.read(path).dataset
      #expect(dataset.forms == ["b", "a", "<unk>"])
      #expect(dataset.splits[.train]?.forms == [1, 0, 2, 1])
      #expect(
        dataset.tagging == TaggingVocabulary(columns: [TagSet(.upos, ["X"])], trainingWords: TokenTable(["b", "a"])))
      #expect(dataset.tagging?.characters.tokens == ["<unk>", "a", "b"])

      try write(forms: [0, 0, 0, 0])
      #expect(throws: DatasetError.incomplete(file: path, missing: "/vocabulary/forms", of: "forms")) {
        try DatasetFile.read(path)
      }
    }
  }

  @Test func otherFilesAreRefused() throws {
    try withDatasetPath { path in
      func refuses(_ error: any Error & Equatable, _ build: (WritableGroup) throws -> Void) throws {
        try HDF5Image.build(build).save(to: path)
        let found = #expect(throws: (any Error).self) { try DatasetFile.read(path) }
        #expect(found.map { "\($0)" } == "\(error)")
        #expect(throws: (any Error).self) { try DatasetSummary(of: InputFile(path)) }
      }
      try refuses(DatasetError.notADataset(file: path, format: nil)) { _ in }
      try refuses(DatasetError.notADataset(file: path, format: "rnn-train checkpoint")) {
        try $0.setAttribute("format", "rnn-train checkpoint")
      }
      func header(_ root: WritableGroup, version: Int = 1, tokenization: String = "word") throws {
        try root.setAttribute("format", DatasetFile.format)
        try root.setAttribute("format_version", version)
        try root.setAttribute("tokenization", tokenization)
      }
      try refuses(DatasetError.unknownVersion(file: path, found: 4, known: 3)) { try header($0, version: 4) }
      try refuses(DatasetError.unknownTokenization(file: path, found: "bytes")) {
        try header($0, tokenization: "bytes")
      }
      try refuses(HDF5Error.missing(file: path, object: "/vocabulary")) { try header($0) }
      try refuses(DatasetError.repeatedEntry(file: path, object: "/vocabulary/tokens", entry: "a")) { root in
        try header(root)
        try root.group("vocabulary").writeStrings("tokens", ["a", "b", "a"])
      }
    }
  }
}

/// Runs `body` with a path for a dataset in a new directory, which is removed afterwards.
private func withDatasetPath<R>(_ body: (String) throws -> R) throws -> R {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("dataset-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.appendingPathComponent("data.h5").path)
}
