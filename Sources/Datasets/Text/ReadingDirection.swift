/// The way in which a language model reads text: from its beginning to its end, or from its end to its beginning.
///
/// Datasets have text as it was written; who reads it turns it round.
package enum ReadingDirection: String, CaseIterable, Sendable {
  case forward, backward

  /// What is said of models that read as nobody else does; nil of the others.
  package var notice: String? { self == .backward ? "the model reads from right to left" : nil }

  /// Tokens in the order in which they are read; of read ones, the order in which they are written.
  package func ordered<Element>(_ tokens: [Element]) -> [Element] { self == .forward ? tokens : tokens.reversed() }

  package func ordered<Number>(_ tokens: Column<Number>) -> Column<Number> {
    self == .forward ? tokens : tokens.reversed()
  }

  /// The same for a line, whose end is read last in both directions: read backward, a text has the end of the line before in
  /// front of each line's first word.
  ///
  /// - Parameter hasEnd: whether the last token is the line's end.
  package func ordered<Element>(line: [Element], hasEnd: Bool) -> [Element] {
    ordered(Array(line.dropLast(hasEnd ? 1 : 0))) + line.suffix(hasEnd ? 1 : 0)
  }
}
