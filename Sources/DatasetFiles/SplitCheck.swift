import Datasets

/// What must hold of a split that came from a file.
struct SplitCheck {
  var file: String
  var split: Split
  /// The size of the vocabulary.
  var tokenCount: Int
  /// Nil for a dataset without tags.
  var words: TaggerWords?

  func validate(_ sequence: TokenSequence) throws(DatasetError) {
    try validate(offsets: sequence.offsets, tokens: sequence.tokens.count)
    try validate(ids: sequence.tokens, in: 0..<tokenCount, object: path("tokens"))
    for (name, length) in DatasetFile.lengths where sequence.extent[keyPath: length] < 0 {
      throw .negativeCount(file: file, object: path(name), found: sequence.extent[keyPath: length])
    }
    guard let words else {
      if !sequence.tags.isEmpty { throw .incomplete(file: file, missing: "/vocabulary/tags", of: "tags") }
      return
    }
    let columns = words.tagging.columns
    guard sequence.tags.count == columns.count else {
      throw .incomplete(file: file, missing: path(columns.count == 1 ? "tags" : "tags of all columns"), of: "tags")
    }
    for (index, (set, ids)) in zip(columns, sequence.tags).enumerated() {
      try validate(
        ids, of: sequence, in: Int(TaggingVocabulary.noTag)..<set.tags.count,
        object: path(set.column.objectName(index)))
    }
    try validate(forms: sequence.forms, of: sequence, words)
  }

  private func validate(
    forms: [Int32]?, of sequence: TokenSequence, _ words: TaggerWords
  ) throws(DatasetError) {
    switch (forms, words.hasForms) {
    case (nil, false): break
    case (nil, true): throw .incomplete(file: file, missing: path("forms"), of: "forms")
    case (_?, false): throw .incomplete(file: file, missing: "/vocabulary/forms", of: "forms")
    case (let forms?, true):
      try validate(forms, of: sequence, in: 0..<words.forms.count, object: path("forms"))
      var tokenOfForm = [Int32?](repeating: nil, count: words.forms.count)
      for (position, (form, token)) in zip(forms, sequence.tokens).enumerated() {
        guard tokenOfForm[Int(form)] ?? token == token else {
          throw .formOfTwoTokens(file: file, object: path("forms"), position: position, form: form)
        }
        tokenOfForm[Int(form)] = token
      }
    }
  }

  private func validate(
    _ ids: [Int32], of sequence: TokenSequence, in range: Range<Int>, object: String
  ) throws(DatasetError) {
    guard ids.count == sequence.tokens.count else {
      throw .wrongCount(file: file, object: object, expected: sequence.tokens.count, found: ids.count)
    }
    try validate(ids: ids, in: range, object: object)
  }

  private func validate(offsets: [Int64], tokens: Int) throws(DatasetError) {
    let ascend = zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 }
    guard offsets.first == 0, ascend, offsets.last == Int64(tokens) else {
      throw .invalidOffsets(file: file, object: path("offsets"), tokens: tokens)
    }
  }

  private func validate(ids: [Int32], in range: Range<Int>, object: String) throws(DatasetError) {
    guard let position = ids.firstIndex(where: { !range.contains(Int($0)) }) else { return }
    throw .invalidId(file: file, object: object, position: position, id: ids[position], range: range)
  }

  private func path(_ name: String) -> String { "/\(split.rawValue)/\(name)" }
}
