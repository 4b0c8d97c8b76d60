import Compute

/// The gradient of a parameter in the rows that a step has; in all others it is zero.
package final class RowGradient: Sendable {
  package let parameter: Parameter
  /// Parameters of the same rows share one set.
  package let rows: RowSet
  private let arena: Arena
  private let shape: PanelShape

  init(_ parameter: Parameter, _ rows: RowSet) {
    self.parameter = parameter
    self.rows = rows
    let isVector = parameter.shape.count == 1
    shape = PanelShape(
      rows: isVector ? 1 : rows.capacity, columns: isVector ? rows.capacity : parameter.panels.columns)
    arena = Arena(count: shape.floatCount)
  }

  /// [capacity, columns], or [1, capacity] of a vector: the rows of the set, in its order.
  package var values: PanelMatrix { PanelMatrix(arena, shape) }

  /// Stretches of memory that hold the rows of this step, each with some columns of all of them.
  package var pieceCount: Int { parameter.rowPieces.count }

  package func piece(_ index: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: pieceBase(index), count: rows.count * parameter.rowPieces.width)
  }

  /// Where a stretch begins.
  func pieceBase(_ index: Int) -> FloatPointer { arena.base + index * shape.stride }

  /// Calls back with what each row of the parameter has to do with its gradient, for some rows of the parameter: where
  /// floats stand in an arena of the layout, and their gradients.
  ///
  /// - Parameters:
  ///   - zeros: as many as rows have floats in one piece: the gradient of rows that this step doesn't have.
  package func forEachStretch(
    ofAll range: Range<Int>, zeros: UnsafePointer<Float>, _ body: (Int, UnsafePointer<Float>, _ count: Int) -> Void
  ) {
    let (pieces, width) = parameter.rowPieces
    let (offset, stride, rows) = (parameter.offset, parameter.panels.stride, rows)
    var first = range.lowerBound
    while first < range.upperBound {
      var end = first
      while end < range.upperBound && rows.place(of: end) == nil { end += 1 }
      if end > first {
        for piece in 0..<pieces { body(offset + piece * stride + first * width, zeros, (end - first) * width) }
      }
      if end < range.upperBound { forEachStretch(ofPlaces: rows.place(of: end).map { $0..<$0 + 1 } ?? 0..<0, body) }
      first = end + 1
    }
  }

  /// The same for some of the rows that this step has.
  package func forEachStretch(
    ofPlaces range: Range<Int>, _ body: (Int, UnsafePointer<Float>, _ count: Int) -> Void
  ) {
    // Plain numbers and pointers: whatever counts references in this loop makes workers wait for each other.
    let (pieces, width) = parameter.rowPieces
    let (offset, stride, gradientStride) = (parameter.offset, parameter.panels.stride, shape.stride)
    let (ids, gradients) = (rows.ids.base, UnsafePointer(arena.base))
    for place in range {
      let row = offset + Int(ids[place]) * width
      let gradient = gradients + place * width
      for piece in 0..<pieces { body(row + piece * stride, gradient + piece * gradientStride, width) }
    }
  }

  /// As PyTorch orders them. Cost: O(elements).
  var elements: [Float] {
    let columns = parameter.shape.dropFirst().reduce(1, *)
    var elements = [Float](repeating: 0, count: parameter.elementCount)
    let inputColumns = parameter.inputColumns
    for place in 0..<rows.count {
      let first = Int(rows.ids.base[place]) * columns
      for column in 0..<columns {
        elements[first + column] =
          parameter.shape.count == 1 ? values[0, place] : values[place, inputColumns[column]]
      }
    }
    return elements
  }
}
