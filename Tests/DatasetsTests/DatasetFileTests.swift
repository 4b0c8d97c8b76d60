import Datasets
import Foundation
import HDF5
import Testing

@Suite struct DatasetFileTests {
  private static let text = SequenceDataset(
    tokenization: .word, vocabulary: Vocabulary(tokens: ["<unk>", "</s>", "größe", "日本"]),
    splits: [
      .train: TokenSequence(
        tokens: [2, 3, 1, 0, 1], offsets: [0, 3, 5], characters: 11, sourceSHA256: String(repeating: "ab", count: 32)),
      .test: TokenSequence(tokens: [], offsets: [0], characters: 0, sourceSHA256: ""),
    ])

  private static let tagged = SequenceDataset(
    tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>", "dog", "barks"]), tags: ["NOUN", "VERB"],
    splits: [.train: TokenSequence(tokens: [1, 2], offsets: [0, 2], tags: [0, 1], characters: 10, sourceSHA256: "c")])

  @Test(arguments: [text, tagged])
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
      let summary = try DatasetSummary(of: path)
      #expect(summary.tokenization == .word)
      #expect(summary.vocabularySize == 4)
      #expect(summary.tagCount == nil)
      #expect(summary.settings == "key")
      #expect(summary.splits.map(\.split) == [.train, .test])
      #expect(summary.splits.map(\.tokens) == [5, 0])
      #expect(summary.splits.map(\.sentences) == [2, 0])
      #expect(summary.splits.map(\.characters) == [11, 0])
      try DatasetFile.write(Self.tagged, settings: "", to: path)
      #expect(try DatasetSummary(of: path).tagCount == 2)
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
        try refuses(offsets) { $0.splits[.train]?.offsets = wrong }
      }
      try refuses(.invalidId(file: path, object: "/train/tokens", position: 1, id: 3, count: 3)) {
        $0.splits[.train]?.tokens = [1, 3]
      }
      try refuses(.invalidId(file: path, object: "/train/tokens", position: 0, id: -1, count: 3)) {
        $0.splits[.train]?.tokens = [-1, 2]
      }
      try refuses(.invalidId(file: path, object: "/train/tags", position: 1, id: 2, count: 2)) {
        $0.splits[.train]?.tags = [0, 2]
      }
      try refuses(.tagCount(file: path, object: "/train/tags", expected: 2, found: 1)) {
        $0.splits[.train]?.tags = [0]
      }
      try refuses(.incompleteTags(file: path, missing: "/train/tags")) { $0.splits[.train]?.tags = nil }
      try refuses(.incompleteTags(file: path, missing: "/vocabulary/tags")) { $0.tags = nil }
      try refuses(.repeatedEntry(file: path, object: "/vocabulary/tags", entry: "X")) { $0.tags = ["X", "X"] }
      try refuses(.negativeCount(file: path, object: "/train/characters", found: -1)) {
        $0.splits[.train]?.characters = -1
      }
      try refuses(.noSplit(file: path)) { $0.splits = [:] }
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
            splits: [.train: TokenSequence(tokens: [1, 2, 0], offsets: [0, 3], characters: 0, sourceSHA256: "abc")]))
      #expect(settings.isEmpty)
      let summary = try DatasetSummary(of: path)
      #expect(summary.createdBy == "unknown" && summary.tokenization == .whitespace)
      #expect(summary.splits.map(\.characters) == [0] && summary.splits.map(\.sentences) == [1])
    }
  }

  @Test func otherFilesAreRefused() throws {
    try withDatasetPath { path in
      func refuses(_ error: any Error & Equatable, _ build: (WritableGroup) throws -> Void) throws {
        try HDF5Image.build(build).save(to: path)
        let found = #expect(throws: (any Error).self) { try DatasetFile.read(path) }
        #expect(found.map { "\($0)" } == "\(error)")
        #expect(throws: (any Error).self) { try DatasetSummary(of: path) }
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
      try refuses(DatasetError.unknownVersion(file: path, found: 2, known: 1)) { try header($0, version: 2) }
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
