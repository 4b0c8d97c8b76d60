import Compute
import Models

extension OptimizerStep {
  /// Forgets what of a parameter's moment another process keeps, and gives its memory back.
  package func keepOwn(_ moment: Moment, of parameter: Parameter) {
    let own = slices.floats(of: parameter, ofRank: slices.ranks.rank)
    moment.arena.release(parameter.floats.lowerBound..<own.lowerBound)
    moment.arena.release(own.upperBound..<parameter.floats.upperBound)
  }

  /// Whether this process keeps anything of a parameter's moments.
  package func keeps(_ parameter: Parameter) -> Bool {
    !slices.floats(of: parameter, ofRank: slices.ranks.rank).isEmpty
  }
}

/// The moments that some processes have slices of, for the first of them to read, one parameter after the other: what it holds more
/// than its own is never more than one parameter's moment.
///
/// The first process asks, and the others answer until it has no more questions.
package final class MomentReading: @unchecked Sendable {
  // Unchecked: the one thread that saves uses it.

  private let optimizer: OptimizerStep
  private let parameters: [Parameter]
  /// What is whole on the first process; nil: nothing but its own.
  private var current: Int?
  private var isReading = false

  package init(_ optimizer: OptimizerStep, of layout: ParameterLayout) {
    self.optimizer = optimizer
    parameters = layout.parameters
  }

  /// Does something on the first process, which may read moments meanwhile; the others wait, and answer. By all of them together.
  package func run(_ body: () throws -> Void) rethrows {
    let ranks = optimizer.slices.ranks
    guard ranks.count > 1 else { return try body() }
    guard ranks.rank == 0 else {
      while let question = ranks.first(nil) { bring(question) }
      return
    }
    isReading = true
    defer {
      forget()
      _ = ranks.first(nil)
      isReading = false
    }
    try body()
  }

  /// Makes the elements of a parameter's moment readable, until the next one's are. Outside of `run` each process has its own.
  package func prepare(moment: Int, of parameter: Parameter) {
    guard isReading, parameter.gradientRows == .all, let index = parameters.firstIndex(of: parameter) else { return }
    let question = moment * parameters.count + index
    if current == question { return }
    forget()
    _ = optimizer.slices.ranks.first(question)
    bring(question)
    current = question
  }

  private func bring(_ question: Int) {
    let (moment, parameter) = question.quotientAndRemainder(dividingBy: parameters.count)
    optimizer.slices.bringToFirst(parameters[parameter], in: optimizer.moments[moment].arena)
  }

  private func forget() {
    guard let current else { return }
    let (moment, parameter) = current.quotientAndRemainder(dividingBy: parameters.count)
    optimizer.keepOwn(optimizer.moments[moment], of: parameters[parameter])
    self.current = nil
  }
}
