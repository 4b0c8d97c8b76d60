import Compute

/// How a gradient's matrix is cut into jobs: some 100 rows by 64 columns, small enough to share out evenly, large enough
/// to be worth a product. Where there are many rows, by all columns: then what is summed is read from memory once. A small
/// matrix is cut finer, or sixteen workers would find a dozen tiles.
struct ReductionTile {
  /// Panels of the left operand, which become rows.
  let rowPanels: Range<Int>
  /// Panels of the right operand.
  let panels: Range<Int>
  /// Where in the matrix it begins, from 0 to 1: among the rows if it has all columns, else among the columns.
  let place: Double

  static let mostRowPanels = 6
  private static let columnPanels = 4
  /// Of a small matrix: whole register tiles of 12 rows and 32 columns.
  private static let (fewRowPanels, fewColumnPanels) = (3, 2)
  /// Tiles that are enough for all workers.
  private static let manyTiles = 64

  static func all(of gradient: PanelMatrix) -> [ReductionTile] {
    let rowPanels = (gradient.rows + PanelShape.width - 1) / PanelShape.width
    let (height, width) = size(rowPanels: rowPanels, columnPanels: gradient.panels)
    let hasAllColumns = hasAllColumns(rows: gradient.rows)
    return stride(from: 0, to: rowPanels, by: height).flatMap { row in
      stride(from: 0, to: gradient.panels, by: width).map { column in
        ReductionTile(
          rowPanels: row..<min(row + height, rowPanels), panels: column..<min(column + width, gradient.panels),
          place: hasAllColumns ? Double(row) / Double(rowPanels) : Double(column) / Double(gradient.panels))
      }
    }
  }

  private static func size(rowPanels: Int, columnPanels: Int) -> (height: Int, width: Int) {
    func count(_ panels: Int, of size: Int) -> Int { (panels + size - 1) / size }
    if hasAllColumns(rows: rowPanels * PanelShape.width) { return (mostRowPanels, max(columnPanels, 1)) }
    let isSmall = count(rowPanels, of: mostRowPanels) * count(columnPanels, of: Self.columnPanels) < manyTiles
    return isSmall ? (fewRowPanels, fewColumnPanels) : (mostRowPanels, Self.columnPanels)
  }

  /// Whether tiles of a matrix have all of its columns: whether there are enough of them then.
  static func hasAllColumns(rows: Int) -> Bool { rows > (manyTiles - 1) * mostRowPanels * PanelShape.width }

  /// The tile's rows of a gradient.
  func rows(of gradient: PanelMatrix) -> Range<Int> {
    rowPanels.lowerBound * PanelShape.width..<min(rowPanels.upperBound * PanelShape.width, gradient.rows)
  }

  func view(of gradient: PanelMatrix) -> PanelMatrix { gradient.rows(rows(of: gradient)).panels(panels) }
}
