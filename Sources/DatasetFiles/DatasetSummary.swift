import Datasets
import Files
import HDF5

/// What a dataset file holds, without its tokens: for people who look at it.
package struct DatasetSummary: Sendable, Equatable {
  package struct SplitSummary: Sendable, Equatable {
    package let split: Split
    package let tokens: Int
    package let sentences: Int
    /// Unicode scalars of the raw text, 0 if the file doesn't say.
    package let characters: Int
    package let sourceSHA256: String
  }

  /// "unknown" if the file doesn't say.
  package let createdBy: String
  package let settings: String
  package let tokenization: TokenKind
  package let vocabularySize: Int
  /// Whether words are looked up in lower case.
  package let isLowercase: Bool
  /// The tags of each column, none for a dataset without.
  package let tags: [TagSet]
  package let splits: [SplitSummary]

  /// Reads the summary. The file is checked for damage, its tokens are not looked at.
  ///
  /// - Throws: `FileError`, `HDF5Error` or `DatasetError`.
  package init(of file: InputFile) throws {
    let path = file.path
    self = try HDF5File.open(file) { root in
      let tokenization = try DatasetFile.header(of: root, file: path)
      let vocabulary = try root.group("vocabulary")
      let splits = try Split.allCases.filter { try root.contains($0.rawValue) }
      guard !splits.isEmpty else { throw DatasetError.noSplit(file: path) }
      return DatasetSummary(
        createdBy: try root.hasAttribute("created_by") ? root.stringAttribute("created_by") : "unknown",
        settings: try DatasetFile.settings(of: root),
        tokenization: tokenization,
        vocabularySize: try vocabulary.elementCount("tokens"),
        isLowercase: try Vocabulary.isLowercase(in: vocabulary),
        tags: try vocabulary.contains("tags")
          ? TagSet.all(of: vocabulary, file: path) { try vocabulary.readStrings($0) } : [],
        splits: try splits.map { split in
          let group = try root.group(split.rawValue)
          return SplitSummary(
            split: split,
            tokens: try group.elementCount("tokens"),
            sentences: try group.elementCount("offsets") - 1,
            characters: try DatasetFile.extent(of: group).characters,
            sourceSHA256: try group.stringAttribute("source_sha256"))
        })
    }
  }

  private init(
    createdBy: String, settings: String, tokenization: TokenKind, vocabularySize: Int, isLowercase: Bool,
    tags: [TagSet], splits: [SplitSummary]
  ) {
    self.createdBy = createdBy
    self.settings = settings
    self.tokenization = tokenization
    self.vocabularySize = vocabularySize
    self.isLowercase = isLowercase
    self.tags = tags
    self.splits = splits
  }
}

extension ReadableGroup {
  fileprivate func elementCount(_ name: String) throws -> Int { try shape(of: name).reduce(1, *) }
}
