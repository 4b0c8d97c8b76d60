import Compute

/// The trained numbers of a model, with the transposed copies of recurrent weights that the backward pass multiplies by.
///
/// Workers read them in all phases of a step but the update, where each writes its own slice.
package final class Parameters: Sendable {
  package let shape: ModelShape
  package let layout: ParameterLayout
  package let values: Arena
  package let kernels: Kernels
  /// [parameter] nil where there is no copy.
  private let transposedCopies: [TransposedCopy?]

  /// A weight [inputs, gates x units] of a recurrent layer and its transpose.
  private struct TransposedCopy: Sendable {
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
    transposedCopies = layout.parameters.map { parameter in
      guard parameter.role == .inputWeight || parameter.role == .recurrentWeight else { return nil }
      return TransposedCopy(
        original: layout.view(parameter.handle, in: values),
        transposed: OwnedMatrix(rows: parameter.panels.columns, columns: parameter.panels.rows))
    }
  }

  package func view(_ handle: Parameter.Handle) -> PanelMatrix { layout.view(handle, in: values) }

  /// The transposed copy of a recurrent layer's weight: [gates x units, inputs].
  package func transposed(_ handle: Parameter.Handle) -> PanelMatrix {
    guard let copy = transposedCopies[handle.index] else {
      preconditionFailure("\(layout[handle].name) has no transposed copy")
    }
    return copy.transposed.view
  }

  /// Renews the transposed copies; has to follow every change of the values.
  package func renewTransposedCopies() {
    for case let copy? in transposedCopies {
      kernels.transpose(copy.original, panels: 0..<copy.original.panels, into: copy.transposed.view)
    }
  }

  /// The same as a phase: a job for every panel of every weight that has a copy.
  package func renewalPhase() -> Phase {
    let jobs = transposedCopies.compactMap(\.self).flatMap { copy in
      (0..<copy.original.panels).map { (copy.original, copy.transposed.view, $0) }
    }
    // The views' memory is the parameters'.
    return Phase(.renew, jobs: { jobs.count }) { [self] job in
      let (original, transposed, panel) = jobs[job]
      kernels.transpose(original, panels: panel..<panel + 1, into: transposed)
    }
  }
}
