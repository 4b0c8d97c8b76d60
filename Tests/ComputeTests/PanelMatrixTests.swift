import Compute
import Testing

@Suite struct PanelShapeTests {
  @Test func panelsHoldWholeBlocksAndAvoidMultiplesOfFourKilobytes() {
    for rows in 1...300 {
      let shape = PanelShape(rows: rows, columns: 33)
      #expect(shape.panels == 3 && shape.floatCount == 3 * shape.stride)
      guard rows > 1 else { continue }
      #expect(shape.stride % 256 == 0 && shape.stride >= rows * 16)
      // 1024 floats are 4 KB. At most one block is spent on keeping away from them.
      #expect(shape.stride % 1024 != 0 && shape.stride - rows * 16 < 512)
    }
  }

  @Test func vectorsHaveNoGaps() {
    #expect(PanelShape(rows: 1, columns: 40).stride == 16)
    #expect(PanelShape(rows: 1, columns: 40).floatCount == 48)
  }

  @Test func nothingTakesNothing() {
    #expect(PanelShape(rows: 5, columns: 0).floatCount == 0)
    #expect(PanelShape(rows: 1, columns: 0).floatCount == 0)
  }
}

@Suite struct PanelMatrixTests {
  @Test func elementsAreWhereKernelsLookForThem() {
    let (rows, columns) = (21, 50)
    let matrix = OwnedMatrix(rows: rows, columns: columns)
    for i in 0..<rows { for j in 0..<columns { matrix.view[i, j] = Float(i * columns + j) } }
    for i in 0..<rows {
      for j in 0..<columns {
        #expect(matrix.view.base[(j / 16) * matrix.view.stride + i * 16 + j % 16] == Float(i * columns + j))
        #expect(matrix.view.pointer(panel: j / 16, row: i)[j % 16] == Float(i * columns + j))
      }
    }
  }

  @Test func rowMajorRoundTrips() {
    for (rows, columns) in [(1, 1), (1, 100), (100, 1), (2, 16), (17, 15), (16, 17), (64, 64), (70, 33)] {
      let matrix = OwnedMatrix(rows: rows, columns: columns)
      let values = (0..<rows * columns).map { Float($0 + 1) }
      matrix.view.setRowMajor(values)
      #expect(matrix.view.rowMajor() == values)
      // Padding stays zero.
      let all = UnsafeBufferPointer(start: matrix.view.base, count: matrix.view.panels * matrix.view.stride)
      #expect(all.filter { $0 != 0 }.count == values.count)
    }
  }

  @Test func viewsShareTheirElements() {
    let matrix = OwnedMatrix(rows: 30, columns: 70)
    matrix.view.setRowMajor((0..<2100).map(Float.init))
    let rows = matrix.view.rows(7..<20)
    #expect(rows.rows == 13 && rows.columns == 70)
    let panels = rows.panels(1..<3)
    #expect(panels.rows == 13 && panels.columns == 32 && panels.panels == 2)
    let last = matrix.view.panels(4..<5)
    #expect(last.columns == 6 && last.panels == 1)
    for i in 0..<13 { for j in 0..<32 { #expect(panels[i, j] == matrix.view[i + 7, j + 16]) } }
    panels[3, 4] = -1
    #expect(matrix.view[10, 20] == -1)
  }

  @Test func rowsAreCopiedAndZeroedWithinTheirView() {
    let source = OwnedMatrix(rows: 5, columns: 40)
    source.view.setRowMajor((0..<200).map { Float($0 + 1) })
    let target = OwnedMatrix(rows: 9, columns: 40)
    target.view.setRowMajor([Float](repeating: -1, count: 360))
    target.view.rows(2..<7).copyRows(from: source.view)
    #expect(target.view.rows(2..<7).rowMajor() == source.view.rowMajor())
    target.view.rows(3..<4).zeroRows()
    #expect(target.view.rows(3..<4).rowMajor().allSatisfy { $0 == 0 })
    for untouched in [0..<2, 7..<9] { #expect(target.view.rows(untouched).rowMajor().allSatisfy { $0 == -1 }) }
    #expect(target.view.rows(4..<7).rowMajor() == source.view.rows(2..<5).rowMajor())
  }

  @Test func matricesOfOneArenaStandSideBySide() {
    let (first, second) = (PanelShape(rows: 3, columns: 20), PanelShape(rows: 1, columns: 5))
    let arena = Arena(count: first.floatCount + second.floatCount)
    let matrix = PanelMatrix(arena, first)
    let vector = PanelMatrix(arena, offset: first.floatCount, second)
    matrix.setRowMajor([Float](repeating: 1, count: 60))
    vector.setRowMajor([Float](repeating: 2, count: 5))
    #expect(matrix.rowMajor().allSatisfy { $0 == 1 })
    #expect(arena.floats.reduce(0, +) == 70)
  }
}

@Suite struct ArenaTests {
  @Test(arguments: [0, 1, 1000, 524_287, 524_288, 1_500_000])
  func memoryIsZeroedAndWritable(count: Int) {
    let arena = Arena(count: count)
    #expect(arena.count == count && arena.floats.count == count)
    #expect(arena.floats.allSatisfy { $0 == 0 })
    arena.floats.update(repeating: 1)
    #expect(arena.floats.reduce(0, +) == Float(count))
  }

  @Test func largeOnesBeginAtAHugePage() {
    for count in [524_288, 524_289, 3_000_000] {
      #expect(Int(bitPattern: Arena(count: count).base) % (2 << 20) == 0)
    }
  }
}
