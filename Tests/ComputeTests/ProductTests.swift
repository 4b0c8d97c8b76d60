import Compute
import ComputeTestSupport
import Testing

@Suite struct ProductTests {
  @Test(arguments: ProductCheck.Start.allCases)
  func everyNumberOfRowsAndColumns(start: ProductCheck.Start) throws {
    let check = ProductCheck(largest: .init(rows: 70, columns: 80, length: 70))
    for rows in 1...70 {
      for (index, length) in [1, 3, 17, 48].enumerated() {
        // Columns to the end of half a panel are computed alike, so that one number of columns stands for its half; which
        // one it is changes with the rows.
        for panel in 0..<5 {
          let half = 2 * panel + (panel + index) % 2
          let columns = half * 8 + 1 + (rows + length) % 8
          let fault = check.fault(.init(rows: rows, columns: columns, length: length), start)
          try #require(fault == nil)
        }
      }
    }
  }

  @Test(arguments: ProductCheck.Start.allCases)
  func everyLength(start: ProductCheck.Start) throws {
    let check = ProductCheck(largest: .init(rows: 17, columns: 50, length: 70))
    for length in 0...70 {
      for rows in [1, 5, 6, 7, 12, 13, 17] {
        for columns in [16, 23, 50] {
          let fault = check.fault(.init(rows: rows, columns: columns, length: length), start)
          try #require(fault == nil)
        }
      }
    }
  }

  /// One, two and three rows have tiles of their own, up to eight panels wide.
  @Test(arguments: ProductCheck.Start.allCases)
  func fewRowsOfManyPanels(start: ProductCheck.Start) throws {
    let check = ProductCheck(largest: .init(rows: 3, columns: 18 * 16, length: 400))
    for rows in 1...3 {
      for panels in 1...18 {
        for length in [1, 15, 16, 17, 400] {
          let fault = check.fault(.init(rows: rows, columns: panels * 16 - 3, length: length), start)
          try #require(fault == nil)
        }
      }
    }
  }

  /// Kernels cut long sums and many rows into blocks.
  @Test(arguments: [
    (rows: 13, length: 351), (96, 352), (97, 353), (12, 704), (14, 705), (200, 353), (25, 1000), (193, 361), (7, 1057),
  ])
  func sizesAroundTheBlocks(rows: Int, length: Int) throws {
    let size = ProductCheck.Size(rows: rows, columns: 43, length: length)
    let check = ProductCheck(largest: size)
    for start in ProductCheck.Start.allCases {
      let fault = check.fault(size, start)
      try #require(fault == nil)
    }
  }

  @Test(arguments: Kernels.available)
  func vectorOfEverySize(kernels: Kernels) {
    var random = TestRandom(state: 5)
    // Rows of a larger matrix, which ends with the memory: a kernel that reads on would meet what isn't there.
    let all = OwnedMatrix(rows: 80, columns: 70)
    all.view.setRowMajor(random.floats(80 * 70))
    let inputs = OwnedMatrix(rows: 3, columns: 70)
    inputs.view.setRowMajor(random.floats(3 * 70))
    let bias = GuardedFloats(random.floats(70))
    for rows in 0...70 {
      for length in 1...70 {
        let matrix = all.view.rows(80 - rows..<80)
        let a = PanelMatrix(base: matrix.base, rows: rows, columns: length, stride: matrix.stride)
        let x = PanelMatrix(
          base: inputs.view.rows(1..<2).base, rows: 1, columns: length, stride: inputs.view.stride)
        for isBiased in [false, true] {
          let y = GuardedFloats([Float](repeating: sentinel, count: rows))
          kernels.multiply(a, vector: x, into: y.pointer, bias: isBiased ? UnsafePointer(bias.pointer) : nil)
          let expected = (0..<rows).map { i in
            (0..<length).reduce(isBiased ? bias.pointer[i] : 0) { $0.addingProduct(a[i, $1], x[0, $1]) }
          }
          if !sameBits(y.values, expected) || !y.isIntact {
            Issue.record("\(rows) rows of \(length), biased: \(isBiased)")
            return
          }
        }
      }
    }
  }

  @Test(arguments: Kernels.available)
  func nothingIsMultipliedWhereThereIsNothing(kernels: Kernels) {
    let c = OwnedMatrix(rows: 3, columns: 20)
    c.view.setRowMajor([Float](repeating: 7, count: 60))
    let a = OwnedMatrix(rows: 3, columns: 5)
    let b = OwnedMatrix(rows: 5, columns: 20)
    kernels.multiply(a.view.rows(1..<1), b.view, into: c.view.rows(1..<1), start: .zero)
    kernels.multiply(a.view, b.view.panels(1..<1), into: c.view.panels(1..<1), start: .zero)
    #expect(c.view.rowMajor().allSatisfy { $0 == 7 })
  }

