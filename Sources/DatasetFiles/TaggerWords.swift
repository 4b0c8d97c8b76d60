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
    let tags = try strings("tags") ?? []
    if let tag = TaggingVocabulary.repeatedTag(in: tags) {
      throw DatasetError.repeatedEntry(file: file, object: "/vocabulary/tags", entry: tag)
    }
    let column = try TagColumn(of: group, file: file)
    if let characters = try strings("characters") {
      guard characters.contains(Vocabulary.unknownToken) else {
        throw DatasetError.missingEntry(
          file: file, object: "/vocabulary/characters", entry: Vocabulary.unknownToken)
      }
      tagging = TaggingVocabulary(
        tags: tags, column: column, characters: Vocabulary(tokens: characters), trainingWords: trainingWords)
    } else {
      tagging = TaggingVocabulary(tags: tags, column: column, trainingWords: trainingWords)
    }
  }
}

extension TagColumn {
  /// What a file says about its tags, UPOS if it says nothing.
  ///
  /// - Parameter vocabulary: `/vocabulary` of a dataset or a checkpoint.
  package init(of vocabulary: ReadableGroup, file: String) throws {
    let name = try vocabulary.hasAttribute("tag_column") ? vocabulary.stringAttribute("tag_column") : Self.upos.rawValue
    guard let column = Self(rawValue: name) else { throw DatasetError.unknownTagColumn(file: file, found: name) }
    self = column
  }
}
