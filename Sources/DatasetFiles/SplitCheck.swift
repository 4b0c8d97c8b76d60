import Datasets

/// What must hold of a split that came from a file.
struct SplitCheck {
  var file: String
  var split: Split
  /// The size of the vocabulary.
  var tokenCount: Int
  /// Nil for a dataset without tags.
  var words: TaggerWords?

  // What ids may be.
  private var tokens: Range<Int> { 0..<tokenCount }
  private static func ids(of tags: TagSet) -> Range<Int> { Int(TaggingVocabulary.noTag)..<tags.tags.count }
  private var forms: Range<Int> { 0..<(words?.forms.count ?? 0) }

  /// O(tokens).
  func validate(_ sequence: TokenSequence) throws {
    try validate(offsets: sequence.offsets, tokens: sequence.tokens.count)
    try validate(sequence.tokens, in: tokens, object: path("tokens"))
    for (name, length) in DatasetFile.lengths where sequence.extent[keyPath: length] < 0 {
      throw DatasetError.negativeCount(file: file, object: path(name), found: sequence.extent[keyPath: length])
    }
    guard let words else {
      if !sequence.tags.isEmpty { throw DatasetError.incomplete(file: file, missing: "/vocabulary/tags", of: "tags") }
      return
    }
    let columns = words.tagging.columns
    guard sequence.tags.count == columns.count else {
      throw DatasetError.incomplete(
        file: file, missing: path(columns.count == 1 ? "tags" : "tags of all columns"), of: "tags")
    }
    for (index, (set, ids)) in zip(columns, sequence.tags).enumerated() {
      try validate(ids, of: sequence, in: Self.ids(of: set), object: path(set.column.objectName(index)))
    }
    try validate(forms: sequence.forms, of: sequence, words)
  }

  /// The split with columns that go on looking at what they read: a file can be changed later.
  func checked(_ sequence: TokenSequence) -> TokenSequence {
    var sequence = sequence
    sequence.tokens = sequence.tokens.checked(in: tokens, file: file)
    sequence.offsets = sequence.offsets.checked(in: 0..<sequence.tokens.count + 1, file: file)
    sequence.tags = zip(sequence.tags, words?.tagging.columns ?? []).map { ids, set in
      ids.checked(in: Self.ids(of: set), file: file)
    }
    sequence.forms = sequence.forms?.checked(in: forms, file: file)
    return sequence
  }

  private func validate(forms column: Column<Int32>?, of sequence: TokenSequence, _ words: TaggerWords) throws {
    switch (column, words.hasForms) {
    case (nil, false): break
    case (nil, true): throw DatasetError.incomplete(file: file, missing: path("forms"), of: "forms")
    case (_?, false): throw DatasetError.incomplete(file: file, missing: "/vocabulary/forms", of: "forms")
    case (let column?, true):
      try validate(column, of: sequence, in: forms, object: path("forms"))
      var tokenOfForm = [Int32?](repeating: nil, count: words.forms.count)
      var other: (position: Int, form: Int32)?
      try [column, sequence.tokens].forEachPiece { pieces, start in
        for (index, (form, token)) in zip(pieces[0], pieces[1]).enumerated() where other == nil {
          if tokenOfForm[Int(form)] ?? token != token { other = (start + index, form) }
          tokenOfForm[Int(form)] = token
        }
      }
      if let other {
        throw DatasetError.formOfTwoTokens(
          file: file, object: path("forms"), position: other.position, form: other.form)
      }
    }
  }

  private func validate(
    _ ids: Column<Int32>, of sequence: TokenSequence, in range: Range<Int>, object: String
  ) throws {
    guard ids.count == sequence.tokens.count else {
      throw DatasetError.wrongCount(file: file, object: object, expected: sequence.tokens.count, found: ids.count)
    }
    try validate(ids, in: range, object: object)
  }

  private func validate(offsets: Column<Int64>, tokens: Int) throws {
    var (last, ascend): (Int64?, Bool) = (nil, true)
    try offsets.forEachPiece { offsets, _ in
      for offset in offsets {
        ascend = ascend && (last ?? 0) <= offset && (last != nil || offset == 0)
        last = offset
      }
    }
    guard ascend, last == Int64(tokens) else {
      throw DatasetError.invalidOffsets(file: file, object: path("offsets"), tokens: tokens)
    }
  }

  private func validate(_ ids: Column<Int32>, in range: Range<Int>, object: String) throws {
    guard let (id, position) = try ids.first(outside: range) else { return }
    throw DatasetError.invalidId(file: file, object: object, position: position, id: id, range: range)
  }

  private func path(_ name: String) -> String { "/\(split.rawValue)/\(name)" }
}
