import Compute
import Models

/// What one job updates of one parameter: some stretches of memory, each with its gradient and its moments.
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

  private let parameters: Parameters
  private let handle: Parameter.Handle
  private let moments: UnsafeBufferPointer<FloatPointer>
  private let gradient: Gradient
  /// Whether all that was written is finite.
  private(set) var isFinite = true

  /// - Parameter moments: the starts of their arenas.
  init(
    _ parameters: Parameters, _ handle: Parameter.Handle, moments: UnsafeBufferPointer<FloatPointer>, gradient: Gradient
  ) {
    self.parameters = parameters
    self.handle = handle
    self.moments = moments
    self.gradient = gradient
  }

  /// For optimizers that treat parameters differently.
  package var parameter: Parameter { parameters.layout[handle] }

  /// For loops that are compiled for each of them.
  package var instructionSet: InstructionSet { parameters.kernels.instructionSet }

  /// Calls back with each stretch. Pointers are taken once: nothing in the loop counts references, which workers would
  /// wait for each other for.
  package mutating func forEachStretch(_ update: (Stretch) -> Void) {
    let (kernels, weights, moments) = (parameters.kernels, parameters.values.base, moments)
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
    case .rows(let gradient, let range): gradient.forEachStretch(ofPlaces: range, visit)
    case .allRows(let gradient, let range, let zeros): gradient.forEachStretch(ofAll: range, zeros: zeros, visit)
    }
    self.isFinite = isFinite
  }
}
