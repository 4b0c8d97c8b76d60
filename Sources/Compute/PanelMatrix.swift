import CKernels

/// The shape of a matrix in panels, and how much memory it takes.
///
/// Element (i, j) is at `(j / 16) * stride + i * 16 + j % 16`: see ckernels.h. Rows are rounded up to whole blocks of 16,
/// so that a matrix can be transposed in blocks; and a panel's size is never a multiple of 4 KB, since then the same rows
/// of all panels would compete for the same few lines of the first-level cache.
///
/// Public, as `PanelMatrix` is, for the reason that `Buffer` is.
public struct PanelShape: Sendable, Equatable {
  @inlinable package static var width: Int { Int(CK_PANEL_WIDTH) }

  package let rows: Int
  package let columns: Int
  /// Floats from one panel to the next.
  package let stride: Int

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    // A vector (one row) is stored without gaps.
    if rows == 1 {
      stride = Self.width
    } else {
      let blocks = (rows + Self.width - 1) / Self.width
      stride = (blocks % 4 == 0 ? blocks + 1 : blocks) * Self.width * Self.width
    }
  }

  package var panels: Int { (columns + Self.width - 1) / Self.width }
  /// Floats that the matrix takes, padding included.
  package var floatCount: Int { panels * stride }
}

/// A view of a matrix in panels. It owns nothing: who makes it keeps the arena behind it alive.
///
/// Padding (columns up to whole panels) holds zeros in parameters and their gradients; see `RecurrentLayer` for
/// activations.
public struct PanelMatrix: @unchecked Sendable {
  // Unchecked: see Arena.
  @usableFromInline package let base: UnsafeMutablePointer<Float>
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int
  /// Floats from one panel to the next.
  @usableFromInline package let stride: Int

  @inlinable package init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  package init(_ arena: Arena, offset: Int = 0, _ shape: PanelShape) {
    precondition(offset >= 0 && offset + shape.floatCount <= arena.count)
    self.init(base: arena.base + offset, rows: shape.rows, columns: shape.columns, stride: shape.stride)
  }

  @inlinable package var panels: Int { (columns + PanelShape.width - 1) / PanelShape.width }

  /// The first float of a panel's row.
  @inlinable package func pointer(panel: Int, row: Int) -> UnsafeMutablePointer<Float> {
    assert(
      panel >= 0 && panel < panels && row >= 0 && row <= rows, "(\(panel), \(row)) of \(panels) panels, \(rows) rows")
    return base + (panel * stride + row * PanelShape.width)
  }

  /// Some of the rows, all columns.
  @inlinable package func rows(_ range: Range<Int>) -> PanelMatrix {
    assert(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
    return PanelMatrix(
      base: base + range.lowerBound * PanelShape.width, rows: range.count, columns: columns, stride: stride)
  }

  /// Some of the panels, all rows.
  @inlinable package func panels(_ range: Range<Int>) -> PanelMatrix {
    assert(range.lowerBound >= 0 && range.upperBound <= panels, "panels \(range) of \(panels)")
    return PanelMatrix(
      base: base + range.lowerBound * stride, rows: rows,
      columns: min(columns, range.upperBound * PanelShape.width) - range.lowerBound * PanelShape.width, stride: stride)
  }

  /// One element; for tests and for what runs once, not for hot loops.
  package subscript(row: Int, column: Int) -> Float {
    get {
      let element = pointer(panel: column / PanelShape.width, row: row) + column % PanelShape.width
      Watchdog.reads(element, count: 1)
      return element.pointee
    }
    nonmutating set {
      let element = pointer(panel: column / PanelShape.width, row: row) + column % PanelShape.width
      Watchdog.writes(element, count: 1)
      element.pointee = newValue
    }
  }

  /// Copies rows of a matrix of the same width, padding included.
  package func copyRows(from source: PanelMatrix) {
    precondition(rows == source.rows && panels == source.panels)
    Watchdog.reads(source)
    Watchdog.writes(self)
    for panel in 0..<panels {
      pointer(panel: panel, row: 0).update(from: source.pointer(panel: panel, row: 0), count: rows * PanelShape.width)
    }
  }

  package func zeroRows() {
    Watchdog.writes(self)
    for panel in 0..<panels { pointer(panel: panel, row: 0).update(repeating: 0, count: rows * PanelShape.width) }
  }

  /// All elements, row after row, without padding.
  package func rowMajor() -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(rows * columns)
    for i in 0..<rows { for j in 0..<columns { result.append(self[i, j]) } }
    return result
  }

  package func setRowMajor(_ values: [Float]) {
    precondition(values.count == rows * columns)
    for i in 0..<rows { for j in 0..<columns { self[i, j] = values[i * columns + j] } }
  }
}

/// A matrix with memory of its own.
package struct OwnedMatrix: Sendable {
  package let view: PanelMatrix
  private let arena: Arena

  package init(rows: Int, columns: Int) {
    let shape = PanelShape(rows: rows, columns: columns)
    arena = Arena(count: shape.floatCount)
    view = PanelMatrix(arena, shape)
  }
}
