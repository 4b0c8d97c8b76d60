import CKernels
import Compute
import Models

/// What one job updates: some stretches of memory, each with its gradient and its moments.
package struct UpdateSlice {
  /// So many weights side by side, and what belongs to each.
  package struct Stretch {
    package let weights: FloatPointer
    package let gradient: UnsafePointer<Float>
    package let count: Int
    /// From the arenas' starts.
    fileprivate let offset: Int
    fileprivate let moments: UnsafePointer<FloatPointer>

    /// Of the optimizer's moments, in the order of their names.
    package func moment(_ index: Int) -> FloatPointer { moments[index] + offset }
  }

  /// Where the gradient is.
  enum Gradient {
    /// That of all elements between two offsets from the arenas' starts.
    case dense(Range<Int>, UnsafePointer<Float>)
    /// That of some of the rows that the step has.
    case rows(RowGradient, Range<Int>)
    /// That of some rows, and zeros for those that the step doesn't have.
    case allRows(RowGradient, Range<Int>, zeros: UnsafePointer<Float>)
  }

  private let weights: FloatPointer
  private let moments: UnsafeBufferPointer<FloatPointer>
  private let gradient: Gradient
  private let kernels: Kernels
  /// Whether all that was written is finite.
  private(set) var isFinite = true

  /// - Parameters:
  ///   - weights: the start of their arena.
  ///   - moments: the starts of theirs.
  init(
    weights: FloatPointer, moments: UnsafeBufferPointer<FloatPointer>, gradient: Gradient, kernels: Kernels
  ) {
    self.weights = weights
    self.moments = moments
    self.gradient = gradient
    self.kernels = kernels
  }

  /// For loops that are compiled for each of them.
  package var instructionSet: InstructionSet { kernels.instructionSet }

  /// Calls back with each stretch. Nothing here counts references, which workers would wait for each other for.
  package mutating func forEachStretch(_ update: (Stretch) -> Void) {
    let (kernels, weights, moments) = (kernels, weights, moments)
    guard let firstMoment = moments.baseAddress else { preconditionFailure("moments have an address") }
    var isFinite = isFinite
    func visit(_ offset: Int, _ gradient: UnsafePointer<Float>, _ count: Int) {
      update(
        Stretch(weights: weights + offset, gradient: gradient, count: count, offset: offset, moments: firstMoment))
      // While it is in the cache.
      isFinite = kernels.areFinite(weights + offset, count: count) && isFinite
      for moment in moments { isFinite = kernels.areFinite(moment + offset, count: count) && isFinite }
    }
    switch gradient {
    case .dense(let range, let gradient): visit(range.lowerBound, gradient, range.count)
    case .rows(let gradient, let range):
      // Each stretch is a line of cache far from the one before: fetched together, none is waited for alone.
      gradient.forEachStretch(ofPlaces: range) { offset, _, _ in
        ck_prefetch_for_write(weights + offset)
        for moment in moments { ck_prefetch_for_write(moment + offset) }
      }
      gradient.forEachStretch(ofPlaces: range, visit)
    case .allRows(let gradient, let range, let zeros): gradient.forEachStretch(ofAll: range, zeros: zeros, visit)
    }
    self.isFinite = isFinite
  }
}
