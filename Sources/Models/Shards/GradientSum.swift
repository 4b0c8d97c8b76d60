import Compute

/// The sum of the gradients of some shards of a minibatch, or nothing, where they have no rows.
///
/// Rows of gradients by rows are in the order of the left summand's and then of those that only the right one has.
package final class GradientSum: @unchecked Sendable {
  // Unchecked: `isEmpty` is written between phases, or by phases of one job.

  package let gradients: Gradients
  /// Whether nothing has been added up.
  package fileprivate(set) var isEmpty = true

  /// - Parameter gradients: the memory of the sum.
  package init(_ gradients: Gradients) { self.gradients = gradients }

  /// What somebody else puts there: a shard's gradient, or nothing.
  package func put(isEmpty: Bool) { self.isEmpty = isEmpty }
}

/// sum += summand, or sum = summand, once in a step. Each has its own state: how many jobs phases have must not change before
/// the last one of a run is over.
final class GradientAddition: @unchecked Sendable {
  // Unchecked: all that changes is written by a phase of one job.

  private let sum: GradientSum
  private let summand: GradientSum
  private let isFirst: Bool
  private var kind = Kind.nothing
  /// [set of rows] where the summand's rows stand in the sum, and how many rows the sum had without them.
  private let places: [Buffer<Int32>]
  private var countsBefore: [Int]

  private enum Kind {
    case nothing, copy, add
  }

  /// Floats that a job adds.
  private static let block = 16_384

  /// - Parameters:
  ///   - summand: whose sets of rows are no larger.
  ///   - isFirst: whether what was there before is forgotten.
  init(of summand: GradientSum, to sum: GradientSum, isFirst: Bool = false) {
    (self.sum, self.summand, self.isFirst) = (sum, summand, isFirst)
    places = summand.gradients.rowSets.map { Buffer(count: $0.capacity, repeating: 0) }
    countsBefore = places.map { _ in 0 }
  }

  func phases() -> [Phase] {
    let count = sum.gradients.values.count
    let pieces = zip(sum.gradients.byRows, summand.gradients.byRows).flatMap { [sum] own, others in
      let set = sum.gradients.rowSets.firstIndex { $0 === own.rows } ?? 0
      return (0..<own.pieceCount).map { (own, others, set, $0) }
    }
    return [
      Phase(.exchange, jobs: { 1 }) { [self] _ in begin() },
      Phase(.exchange, jobs: { [self] in kind == .nothing ? 0 : (count + Self.block - 1) / Self.block }) { [self] job in
        let range = job * Self.block..<min((job + 1) * Self.block, count)
        let (sum, addend) = (sum.gradients.values.rows(range), summand.gradients.values.rows(range))
        if kind == .add { sum.addRows(of: addend) } else { sum.copyRows(from: addend) }
      },
      Phase(.exchange, jobs: { [self] in kind == .nothing ? 0 : pieces.count }) { [self] job in
        let (own, others, set, piece) = pieces[job]
        add(piece, of: others, to: own, places: places[set].base, countBefore: countsBefore[set])
      },
    ]
  }

  /// Decides what is to be done, and finds places for the summand's rows.
  private func begin() {
    if isFirst { sum.isEmpty = true }
    kind = summand.isEmpty ? .nothing : sum.isEmpty ? .copy : .add
    guard kind != .nothing else { return }
    for (set, (own, others)) in zip(sum.gradients.rowSets, summand.gradients.rowSets).enumerated() {
      if sum.isEmpty { own.removeAll() }
      countsBefore[set] = own.count
      for place in 0..<others.count { places[set][place] = own.insert(others.ids[place]) }
    }
    sum.isEmpty = false
  }

  /// Rows that the sum had are added to; others are copied.
  private func add(
    _ piece: Int, of summand: RowGradient, to sum: RowGradient, places: UnsafePointer<Int32>, countBefore: Int
  ) {
    let (to, from, width) = (sum.pieceBase(piece), summand.pieceBase(piece), sum.parameter.rowPieces.width)
    let count = summand.rows.count
    Watchdog.writes(to, count: sum.rows.count * width)
    Watchdog.reads(from, count: count * width)
    for place in 0..<count {
      let (row, addend) = (to + Int(places[place]) * width, from + place * width)
      if places[place] < countBefore {
        for index in 0..<width { row[index] += addend[index] }
      } else {
        row.update(from: addend, count: width)
      }
    }
  }
}

extension Arena {
  /// Some floats, a multiple of 16, as rows of a matrix.
  fileprivate func rows(_ range: Range<Int>) -> PanelMatrix {
    PanelMatrix(
      base: base + range.lowerBound, rows: range.count / PanelShape.width, columns: PanelShape.width,
      stride: range.count)
  }
}
