import Compute

/// How a gradient's matrix is cut into jobs: some 100 rows by 64 columns, small enough to share out evenly, large enough
/// to be worth a product. Where there are many rows, by all columns: then what is summed is read from memory once.
struct ReductionTile {
  /// Panels of the left operand, which become rows.
  let rowPanels: Range<Int>
  /// Panels of the right operand.
  let panels: Range<Int>

  static let mostRowPanels = 6
  private static let columnPanels = 4
  /// Tiles of all columns that are enough for all workers.
  private static let manyTiles = 64

  static func all(of gradient: PanelMatrix) -> [ReductionTile] {
    let rowPanels = (gradient.rows + PanelShape.width - 1) / PanelShape.width
    let columnPanels = rowPanels >= manyTiles * mostRowPanels ? gradient.panels : Self.columnPanels
    return stride(from: 0, to: rowPanels, by: mostRowPanels).flatMap { row in
      stride(from: 0, to: gradient.panels, by: columnPanels).map { column in
        ReductionTile(
          rowPanels: row..<min(row + mostRowPanels, rowPanels),
          panels: column..<min(column + columnPanels, gradient.panels))
      }
    }
  }

  /// The tile's rows of a gradient.
  func rows(of gradient: PanelMatrix) -> Range<Int> {
    rowPanels.lowerBound * PanelShape.width..<min(rowPanels.upperBound * PanelShape.width, gradient.rows)
  }

  func view(of gradient: PanelMatrix) -> PanelMatrix { gradient.rows(rows(of: gradient)).panels(panels) }
}
