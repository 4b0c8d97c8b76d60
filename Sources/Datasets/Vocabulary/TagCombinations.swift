import Files

/// Counts which tags words have together in several columns. A tagger of several gives a word no others (see `TagDecoder`).
enum TagCombinations {
  /// Those of a training split's words, and those that a model knows, each once and in ascending order.
  ///
  /// - Parameters:
  ///   - tags: [column] ids of the words' tags; a word that lacks one is passed over.
  ///   - columns: which ones these are.
  ///   - known: what the model knows, whose tags have the same ids here; nil: there is none.
  /// - Returns: none where there is one column, or where the model has those columns and nobody has counted its own.
  static func all(
    of tags: [Column<Int32>], in columns: [TagColumn], and known: TaggingVocabulary?
  ) throws(CorpusError) -> [[Int32]] {
    guard columns.count > 1, let words = tags.first?.count else { return [] }
    var found: Set<[Int32]> = []
    if let places = known?.places(of: columns), let combinations = known?.combinations {
      if combinations.isEmpty { return [] }
      for combination in combinations { found.insert(places.map { combination[$0] }) }
    }
    do throws(FileError) {
      for start in stride(from: 0, to: words, by: Column<Int32>.pieceLength) {
        let range = start..<min(start + Column<Int32>.pieceLength, words)
        let piece = try tags.map { (column) throws(FileError) in try column.numbers(in: range) }
        for word in 0..<range.count {
          let combination = piece.map { $0[word] }
          if combination.allSatisfy({ $0 >= 0 }) { found.insert(combination) }
        }
      }
    } catch {
      throw .file(error)
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }
  }
}

extension TaggingVocabulary {
  /// Where it has some columns; nil where it lacks one.
  fileprivate func places(of columns: [TagColumn]) -> [Int]? {
    let places = columns.compactMap { column in self.columns.firstIndex { $0.column == column } }
    return places.count == columns.count ? places : nil
  }
}
