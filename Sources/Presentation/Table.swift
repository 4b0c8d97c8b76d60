import TextTable

/// Rows under a heading, for people: the first column to the left, the others, which are numbers, to the right.
package struct Table: CustomStringConvertible, Sendable {
  package let heading: [String]
  package let rows: [[String]]
  private let alignments: [Side]

  /// To which side a column's values are set.
  package enum Side: Sendable { case left, right }

  /// - Parameter alignments: of the columns, where it isn't the usual one.
  package init(_ heading: [String], _ rows: [[String]], alignments: [Side]? = nil) {
    self.heading = heading
    self.rows = rows
    self.alignments = alignments ?? heading.indices.map { $0 == 0 ? .left : .right }
  }

  package var description: String {
    let table = TextTable<[String]> { row in
      zip(zip(heading, row), alignments).map { Column(title: $0.0, value: $0.1, align: $1 == .left ? .left : .right) }
    }
    let lines = (table.string(for: rows) ?? "").split(separator: "\n")
    return lines.map { String($0).trimmingSuffix { $0 == " " } }.joined(separator: "\n")
  }
}

extension String {
  /// Without the characters at its end that a predicate holds of.
  package func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    self[..<(lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)]
  }
}
