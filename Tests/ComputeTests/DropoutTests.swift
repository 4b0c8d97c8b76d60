import Compute
import Testing

/// Dropout against its rule, restated one element at a time.
@Suite struct DropoutTests {
  private static let random = Philox(seed: 77)

  private static func isDropped(_ share: Double, step: Int, place: Int, identity: Int, column: Int) -> Bool {
    let (panel, lane) = (column / 16, column % 16)
    let block = UInt64(place << 24 | panel << 1 | lane / 8) << 32 | UInt64(identity)
    let word = random.words(.dropout, step: step, block: Int(truncatingIfNeeded: block))[lane % 8 / 2]
    return Double(word >> (lane % 2 * 16) & 0xFFFF) < (share * 65_536).rounded()
  }

  @Test(arguments: [(0.5, 0), (0.3, 3), (0.99, 200)], [0..<1, 3..<40, 0..<77])
  func everyElementIsZeroOrScaled(setting: (share: Double, place: Int), rows: Range<Int>) {
    let (size, columns) = (77, 37)
    let source = OwnedMatrix(rows: size, columns: columns)
    source.view.setRowMajor((0..<size * columns).map { Float($0 + 1) })
    let sequences = (0..<size).map { Int32($0 % 7) }
    for identity in [nil, sequences] {
      let target = OwnedMatrix(rows: size, columns: columns)
      identity.withPointer {
        target.view.dropRows(
          of: source.view, rows: rows, Self.random, share: setting.share, step: 5, place: setting.place, maskOf: $0)
      }
      let scale = Float(65_536 / (65_536 - (setting.share * 65_536).rounded()))
      for row in 0..<size {
        for column in 0..<columns {
          let dropped =
            !rows.contains(row)
            || Self.isDropped(
              setting.share, step: 5, place: setting.place, identity: identity.map { Int($0[row]) } ?? row,
              column: column)
          let expected = dropped ? 0 : source.view[row, column] * scale
          #expect(target.view[row, column] == expected, "\(row), \(column)")
        }
      }
    }
  }

  /// The share that is zero and the mean, within four standard deviations.
  @Test func shareAndMean() {
    let matrix = OwnedMatrix(rows: 1000, columns: 160)
    matrix.view.setRowMajor([Float](repeating: 1, count: 160_000))
    matrix.view.dropRows(
      of: matrix.view, rows: 0..<1000, Self.random, share: 0.3, step: 1, place: 1, maskOf: nil)
    let values = matrix.view.rowMajor().map(Double.init)
    let count = Double(values.count)
    let share = Double(values.count { $0 == 0 }) / count
    let mean = values.reduce(0, +) / count
    #expect(abs(share - 0.3) < 4 * (0.21 / count).squareRoot())
    #expect(abs(mean - 1) < 4 * (0.3 / 0.7 / count).squareRoot())
  }

  /// Which elements of 40 rows of ones are zero.
  private static func zeros(seed: UInt64 = 77, step: Int = 1, place: Int = 0, maskOf identity: [Int32]? = nil)
    -> [[Bool]]
  {
    let (rows, columns) = (40, 32)
    let matrix = OwnedMatrix(rows: rows, columns: columns)
    matrix.view.setRowMajor([Float](repeating: 1, count: rows * columns))
    identity.withPointer {
      matrix.view.dropRows(
        of: matrix.view, rows: 0..<rows, Philox(seed: seed), share: 0.5, step: step, place: place, maskOf: $0)
    }
    return (0..<rows).map { row in (0..<columns).map { matrix.view[row, $0] == 0 } }
  }

  @Test func everySeedStepPlaceRowAndPanelHasAMaskOfItsOwn() {
    let all = [
      Self.zeros(), Self.zeros(seed: 78), Self.zeros(seed: 77 + 1 << 32), Self.zeros(step: 2), Self.zeros(place: 1),
    ]
    let panels = all.flatMap { $0 }.flatMap { [Array($0[..<16]), Array($0[16...])] }
    // Of 400 masks of 16 bits about one pair is alike by chance; a source that counted for nothing would make 40.
    #expect(Set(panels).count > panels.count - 10)
    #expect(Self.zeros() == all[0])
  }

  @Test func rowsOfOneSequenceHaveOneMask() {
    let sequences = (0..<40).map { Int32($0 % 7) }
    let zeros = Self.zeros(maskOf: sequences)
    for row in 7..<40 { #expect(zeros[row] == zeros[row - 7]) }
    #expect(Set(zeros).count == 7)
  }
}

extension Optional where Wrapped == [Int32] {
  fileprivate func withPointer(_ body: (UnsafePointer<Int32>?) -> Void) {
    guard let self else { return body(nil) }
    self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
