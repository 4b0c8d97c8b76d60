import CKernels
import Compute
import ComputeTestSupport
import Testing

private let width = PanelShape.width

/// Softmax, scaling and sums over the 16 lanes of a panel, and the sum of squares.
@Suite struct LaneTests {
  private func row(_ panel: [Float], _ index: Int) -> ArraySlice<Float> { panel[index * width..<(index + 1) * width] }

  private func lane(_ panel: [Float], _ lane: Int) -> [Float] {
    stride(from: lane, to: panel.count, by: width).map { panel[$0] }
  }

  /// A chunk's three results.
  private struct Softmax {
    let panel, maximum, sum: GuardedFloats

    init(_ kernels: Kernels, _ values: [Float]) {
      panel = GuardedFloats(values)
      maximum = GuardedFloats([Float](repeating: 9, count: width))
      sum = GuardedFloats([Float](repeating: 9, count: width))
      kernels.softmaxChunk(panel.pointer, rows: values.count / width, maximum: maximum.pointer, sum: sum.pointer)
    }

    var all: [Float] { panel.values + maximum.values + sum.values }
    var isIntact: Bool { panel.isIntact && maximum.isIntact && sum.isIntact }
  }

  @Test(arguments: [1, 2, 3, 31, 95, 96, 97])
  func softmaxOfAChunk(rows: Int) {
    var random = TestRandom(state: UInt64(rows))
    let values = random.floats(rows * width, in: -30...30)
    let result = Softmax(.portable, values)
    for index in 0..<width {
      let x = lane(values, index)
      let maximum = x.max() ?? 0
      #expect(result.maximum.values[index] == maximum)
      // The sum goes over the rows in order.
      let exponentials = lane(result.panel.values, index)
      #expect(result.sum.values[index] == exponentials.reduce(0, +))
      for (x, y) in zip(x, exponentials) { #expect(ulps(of: y, from: Function.exp.exact(Double(x - maximum))) < 2) }
    }
    for kernels in Kernels.available {
      let other = Softmax(kernels, values)
      #expect(sameBits(other.all, result.all) && other.isIntact, "\(kernels.name)")
    }
  }

  @Test(arguments: Kernels.available)
  func softmaxAtTheEdges(kernels: Kernels) {
    let nothing = Softmax(kernels, [])
    #expect(nothing.maximum.values.allSatisfy { $0 == -.infinity } && nothing.sum.values.allSatisfy { $0 == 0 })

    var values = [Float](repeating: 1, count: 5 * width)
    values[2 * width + 3] = .nan
    values[4 * width + 7] = -.infinity
    let result = Softmax(kernels, values)
    // A diverged lane says so; the others don't notice.
    for index in 0..<width {
      #expect(result.sum.values[index].isNaN == (index == 3))
      #expect(result.maximum.values[index] == 1)
    }
    #expect(result.sum.values[7] == 4 && result.sum.values[0] == 5)
    #expect(result.panel.values[4 * width + 7] == 0)
  }

  @Test(arguments: Kernels.available)
  func scaling(kernels: Kernels) {
    var random = TestRandom(state: 7)
    let factors = random.floats(width)
    for rows in [0, 1, 2, 7, 70] {
      let values = random.floats(rows * width)
      let (panel, factor) = (GuardedFloats(values), GuardedFloats(factors))
      kernels.scaleLanes(panel.pointer, rows: rows, by: factor.pointer, ahead: panel.pointer)
      #expect(sameBits(panel.values, values.enumerated().map { $1 * factors[$0 % width] }))
      #expect(panel.isIntact && factor.isIntact)
    }
  }

  @Test(arguments: Kernels.available)
  func sumsOfRows(kernels: Kernels) {
    var random = TestRandom(state: 8)
    for rows in [0, 1, 2, 7, 70] {
      let values = random.floats(rows * width)
      let first = random.floats(width)
      let (panel, sum) = (GuardedFloats(values), GuardedFloats(first))
      kernels.addRows(panel.pointer, rows: rows, to: sum.pointer)
      #expect(sameBits(sum.values, (0..<width).map { lane(values, $0).reduce(first[$0], +) }))
      #expect(sum.isIntact && sameBits(panel.values, values))
    }
  }

  /// Halves added to halves, until one is left.
  private func halved<T: FloatingPoint>(_ values: [T]) -> T {
    var values = values
    while values.count > 1 {
      let half = values.count / 2
      values = (0..<half).map { values[$0] + values[$0 + half] }
    }
    return values[0]
  }

  @Test(arguments: Kernels.available)
  func sumsOfLanes(kernels: Kernels) {
    var random = TestRandom(state: 9)
    for rows in [0, 1, 2, 7, 70] {
      let values = random.floats(rows * width)
      let first = random.floats(rows)
      let (panel, sum) = (GuardedFloats(values), GuardedFloats(first))
      kernels.addLanes(panel.pointer, rows: rows, to: sum.pointer, ahead: panel.pointer)
      #expect(sameBits(sum.values, (0..<rows).map { first[$0] + halved(Array(row(values, $0))) }))
      #expect(sum.isIntact && sameBits(panel.values, values))
    }
  }

  @Test(arguments: Kernels.available)
  func sumsOfSquares(kernels: Kernels) {
    var random = TestRandom(state: 10)
    for count in Array(0...70) + [1000, 4097] {
      // Squares that single precision could not hold.
      let values = random.floats(count).map { $0 * 1e30 }
      var chains = [Double](repeating: 0, count: width)
      for (index, x) in values.enumerated() {
        chains[index % width] = chains[index % width].addingProduct(Double(x), Double(x))
      }
      let guarded = GuardedFloats(values)
      let sum = kernels.sumOfSquares(guarded.pointer, count: count)
      #expect(sum.bitPattern == halved(chains).bitPattern, "\(count)")
      let plain = values.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(sum - plain) <= 1e-13 * plain)
    }
  }

  @Test(arguments: Kernels.available)
  func whatIsNotFiniteIsFoundAnywhere(kernels: Kernels) {
    for count in 0...140 {
      let numbers = GuardedFloats([Float](repeating: -.greatestFiniteMagnitude, count: count))
      #expect(kernels.areFinite(numbers.pointer, count: count))
      for place in 0..<count {
        for fault in [Float.infinity, -.infinity, .nan] {
          numbers.pointer[place] = fault
          #expect(!kernels.areFinite(numbers.pointer, count: count), "\(fault) at \(place) of \(count)")
        }
        numbers.pointer[place] = .leastNonzeroMagnitude
      }
    }
  }
}
