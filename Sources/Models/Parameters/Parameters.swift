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

  /// Some panels of a weight that has a transposed copy. It owns no memory.
  package struct CopiedPanels: Sendable {
    package let parameter: Parameter.Handle
    /// Where they stand in an arena of the layout.
    package let floats: Range<Int>
    fileprivate let original, transposed: PanelMatrix
    fileprivate let panels: Range<Int>
  }

  /// All weights that have transposed copies, in pieces.
  ///
  /// - Parameter most: floats of a piece that has more than one panel.
  package func copiedPanels(_ most: Int = 16_384) -> [CopiedPanels] {
    zip(layout.parameters, transposedCopies).flatMap { parameter, copy -> [CopiedPanels] in
      guard let copy else { return [] }
      let (stride, all) = (copy.original.stride, copy.original.panels)
      let count = max(1, most / stride)
      return Swift.stride(from: 0, to: all, by: count).map { first in
        let panels = first..<min(first + count, all)
        return CopiedPanels(
          parameter: parameter.handle,
          floats: parameter.offset + panels.lowerBound * stride..<parameter.offset + panels.upperBound * stride,
          original: copy.original, transposed: copy.transposed.view, panels: panels)
      }
    }
  }

  /// Renews the copy of some panels. Cost: each float read and written once.
  package func renewCopy(of piece: CopiedPanels) {
    kernels.transpose(piece.original, panels: piece.panels, into: piece.transposed)
  }

  /// Renews all transposed copies: where whoever changed the values hasn't done so.
  package func renewalPhase() -> Phase {
    let pieces = copiedPanels()
    return Phase(.renew, jobs: { pieces.count }) { [self] in renewCopy(of: pieces[$0]) }
  }
}
