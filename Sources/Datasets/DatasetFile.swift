import Diagnostics
import HDF5

/// Datasets as HDF5 files, which other programs may write too.
///
///     /                      attributes: format, format_version
///                            may lack: created_by, tokenization, settings_sha256
///     /vocabulary/tokens     strings; a token's id is its row
///     /vocabulary/tags       strings, for tagging
///     /train/tokens          int32, sentence after sentence; /validation and /test likewise
///     /train/offsets         int64 [sentences+1]: sentence i is tokens[offsets[i]..<offsets[i+1]]
///     /train/tags            int32, one for each token, for tagging
///     /train                 attribute: source_sha256
///                            may lack: characters
///
/// `tokenization` and `characters` are about the text behind the tokens, of which another program may know nothing.
/// Without the first, text that the model meets later is cut at white space; without the second, the number of
/// characters is 0, which stands for an unknown one.
package enum DatasetFile {
  package static let format = "rnn-train dataset"
  package static let formatVersion = 1

  /// Writes a dataset; after a crash at any moment there is either this file, whole, or what was there before.
  ///
  /// The same dataset and settings give the same bytes each time.
  /// - Parameter settings: A hash of what the dataset was made by, to find out whether it needs to be made again.
  package static func write(_ dataset: SequenceDataset, settings: String, to path: String) throws {
    let image = try HDF5Image.build { root in
      try root.setAttribute("format", format)
      try root.setAttribute("format_version", formatVersion)
      try root.setAttribute("created_by", Version.name)
      try root.setAttribute("tokenization", dataset.tokenization.rawValue)
      try root.setAttribute("settings_sha256", settings)
      let vocabulary = try root.group("vocabulary")
      try vocabulary.writeStrings("tokens", dataset.vocabulary.tokens)
      if let tags = dataset.tags { try vocabulary.writeStrings("tags", tags) }
      for split in Split.allCases {
        if let sequence = dataset.splits[split] { try write(sequence, to: root.group(split.rawValue)) }
      }
    }
    try image.save(to: path)
  }

  /// Reads a dataset and the settings that it was written with, empty if it came from another tool without any.
  ///
  /// All that holds of a `SequenceDataset` is checked: offsets, ids, tags, and that no token occurs twice.
  /// - Throws: `FileError`, `HDF5Error` or `DatasetError`.
  package static func read(_ path: String) throws -> (dataset: SequenceDataset, settings: String) {
    try HDF5File.open(path) { root in
      let tokenization = try header(of: root, file: path)
      let vocabulary = try root.group("vocabulary")
      let tokens = try vocabulary.readStrings("tokens")
      try requireUnique(tokens, file: path, object: "/vocabulary/tokens")
      let tags = try vocabulary.contains("tags") ? vocabulary.readStrings("tags") : nil
      if let tags { try requireUnique(tags, file: path, object: "/vocabulary/tags") }
      var splits: [Split: TokenSequence] = [:]
      for split in Split.allCases where try root.contains(split.rawValue) {
        let check = SplitCheck(file: path, split: split, tokenCount: tokens.count, tagCount: tags?.count)
        splits[split] = try sequence(in: root.group(split.rawValue), check)
      }
      guard !splits.isEmpty else { throw DatasetError.noSplit(file: path) }
      let dataset = SequenceDataset(
        tokenization: tokenization, vocabulary: Vocabulary(tokens: tokens), tags: tags, splits: splits)
      return (dataset, try settings(of: root))
    }
  }

  private static func write(_ sequence: TokenSequence, to group: WritableGroup) throws {
    try group.setAttribute("source_sha256", sequence.sourceSHA256)
    try group.setAttribute("characters", sequence.characters)
    try group.write("tokens", shape: [sequence.tokens.count], sequence.tokens)
    try group.write("offsets", shape: [sequence.offsets.count], sequence.offsets)
    if let tags = sequence.tags { try group.write("tags", shape: [tags.count], tags) }
  }

  private static func sequence(in group: ReadableGroup, _ check: SplitCheck) throws -> TokenSequence {
    let sequence = TokenSequence(
      tokens: try group.read("tokens"),
      offsets: try group.read("offsets"),
      tags: try group.contains("tags") ? group.read("tags") : nil,
      characters: try characters(of: group),
      sourceSHA256: try group.stringAttribute("source_sha256"))
    try check.validate(sequence)
    return sequence
  }

  private static func requireUnique(_ entries: [String], file: String, object: String) throws {
    if let entry = Vocabulary.repeatedToken(in: entries) {
      throw DatasetError.repeatedEntry(file: file, object: object, entry: entry)
    }
  }

  /// Checks that a file is a dataset that this program knows.
  static func header(of root: ReadableGroup, file: String) throws -> Tokenization {
    let found = try root.hasAttribute("format") ? root.stringAttribute("format") : nil
    guard found == format else { throw DatasetError.notADataset(file: file, format: found) }
    let version = try root.intAttribute("format_version")
    guard version == formatVersion else {
      throw DatasetError.unknownVersion(file: file, found: version, known: formatVersion)
    }
    guard try root.hasAttribute("tokenization") else { return .whitespace }
    let name = try root.stringAttribute("tokenization")
    guard let tokenization = Tokenization(rawValue: name) else {
      throw DatasetError.unknownTokenization(file: file, found: name)
    }
    return tokenization
  }

  /// The Unicode scalars of a split's raw text, 0 for an unknown number.
  static func characters(of group: ReadableGroup) throws -> Int {
    try group.hasAttribute("characters") ? group.intAttribute("characters") : 0
  }

  static func settings(of root: ReadableGroup) throws -> String {
    try root.hasAttribute("settings_sha256") ? root.stringAttribute("settings_sha256") : ""
  }
}

/// What must hold of a split that came from a file.
private struct SplitCheck {
  var file: String
  var split: Split
  /// The size of the vocabulary.
  var tokenCount: Int
  /// The number of different tags, nil for a dataset without.
  var tagCount: Int?

  func validate(_ sequence: TokenSequence) throws(DatasetError) {
    try validate(offsets: sequence.offsets, tokens: sequence.tokens.count)
    try validate(ids: sequence.tokens, below: tokenCount, object: path("tokens"))
    guard sequence.characters >= 0 else {
      throw .negativeCount(file: file, object: path("characters"), found: sequence.characters)
    }
    switch (sequence.tags, tagCount) {
    case (nil, nil): break
    case (nil, _?): throw .incompleteTags(file: file, missing: path("tags"))
    case (_?, nil): throw .incompleteTags(file: file, missing: "/vocabulary/tags")
    case (let tags?, let tagCount?):
      guard tags.count == sequence.tokens.count else {
        throw .tagCount(file: file, object: path("tags"), expected: sequence.tokens.count, found: tags.count)
      }
      try validate(ids: tags, below: tagCount, object: path("tags"))
    }
  }

  private func validate(offsets: [Int64], tokens: Int) throws(DatasetError) {
    let ascend = zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
    guard offsets.first == 0, ascend, offsets.last == Int64(tokens) else {
      throw .invalidOffsets(file: file, object: path("offsets"), tokens: tokens)
    }
  }

  private func validate(ids: [Int32], below count: Int, object: String) throws(DatasetError) {
    guard let position = ids.firstIndex(where: { $0 < 0 || Int($0) >= count }) else { return }
    throw .invalidId(file: file, object: object, position: position, id: ids[position], count: count)
  }

  private func path(_ name: String) -> String { "/\(split.rawValue)/\(name)" }
}
