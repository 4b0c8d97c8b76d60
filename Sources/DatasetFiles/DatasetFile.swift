import Datasets
import Diagnostics
import Files
import HDF5

/// Datasets as HDF5 files, which other programs may write too.
///
///     /                      attributes: format, format_version
///                            may lack: created_by, tokenization, settings_sha256
///     /vocabulary/tokens     strings; a token's id is its row
///     /train/tokens          uint8, uint16 or int32, sentence after sentence; /validation and /test likewise
///     /train/offsets         int64 [sentences+1]: sentence i is tokens[offsets[i]..<offsets[i+1]]
///     /train                 attribute: source_sha256
///                            may lack: characters, words, bytes, other_normal_forms
///
/// for subwords (tokenization "bpe")
///
///     /vocabulary/tokenizer  the text of a tokenizer.json
///
/// and for tagging
///
///     /vocabulary/tags       strings
///     /train/tags            int32, one for each token; -1 for a token without a tag
///
/// with, in files that may lack them,
///
///     /vocabulary/characters strings, `<unk>` among them
///     /vocabulary/forms      strings, the words of all splits as they are spelled
///     /vocabulary            attribute: tag_column, "UPOS", "XPOS" or "FEATS": where CoNLL-U has the tags
///     /vocabulary            attribute: other_tag_columns, "XPOS FEATS": further columns; theirs are tags_XPOS and tags_FEATS
///     /vocabulary            attribute: lowercase, 1: words are looked up in lower case, in which all tokens are
///     /vocabulary            attribute: training_forms, how many of them, from the first on, the training split has
///     /train/forms           int32, one for each token: which of the forms it is; tokens of one form have one id
///
/// `tokenization`, `characters`, `words` and `bytes` are about the text behind the tokens, of which another program may know nothing.
/// Without the first, text that the model meets later is cut at white space; without one of the others, the number is 0, which stands
/// for an unknown one. Without forms, words are spelled as their tokens, and all of them
/// but `<unk>` are training words. Without `tag_column`, tags are those of UPOS.
package enum DatasetFile {
  package static let format = "rnn-train dataset"
  /// 1 is that of files whose tokens are in four bytes each, as all were once, 2 of such in two bytes, 3 of such in one.
  private static let formatVersions = 1...3

  /// What tells a dataset that this program makes from those of programs before it.
  package static let formatVersion = formatVersions.upperBound

  /// What an id takes: as few bytes as the last one asks for.
  private static func idWidth(_ vocabulary: Vocabulary) -> NumberWidth {
    NumberWidth(upTo: UInt64(max(1, vocabulary.count) - 1))
  }

  private static func formatVersion(of width: NumberWidth) -> Int {
    switch width {
    case .one: 3
    case .two: 2
    case .four, .eight: 1
    }
  }

  /// Writes a dataset; after a crash at any moment there is either this file, whole, or what was there before.
  ///
  /// The same dataset and settings give the same bytes each time. Memory is some mebibytes, and the vocabulary.
  /// - Parameters:
  ///   - settings: A hash of what the dataset was made by, to find out whether it needs to be made again.
  ///   - permissions: of a new file, less what the umask takes.
  /// - Returns: how many of each split's tokens are unknown ones.
  @discardableResult
  package static func write(
    _ dataset: SequenceDataset, settings: String, to path: String, permissions: UInt32 = 0o666
  ) throws -> [Split: Int] {
    var unknown: [Split: Int] = [:]
    let image = try HDF5Image.build(for: path) { root in
      try root.setAttribute("format", format)
      try root.setAttribute("format_version", formatVersion(of: idWidth(dataset.vocabulary)))
      try root.setAttribute("created_by", Version.name)
      try root.setAttribute("tokenization", dataset.tokenization.kind.rawValue)
      try root.setAttribute("settings_sha256", settings)
      if dataset.missedWords > 0 { try root.setAttribute("missed_words", dataset.missedWords) }
      let vocabulary = try root.group("vocabulary")
      try dataset.vocabulary.write(to: vocabulary)
      if let tokenizer = dataset.tokenization.subwords { try vocabulary.writeText("tokenizer", tokenizer.json) }
      if let tagging = dataset.tagging { try write(tagging, forms: dataset.forms, to: vocabulary) }
      for split in Split.allCases {
        guard let sequence = dataset.splits[split] else { continue }
        let group = try root.group(split.rawValue)
        try write(sequence, tags: dataset.tagging?.columns ?? [], vocabulary: dataset.vocabulary, to: group) {
          unknown[split, default: 0] += $0
        }
      }
    }
    try image.save(to: path, permissions: permissions)
    return unknown
  }

  /// Reads a dataset and the settings that it was written with, empty if it came from another tool without any.
  ///
  /// All that holds of a `SequenceDataset` is checked: offsets, ids, tags, and that no token occurs twice. Its columns stay in
  /// the file and are read from there, if they lie as this program writes them; of other programs' files they may be in memory.
  /// - Throws: `FileError`, `HDF5Error` or `DatasetError`.
  package static func read(_ path: String) throws -> (dataset: SequenceDataset, settings: String) {
    try read(InputFile(path))
  }

  /// Reads a dataset whose descriptor is at hand.
  package static func read(_ file: InputFile) throws -> (dataset: SequenceDataset, settings: String) {
    let path = file.path
    return try HDF5File.open(file) { root in
      let kind = try header(of: root, file: path)
      let vocabulary = try root.group("vocabulary")
      let tokenization = try tokenization(kind, in: vocabulary, file: path)
      var dataset = SequenceDataset(
        tokenization: tokenization,
        vocabulary: try Vocabulary(in: vocabulary, file: path) { name in
          let tokens = try vocabulary.readStrings(name)
          try requireUnique(tokens, file: path, object: "/vocabulary/\(name)")
          return tokens
        }, splits: [:])
      let words = try vocabulary.contains("tags") ? TaggerWords(in: vocabulary, dataset.vocabulary, file: path) : nil
      dataset.tagging = words?.tagging
      dataset.forms = words?.forms ?? []
      for split in Split.allCases where try root.contains(split.rawValue) {
        let check = SplitCheck(file: path, split: split, tokenCount: dataset.vocabulary.count, words: words)
        var sequence = try sequence(in: root.group(split.rawValue), tags: words?.tagging.columns ?? [])
        try check.validate(sequence)
        sequence = check.checked(sequence)
        if let words, sequence.forms == nil { sequence.forms = sequence.tokens.mapped { words.formsOfTokens[Int($0)] } }
        dataset.splits[split] = sequence
      }
      guard !dataset.splits.isEmpty else { throw DatasetError.noSplit(file: path) }
      if try root.hasAttribute("missed_words") { dataset.missedWords = max(0, try root.intAttribute("missed_words")) }
      return (dataset, try settings(of: root))
    }
  }

  /// - Parameter foundUnknown: is told, piece by piece, how many tokens are unknown ones.
  private static func write(
    _ sequence: TokenSequence, tags: [TagSet], vocabulary: Vocabulary, to group: WritableGroup,
    foundUnknown: @escaping (Int) -> Void
  ) throws {
    func write<Number: HDF5Element>(_ name: String, _ column: Column<Number>) throws {
      try group.write(name, shape: [column.count]) { rows throws(FileError) in try column.numbers(in: rows) }
    }
    try group.setAttribute("source_sha256", sequence.sourceSHA256)
    for (name, length) in lengths { try group.setAttribute(name, sequence.extent[keyPath: length]) }
    if sequence.otherNormalForms > 0 { try group.setAttribute("other_normal_forms", sequence.otherNormalForms) }
    let tokens = sequence.tokens
    let unknownId = vocabulary.unknownId == tokens.absent ? nil : vocabulary.unknownId
    func writeTokens<Id: HDF5Element & NumberOfColumn>(as _: Id.Type) throws {
      try group.write("tokens", shape: [tokens.count]) { rows throws(FileError) in
        let ids = try tokens.numbers(in: rows, as: Id.self)
        if let unknownId { foundUnknown(ids.count(of: Id(truncatingIfNeeded: unknownId))) }
        return ids
      }
    }
    switch idWidth(vocabulary) {
    case .one: try writeTokens(as: UInt8.self)
    case .two: try writeTokens(as: UInt16.self)
    case .four, .eight: try writeTokens(as: Int32.self)
    }
    try write("offsets", sequence.offsets)
    for (name, ids) in zip(tagNames(tags), sequence.tags) { try write(name, ids) }
    if let forms = sequence.forms { try write("forms", forms) }
  }

  /// What a split's tags are called, of a vocabulary with these columns. A split may have tags where the vocabulary has none:
  /// then a check refuses it.
  private static func tagNames(_ columns: [TagSet]) -> [String] {
    columns.isEmpty ? ["tags"] : columns.enumerated().map { $1.column.objectName($0) }
  }

  private static func write(_ tagging: TaggingVocabulary, forms: [String], to vocabulary: WritableGroup) throws {
    try TagSet.write(tagging.columns, to: vocabulary)
    try vocabulary.writeStrings("characters", tagging.characters.tokens)
    try vocabulary.writeStrings("forms", forms)
    try vocabulary.setAttribute("training_forms", tagging.trainingWords.count)
  }

  private static func sequence(in group: ReadableGroup, tags columns: [TagSet]) throws -> TokenSequence {
    func column<Number: HDF5Element>(_ name: String) throws -> Column<Number> {
      try group.storedNumbers(name, as: Number.self).map { Column($0) } ?? Column(try group.read(name))
    }
    func narrow<Id: HDF5Element & NumberOfColumn>(_: Id.Type) throws -> Column<Int32>? {
      guard try group.holds(Id.self, in: "tokens") else { return nil }
      return try group.storedNumbers("tokens", as: Id.self).map { Column(narrow: $0) }
        ?? Column(try group.read("tokens", as: Id.self).map { Int32($0) })
    }
    let tokens: Column<Int32> = try narrow(UInt8.self) ?? narrow(UInt16.self) ?? column("tokens")
    var sequence = TokenSequence(
      tokens: tokens,
      offsets: try column("offsets"),
      tags: try tagNames(columns).filter(group.contains).map(column),
      forms: try group.contains("forms") ? column("forms") : nil,
      extent: try extent(of: group),
      sourceSHA256: try group.stringAttribute("source_sha256"))
    if try group.hasAttribute("other_normal_forms") {
      sequence.otherNormalForms = min(max(0, try group.intAttribute("other_normal_forms")), sequence.tokens.count)
    }
    return sequence
  }

  static func requireUnique(_ entries: [String], file: String, object: String) throws {
    if let entry = Vocabulary.repeatedToken(in: entries) {
      throw DatasetError.repeatedEntry(file: file, object: object, entry: entry)
    }
  }

  /// Checks that a file is a dataset that this program knows.
  static func header(of root: ReadableGroup, file: String) throws -> TokenKind {
    let found = try root.hasAttribute("format") ? root.stringAttribute("format") : nil
    guard found == format else { throw DatasetError.notADataset(file: file, format: found) }
    let version = try root.intAttribute("format_version")
    guard formatVersions.contains(version) else {
      throw DatasetError.unknownVersion(file: file, found: version, known: formatVersion)
    }
    guard try root.hasAttribute("tokenization") else { return .whitespace }
    let name = try root.stringAttribute("tokenization")
    guard let kind = TokenKind(rawValue: name) else { throw DatasetError.unknownTokenization(file: file, found: name) }
    return kind
  }

  private static func tokenization(_ kind: TokenKind, in vocabulary: ReadableGroup, file: String) throws -> Tokenization
  {
    if let tokenization = Tokenization(kind) { return tokenization }
    do {
      return .bpe(try BytePairTokenizer(json: vocabulary.readText("tokenizer")))
    } catch let problem as TokenizerProblem {
      throw DatasetError.tokenizer(file: file, problem)
    }
  }

  // How long a split's raw text is: attributes of its group, for writing and reading alike.
  static var lengths: [(String, WritableKeyPath<TextExtent, Int>)] {
    [("characters", \.characters), ("words", \.words), ("bytes", \.bytes)]
  }

  /// How long a split's raw text is; 0 for an unknown number.
  static func extent(of group: ReadableGroup) throws -> TextExtent {
    var extent = TextExtent()
    for (name, length) in lengths where try group.hasAttribute(name) {
      extent[keyPath: length] = try group.intAttribute(name)
    }
    return extent
  }

  static func settings(of root: ReadableGroup) throws -> String {
    try root.hasAttribute("settings_sha256") ? root.stringAttribute("settings_sha256") : ""
  }
}
