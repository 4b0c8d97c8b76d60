import Datasets
import HDF5

/// What a dataset file says about tags and words.
struct TaggerWords {
  let tagging: TaggingVocabulary
  let forms: [String]
  /// Whether the file has forms. Its splits have them too then.
  let hasForms: Bool
  /// By token id, which form a token is that has no form of its own.
  let formsOfTokens: [Int32]

  /// - Parameters:
  ///   - group: `/vocabulary`, which has tags.
  ///   - tokens: what it says about tokens.
  init(in group: ReadableGroup, _ tokens: Vocabulary, file: String) throws {
    func strings(_ name: String) throws -> [String]? {
      guard try group.contains(name) else { return nil }
      let strings = try group.readStrings(name)
      try DatasetFile.requireUnique(strings, file: file, object: "/vocabulary/\(name)")
      return strings
    }
    let forms = try strings("forms")
    hasForms = forms != nil
    // Spelled as its token, the one that is no word comes last.
    let others = tokens.tokens.indices.filter { $0 != tokens.unknownId.map(Int.init) }
    let rows = others + (tokens.unknownId.map { [Int($0)] } ?? [])
    self.forms = forms ?? rows.map { tokens.tokens[$0] }
    var formsOfTokens = [Int32](repeating: 0, count: rows.count)
    for (form, row) in rows.enumerated() { formsOfTokens[row] = Int32(form) }
    self.formsOfTokens = formsOfTokens

    let trainingCount = forms == nil ? others.count : try group.intAttribute("training_forms")
    guard (0...self.forms.count).contains(trainingCount) else {
      throw DatasetError.trainingForms(file: file, found: trainingCount, forms: self.forms.count)
    }
    let trainingWords = TokenTable(self.forms.prefix(trainingCount))
    let columns = try TagSet.all(of: group, file: file) { name in
      guard let tags = try strings(name) else {
        throw DatasetError.incomplete(file: file, missing: "/vocabulary/\(name)", of: "tags")
      }
      return tags
    }
    for (index, set) in columns.enumerated() {
      guard let tag = set.repeatedTag else { continue }
      throw DatasetError.repeatedEntry(file: file, object: "/vocabulary/\(set.column.objectName(index))", entry: tag)
    }
    if let characters = try strings("characters") {
      guard characters.contains(Vocabulary.unknownToken) else {
        throw DatasetError.missingEntry(
          file: file, object: "/vocabulary/characters", entry: Vocabulary.unknownToken)
      }
      tagging = TaggingVocabulary(
        columns: columns, characters: Vocabulary(tokens: characters), trainingWords: trainingWords)
    } else {
      tagging = TaggingVocabulary(columns: columns, trainingWords: trainingWords)
    }
  }
}

extension TagColumn {
  /// What the tags of a column are called in a file: `tags` those of the first, `tags_XPOS` those of another.
  ///
  /// - Parameter index: its place among a tagger's columns.
  func objectName(_ index: Int) -> String { index == 0 ? "tags" : "tags_\(rawValue)" }

  fileprivate init(name: String, file: String) throws(DatasetError) {
    guard let column = Self(rawValue: name) else { throw .unknownTagColumn(file: file, found: name) }
    self = column
  }
}

extension TagSet {
  private static let (firstColumn, otherColumns) = ("tag_column", "other_tag_columns")

  /// What a file says of its columns of tags. The first one is UPOS if it says nothing.
  ///
  /// - Parameters:
  ///   - vocabulary: `/vocabulary` of a dataset or a checkpoint.
  ///   - entries: reads a list of tags by its name.
  package static func all(
    of vocabulary: ReadableGroup, file: String, entries: (_ name: String) throws -> [String]
  ) throws -> [TagSet] {
    var names = [TagColumn.upos.rawValue]
    if try vocabulary.hasAttribute(firstColumn) { names = [try vocabulary.stringAttribute(firstColumn)] }
    if try vocabulary.hasAttribute(otherColumns) {
      names += try vocabulary.stringAttribute(otherColumns).split(separator: " ").map(String.init)
    }
    let columns = try names.map { try TagColumn(name: $0, file: file) }
    if let index = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }) {
      throw DatasetError.repeatedEntry(file: file, object: "/vocabulary", entry: columns[index].rawValue)
    }
    return try columns.enumerated().map { TagSet($1, try entries($1.objectName($0))) }
  }

  package static func write(_ columns: [TagSet], to vocabulary: WritableGroup) throws {
    for (index, set) in columns.enumerated() {
      try vocabulary.writeStrings(set.column.objectName(index), set.tags)
      if index == 0 { try vocabulary.setAttribute(firstColumn, set.column.rawValue) }
    }
    if columns.count > 1 {
      try vocabulary.setAttribute(otherColumns, columns.dropFirst().map(\.column.rawValue).joined(separator: " "))
    }
  }
}
