import Files

extension SequenceDataset {
  /// Finds which tags the training split's words have together, for a tagger of several columns: see
  /// `TaggingVocabulary.combinations`. O(words).
  ///
  /// - Parameter known: what a model knows whose tags have the same ids here: its combinations stay, if it has all the columns.
  /// - Throws: what keeps the split from being read.
  package mutating func findTagCombinations(and known: TaggingVocabulary?) throws(FileError) {
    guard let columns = tagging?.columns.map(\.column), columns.count > 1 else { return }
    var found: Set<[Int32]> = []
    if let known, let places = known.places(of: columns) {
      for combination in known.combinations { found.insert(places.map { combination[$0] }) }
    }
    try splits[.train]?.tags.forEachPiece { tags, _ in
      for word in tags[0].indices { found.insert(tags.map { $0[word] }) }
    }
    found.remove(columns.map { _ in TaggingVocabulary.noTag })
    tagging?.combinations = found.sorted { $0.lexicographicallyPrecedes($1) }
  }
}

extension TaggingVocabulary {
  /// Where it has some columns; nil where it lacks one.
  fileprivate func places(of columns: [TagColumn]) -> [Int]? {
    let places = columns.compactMap { column in self.columns.firstIndex { $0.column == column } }
    return places.count == columns.count ? places : nil
  }
}
