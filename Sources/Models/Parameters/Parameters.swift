import Compute

/// The trained numbers of a model, with the transposed copies of recurrent weights that the backward pass multiplies by.
///
/// Workers read them in all phases of a step but the update, where each writes its own slice.
package final class Parameters: Sendable {
  package let shape: ModelShape
  package let layout: ParameterLayout
  package let values: Arena
  package let kernels: Kernels
  private let transposedCopies: [TransposedCopy]

  /// A weight [inputs, gates x units] of a recurrent layer and its transpose.
  private struct TransposedCopy: Sendable {
    let name: String
    let original: PanelMatrix
    let transposed: OwnedMatrix
  }

  /// All zeros; see `initialize(seed:)`.
  package init(_ shape: ModelShape, kernels: Kernels) {
    self.shape = shape
    self.kernels = kernels
    let layout = ParameterLayout(shape)
    let values = Arena(count: layout.floatCount)
    self.layout = layout
    self.values = values
    transposedCopies = layout.parameters.filter { $0.role == .inputWeight || $0.role == .recurrentWeight }.map {
      TransposedCopy(
        name: $0.name, original: layout.view($0, in: values),
        transposed: OwnedMatrix(rows: $0.panels.columns, columns: $0.panels.rows))
    }
  }

  package func view(_ name: String) -> PanelMatrix { layout.view(name, in: values) }

  /// The transposed copy of a recurrent weight: [gates x units, inputs].
  package func transposed(_ name: String) -> PanelMatrix {
    guard let copy = transposedCopies.first(where: { $0.name == name }) else {
      preconditionFailure("\(name) has no transposed copy")
    }
    return copy.transposed.view
  }

  /// Renews the transposed copies; has to follow every change of the values.
  package func renewTransposedCopies() {
    for copy in transposedCopies {
      kernels.transpose(copy.original, panels: 0..<copy.original.panels, into: copy.transposed.view)
    }
  }

  /// The same as a phase: a job for every panel of every weight that has a copy.
  package func renewalPhase() -> Phase {
    let jobs = transposedCopies.flatMap { copy in (0..<copy.original.panels).map { (copy, $0) } }
    let kernels = kernels
    return Phase("renew", jobs: { jobs.count }) { job in
      let (copy, panel) = jobs[job]
      kernels.transpose(copy.original, panels: panel..<panel + 1, into: copy.transposed.view)
    }
  }
}