  /// What sharding rests on: an element is the same whichever part of C it is computed in.
  @Test(arguments: Kernels.available)
  func partsOfAProductAreTheWhole(kernels: Kernels) {
    var random = TestRandom(state: 2)
    let (rows, columns, length) = (61, 75, 41)
    let a = OwnedMatrix(rows: rows, columns: length)
    let transposedA = OwnedMatrix(rows: length, columns: rows)
    let b = OwnedMatrix(rows: length, columns: columns)
    let values = random.floats(rows * length)
    a.view.setRowMajor(values)
    for i in 0..<rows { for k in 0..<length { transposedA.view[k, i] = values[i * length + k] } }
    b.view.setRowMajor(random.floats(length * columns))
    let bias = GuardedFloats(random.floats(80))
    let whole = OwnedMatrix(rows: rows, columns: columns)
    kernels.multiply(a.view, b.view, into: whole.view, start: .columnBias(bias.pointer))

    for rowCut in [1, 7, 16, 33, 60] {
      for panelCut in 1...4 {
        let parts = OwnedMatrix(rows: rows, columns: columns)
        for rowRange in [0..<rowCut, rowCut..<rows] {
          for panelRange in [0..<panelCut, panelCut..<5] {
            kernels.multiply(
              a.view.rows(rowRange), b.view.panels(panelRange), into: parts.view.rows(rowRange).panels(panelRange),
              start: .columnBias(bias.pointer + panelRange.lowerBound * 16))
          }
        }
        #expect(sameBits(parts.view.rowMajor(), whole.view.rowMajor()))
      }
    }
    // The left operand as it is transposed splits at its panels.
    for panelCut in 1...3 {
      let parts = OwnedMatrix(rows: rows, columns: columns)
      for panelRange in [0..<panelCut, panelCut..<4] {
        let left = transposedA.view.panels(panelRange)
        let first = panelRange.lowerBound * 16
        kernels.multiply(
          left, transposed: true, b.view, into: parts.view.rows(first..<first + left.columns),
          start: .columnBias(bias.pointer))
      }
      #expect(sameBits(parts.view.rowMajor(), whole.view.rowMajor()))
    }
  }

  /// What the reducer rests on: a sum that goes on where another ended is the same chain.
  @Test(arguments: Kernels.available)
  func aSumInPartsIsTheWholeSum(kernels: Kernels) {
    var random = TestRandom(state: 3)
    let (rows, columns, length) = (29, 37, 400)
    let a = OwnedMatrix(rows: length, columns: rows)
    let b = OwnedMatrix(rows: length, columns: columns)
    a.view.setRowMajor(random.floats(length * rows))
    b.view.setRowMajor(random.floats(length * columns))
    let whole = OwnedMatrix(rows: rows, columns: columns)
    kernels.multiply(a.view, transposed: true, b.view, into: whole.view, start: .zero)
    for cut in [1, 15, 129, 399] {
      let parts = OwnedMatrix(rows: rows, columns: columns)
      for (range, start) in [(0..<cut, Kernels.Start.zero), (cut..<length, .accumulate)] {
        kernels.multiply(a.view.rows(range), transposed: true, b.view.rows(range), into: parts.view, start: start)
      }
      #expect(sameBits(parts.view.rowMajor(), whole.view.rowMajor()))
    }
  }

  @Test(arguments: Kernels.available)
  func firstColumnsOfTheLeftOperand(kernels: Kernels) {
    var random = TestRandom(state: 4)
    let (rows, columns) = (19, 40)
    for length in [1, 15, 16, 30, 48] {
      // What lies beyond the first columns must not count, not even as NaN.
      let a = OwnedMatrix(rows: rows, columns: 48)
      let b = OwnedMatrix(rows: 48, columns: columns)
      a.view.setRowMajor([Float](repeating: sentinel, count: rows * 48))
      b.view.setRowMajor([Float](repeating: sentinel, count: 48 * columns))
      let left = random.floats(rows * length)
      let right = random.floats(length * columns)
      for i in 0..<rows { for k in 0..<length { a.view[i, k] = left[i * length + k] } }
      b.view.rows(0..<length).setRowMajor(right)
      let c = OwnedMatrix(rows: rows, columns: columns)
      kernels.multiply(a.view, firstColumns: length, b.view, into: c.view, start: .zero)
      var expected = [Float](repeating: 0, count: rows * columns)
      addProduct(left, right, to: &expected, rows, columns, length)
      #expect(sameBits(c.view.rowMajor(), expected))
    }
  }
}
