import Compute
import ComputeTestSupport
import Testing

/// Transposing, gathering and summing rows of matrices in panels.
@Suite struct MovementTests {
  private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> OwnedMatrix {
    var random = TestRandom(state: seed)
    let result = OwnedMatrix(rows: rows, columns: columns)
    result.view.setRowMajor(random.floats(rows * columns))
    return result
  }

  @Test(arguments: Kernels.available)
  func blocksOfSixteen(kernels: Kernels) {
    let values = (0..<256).map { Float($0) }
    let from = GuardedFloats(values)
    let to = GuardedFloats([Float](repeating: 0, count: 256))
    kernels.transposeBlock(from.pointer, into: to.pointer)
    for i in 0..<16 { for j in 0..<16 { #expect(to.values[j * 16 + i] == values[i * 16 + j]) } }
    #expect(to.isIntact && from.values == values)
  }

  @Test(arguments: Kernels.available)
  func matricesOfAllShapes(kernels: Kernels) {
    for (rows, columns) in [(2, 2), (16, 16), (15, 17), (17, 15), (70, 33), (33, 70), (2, 100), (100, 2), (64, 64)] {
      let from = matrix(rows, columns, seed: 11)
      let to = OwnedMatrix(rows: columns, columns: rows)
      // Panel by panel, as the workers do it.
      for panel in (0..<from.view.panels).reversed() {
        kernels.transpose(from.view, panels: panel..<panel + 1, into: to.view)
      }
      for i in 0..<rows { for j in 0..<columns { #expect(to.view[j, i] == from.view[i, j]) } }
      #expect(hasZeroPadding(to.view))
    }
  }

  /// A single row stands alone in memory: next to it begins what belongs to others.
  @Test(arguments: Kernels.available)
  func singleRowsAndColumns(kernels: Kernels) {
    for count in [1, 2, 16, 17, 100] {
      let row = PanelShape(rows: 1, columns: count)
      let column = PanelShape(rows: count, columns: 1)
      let expected = (0..<count).map { Float($0 + 1) }
      // Memory after the view holds other numbers, which must neither be read nor written.
      let arena = Arena(count: row.floatCount + 512)
      arena.floats.update(repeating: sentinel)
      let vector = PanelMatrix(arena, row)
      vector.zeroRows()
      vector.setRowMajor(expected)
      let transposed = OwnedMatrix(rows: count, columns: 1)
      kernels.transpose(vector, panels: 0..<vector.panels, into: transposed.view)
      #expect(transposed.view.rowMajor() == expected)
      #expect(hasZeroPadding(transposed.view))

      let upright = OwnedMatrix(rows: count, columns: 1)
      upright.view.setRowMajor(expected)
      #expect(upright.view.stride == column.stride)
      vector.zeroRows()
      kernels.transpose(upright.view, panels: 0..<1, into: vector)
      #expect(vector.rowMajor() == expected)
      #expect(hasZeroPadding(vector))
      #expect(sameBits(arena.floats.dropFirst(row.floatCount), repeatElement(sentinel, count: 512)))
    }
  }

  private func hasZeroPadding(_ matrix: PanelMatrix) -> Bool {
    (0..<matrix.rows).allSatisfy { i in
      (matrix.columns..<matrix.panels * PanelShape.width).allSatisfy { matrix[i, $0] == 0 }
    }
  }

  @Test func gatheredRows() {
    let table = matrix(23, 37, seed: 12)
    let index: [Int32] = [22, 0, 7, 7, 7, 13, 22, 1, 0]
    let result = OwnedMatrix(rows: index.count + 2, columns: 37)
    result.view.setRowMajor([Float](repeating: 5, count: (index.count + 2) * 37))
    index.withUnsafeBufferPointer { index in
      guard let base = index.baseAddress else { return }
      result.view.rows(1..<index.count + 1).gatherRows(of: table.view, index: base)
    }
    for (i, row) in index.enumerated() {
      #expect(sameBits(result.view.rows(i + 1..<i + 2).rowMajor(), table.view.rows(Int(row)..<Int(row) + 1).rowMajor()))
    }
    #expect(result.view.rows(0..<1).rowMajor().allSatisfy { $0 == 5 })
    #expect(result.view.rows(index.count + 1..<index.count + 2).rowMajor().allSatisfy { $0 == 5 })
  }

  @Test func summedRows() {
    let source = matrix(9, 37, seed: 13)
    let index: [Int32] = [8, 3, 3, 0, 5, 1, 2, 7, 6]
    // The second and the last sum are over nothing.
    let start: [Int32] = [0, 4, 4, 5, 9, 9]
    let result = OwnedMatrix(rows: 5, columns: 37)
    result.view.setRowMajor([Float](repeating: 5, count: 5 * 37))
    index.withUnsafeBufferPointer { index in
      start.withUnsafeBufferPointer { start in
        guard let index = index.baseAddress, let start = start.baseAddress else { return }
        // Panels are independent jobs.
        for panel in [2, 0, 1] {
          result.view.sumRows(of: source.view, index: index, start: start, panels: panel..<panel + 1)
        }
      }
    }
    for i in 0..<5 {
      for j in 0..<37 {
        let expected = (start[i]..<start[i + 1]).reduce(Float(0)) { $0 + source.view[Int(index[Int($1)]), j] }
        #expect(result.view[i, j].bitPattern == expected.bitPattern)
      }
    }
  }
}
