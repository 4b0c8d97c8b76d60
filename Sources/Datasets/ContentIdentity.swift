import Files

extension TokenSequence {
  /// A hash of all that a run reads of a split: tokens, sentences, tags and spellings. Two splits of one source that were
  /// divided otherwise, or that somebody has changed, differ in it.
  ///
  /// - Parameter forms: the dataset's, which the split's own refer to.
  /// - Complexity: O(tokens): some seconds for a thousand million. Memory is some hundred kilobytes, and that of the forms.
  package func contentHash(forms table: [String]) throws(FileError) -> String {
    var hash = ContentHash()
    try hash.update(tokens)
    try hash.update(offsets)
    for column in tags { try hash.update(column) }
    if let forms {
      // By the order of their first appearance here: their numbers in the table depend on other splits too.
      var numbers = [Int32](repeating: -1, count: table.count)
      var spellings: [UInt8] = []
      var count: Int32 = 0
      hash.update(count: forms.count)
      try forms.forEachPiece { forms, _ in
        hash.update(
          forms.map { form in
            if numbers[Int(form)] < 0 {
              numbers[Int(form)] = count
              count += 1
              spellings += table[Int(form)].utf8 + [0]
            }
            return numbers[Int(form)]
          })
      }
      hash.update(count: spellings.count)
      hash.update(spellings)
    }
    return hash.hex
  }
}

extension SequenceDataset {
  /// The hash of what each split holds. O(tokens).
  package func contentHashes() throws(FileError) -> [Split: String] {
    var hashes: [Split: String] = [:]
    for (split, sequence) in splits { hashes[split] = try sequence.contentHash(forms: forms) }
    return hashes
  }
}

extension ContentHash {
  /// Takes in a list, its length before its elements: two lists of other lengths that make the same bytes differ.
  fileprivate mutating func update<Number>(_ column: Column<Number>) throws(FileError) {
    update(count: column.count)
    try column.forEachPiece { numbers, _ in update(numbers) }
  }

  fileprivate mutating func update(count: Int) { withUnsafeBytes(of: Int64(count)) { update($0) } }

  fileprivate mutating func update<Element: BitwiseCopyable>(_ elements: [Element]) {
    elements.withUnsafeBytes { update($0) }
  }
}
