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

  package var description: String { text(width: .max) }

  /// As lines of at most so many columns where the words of its cells allow it: cells of wide columns go on in further lines.
  package func text(width: Int) -> String {
    let all = [heading] + rows
    var widths = heading.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
    let longestWords = heading.indices.map { column in
      all.map { $0[column].split(separator: " ").map(\.columns).max() ?? 0 }.max() ?? 0
    }
    let gaps = widths.count - 1
    while widths.reduce(gaps, +) > width,
      let column = widths.indices.reversed().filter({ widths[$0] > max(longestWords[$0], Self.leastWidth) })
        .max(by: { widths[$0] < widths[$1] })
    {
      widths[column] -= 1
    }
    let rules = widths.map { String(repeating: "-", count: $0) }
    return (lines(of: heading, widths) + lines(of: rules, widths) + rows.flatMap { lines(of: $0, widths) })
      .joined(separator: "\n")
  }

  /// A column isn't made narrower than this for the others' sake, nor than its longest word.
  private static let leastWidth = 8

  private func lines(of row: [String], _ widths: [Int]) -> [String] {
    let cells = zip(row, widths).map { cell, width in cell.columns <= width ? [cell] : Format.wrapped(cell, to: width) }
    return (0..<(cells.map(\.count).max() ?? 0)).map { line in
      let parts = zip(zip(cells, widths), alignments).map { pair, side in
        let text = line < pair.0.count ? pair.0[line] : ""
        return side == .left
          ? text.padded(to: pair.1) : String(repeating: " ", count: max(0, pair.1 - text.columns)) + text
      }
      return String(parts.joined(separator: " ").trimmingSuffix { $0 == " " })
    }
  }
}

extension String {
  /// Without the characters at its end that a predicate holds of.
  package func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
    self[..<(lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)]
  }
}
