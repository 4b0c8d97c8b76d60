import Files

extension TokenSequence {
  /// A hash of all that a run reads of a split: tokens, sentences, tags and spellings. Two splits of one source that were
  /// divided otherwise, or that somebody has changed, differ in it.
  ///
  /// - Parameter forms: the dataset's, which the split's own refer to.
  /// - Complexity: O(tokens): some seconds for a thousand million.
  package func contentHash(forms table: [String]) -> String {
    var hash = ContentHash()
    hash.update(tokens)
    hash.update(offsets)
    for column in tags { hash.update(column) }
    if let forms {
      // By the order of their first appearance here: their numbers in the table depend on other splits too.
      var numbers = [Int32](repeating: -1, count: table.count)
      var spellings: [UInt8] = []
      var count: Int32 = 0
      hash.update(
        forms.map { form in
          if numbers[Int(form)] < 0 {
            numbers[Int(form)] = count
            count += 1
            spellings += table[Int(form)].utf8 + [0]
          }
          return numbers[Int(form)]
        })
      hash.update(spellings)
    }
    return hash.hex
  }
}

extension SequenceDataset {
  /// The hash of what each split holds.
  package var contentHashes: [Split: String] { splits.mapValues { $0.contentHash(forms: forms) } }
}

extension ContentHash {
  /// Takes in a list, its length before its elements: two lists of other lengths that make the same bytes differ.
  fileprivate mutating func update<Element: BitwiseCopyable>(_ elements: [Element]) {
    withUnsafeBytes(of: Int64(elements.count)) { update($0) }
    elements.withUnsafeBytes { update($0) }
  }
}
