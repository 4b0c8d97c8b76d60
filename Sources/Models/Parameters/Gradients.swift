import Compute

/// The gradient of the loss by every parameter: one arena of those that may have something in all rows, in the parameters'
/// layout, and for each of the others the rows that a step has.
///
/// A step overwrites all of it.
package final class Gradients: Sendable {
  package let layout: ParameterLayout
  /// The first `layout.denseCount` floats of the layout.
  package let values: Arena
  package let byRows: [RowGradient]
  /// The sets of rows that those by rows have, each once.
  let rowSets: [RowSet]
  /// Which of the output layer's clusters have anything in `values`; nil where it has no clusters.
  package let clusters: TargetedClusters?
  /// [parameter] nil where it may have a gradient in all rows.
  private let rowGradients: [RowGradient?]

  /// - Parameter capacity: of the minibatches that there will be gradients of.
  package init(_ layout: ParameterLayout, _ capacity: SequenceModel.Capacity) {
    self.layout = layout
    values = Arena(count: layout.denseCount)
    clusters = TargetedClusters(layout)
    var sets: [GradientRows: RowSet] = [:]
    rowGradients = layout.parameters.map { parameter in
      let (kind, count) = (parameter.gradientRows, parameter.shape[0])
      if kind == .all { return nil }
      let rows = sets[kind] ?? RowSet(of: count, capacity: min(count, capacity.gradientRows(kind)))
      sets[kind] = rows
      return RowGradient(parameter, rows)
    }
    byRows = rowGradients.compactMap(\.self)
    rowSets = byRows.map(\.rows).reduce(into: []) { sets, rows in
      if !sets.contains(where: { $0 === rows }) { sets.append(rows) }
    }
  }

  /// Of a parameter that may have a gradient in all rows.
  package func view(_ handle: Parameter.Handle) -> PanelMatrix { layout.view(handle, in: values) }

  /// Of a parameter that has a gradient in some rows only; nil for any other.
  package func rows(_ handle: Parameter.Handle) -> RowGradient? { rowGradients[handle.index] }

  /// Phases whose jobs call back with every stretch of a step's gradients: where in an arena of the layout it belongs, and its
  /// floats. Rows that the step doesn't have are left out.
  package func stretches(
    _ kind: Phase.Kind, _ body: @escaping @Sendable (_ offset: Int, UnsafePointer<Float>, _ count: Int) -> Void
  ) -> [Phase] {
    let (block, unit, denseCount) = (16_384, 16, layout.denseCount)
    let dense = Phase(kind, jobs: { (denseCount + block - 1) / block }) { [values] job in
      let offset = job * block
      body(offset, values.base + offset, min(block, denseCount - offset))
    }
    return [dense]
      + byRows.map { gradient in
        Phase(kind, jobs: { (gradient.rows.count + unit - 1) / unit }) { job in
          gradient.forEachStretch(ofPlaces: job * unit..<min((job + 1) * unit, gradient.rows.count), body)
        }
      }
  }

  /// A gradient's elements as PyTorch orders them. Cost: O(elements).
  package func elements(of parameter: Parameter) -> [Float] {
    rows(parameter.handle)?.elements ?? layout.elements(of: parameter, in: values)
  }
}

extension SequenceModel.Capacity {
  /// Most rows that a gradient of a minibatch has.
  fileprivate func gradientRows(_ kind: GradientRows) -> Int {
    switch kind {
    case .all: .max
    case .inputs: timeline.rows
    case .characters: characters?.rows ?? 0
    case .readings(let reader): readings[reader].rows
    case .candidates(let samples): samples + timeline.rows
    case .candidatesThenInputs(let samples): samples + 2 * timeline.rows
    }
  }
}
