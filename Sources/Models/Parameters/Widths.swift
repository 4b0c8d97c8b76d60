import Compute

/// The widths of matrices that are concatenated to one, each in whole panels of its own: blocks of columns.
package struct Widths: Sendable, Equatable {
  /// [block]
  package let columnCounts: [Int]

  package init(_ columnCounts: [Int]) { self.columnCounts = columnCounts }

  /// Columns without padding.
  package var total: Int { columnCounts.reduce(0, +) }

  /// Columns of the matrix that holds them all, up to the last block's end.
  package var columns: Int { firstColumn(ofBlock: columnCounts.count - 1) + columnCounts[columnCounts.count - 1] }

  /// Where a block begins.
  package func firstColumn(ofBlock index: Int) -> Int { columnCounts[..<index].reduce(0) { $0 + Self.padded($1) } }

  /// Where a column, counted without padding, stands.
  func position(_ column: Int) -> Int {
    var left = column
    for (index, count) in columnCounts.enumerated() {
      if left < count { return firstColumn(ofBlock: index) + left }
      left -= count
    }
    preconditionFailure("column \(column) of \(total)")
  }

  private static func padded(_ width: Int) -> Int {
    (width + PanelShape.width - 1) / PanelShape.width * PanelShape.width
  }
}

extension PanelMatrix {
  /// self[i, j] += source[i, j] for all rows, columns counted without padding.
  func addColumns(_ widths: Widths, of source: PanelMatrix, _ sourceWidths: Widths) {
    precondition(rows == source.rows && widths.total == sourceWidths.total)
    guard widths != sourceWidths else { return addRows(of: source) }
    Watchdog.reads(source)
    Watchdog.writes(self)
    let width = PanelShape.width
    for column in 0..<widths.total {
      let (to, from) = (widths.position(column), sourceWidths.position(column))
      let sum = pointer(panel: to / width, row: 0) + to % width
      let addend = source.pointer(panel: from / width, row: 0) + from % width
      for row in 0..<rows { sum[row * width] += addend[row * width] }
    }
  }

  /// One of the matrices that this one is a concatenation of.
  func block(_ index: Int, of widths: Widths) -> PanelMatrix {
    let panel = widths.firstColumn(ofBlock: index) / PanelShape.width
    return PanelMatrix(
      base: pointer(panel: panel, row: 0), rows: rows, columns: widths.columnCounts[index], stride: stride)
  }
}
