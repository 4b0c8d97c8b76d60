import Compute

/// What one direction of a layer multiplies its hidden states by: W, or in training with weight dropout a copy of it that is
/// drawn anew for every step.
struct RecurrentWeights {
  let handle: Parameter.Handle
  /// W, [units, gates x units].
  let weight: PanelMatrix
  let transposed: PanelMatrix
  private let kernels: Kernels
  private let copy: Copy?

  private struct Copy {
    let original: PanelMatrix
    let weight: OwnedMatrix
    let transposed: OwnedMatrix
    let dropout: WeightDropout
  }

  /// - Parameter dropout: of this weight; nil: none.
  init(_ direction: DirectionParameters, of parameters: Parameters, dropout: WeightDropout? = nil) {
    handle = direction.recurrentWeight
    kernels = parameters.kernels
    let original = parameters.view(direction.recurrentWeight)
    copy = dropout.map { dropout in
      Copy(
        original: original, weight: OwnedMatrix(rows: original.rows, columns: original.columns),
        transposed: OwnedMatrix(rows: original.columns, columns: original.rows), dropout: dropout)
    }
    weight = copy?.weight.view ?? original
    transposed = copy?.transposed.view ?? parameters.transposed(direction.recurrentWeight)
  }

  /// Draws the copy of a step, if there is one; before all recurrences.
  func dropoutPhases() -> [Phase] {
    guard let copy else { return [] }
    return [
      Phase(.renew, jobs: { weight.panels }) { [self] panel in
        copy.dropout.apply(copy.original, into: weight, rows: 0..<weight.rows, panels: panel..<panel + 1)
        kernels.transpose(weight, panels: panel..<panel + 1, into: transposed)
      }
    ]
  }

  /// From a tile of the gradient by what was multiplied by to that by W: the mask is its own derivative.
  func mask(_ gradient: PanelMatrix, _ tile: ReductionTile) {
    copy?.dropout.apply(gradient, into: gradient, rows: tile.rows(of: gradient), panels: tile.panels)
  }
}

/// Weight dropout: a share of a recurrent weight's elements is zero for all timesteps and sequences of a step, and the others
/// are scaled up (DropConnect: Wan et al., ICML 2013; of recurrent weights: Merity, Keskar, Socher, ICLR 2018).
///
/// A mask is a pure function of (seed, step, direction of a layer, input, gate and unit).
struct WeightDropout {
  private let random: Philox
  private let share: Double
  private let place: Int
  private let step: StepSettings

  /// Places behind those of activations, two for each layer.
  private static let firstPlace = 128

  /// - Parameter rates: nil if no weights are dropped.
  init?(_ rates: DropoutRates, layer: Int, direction: Int, step: StepSettings) {
    guard rates.weights > 0 else { return nil }
    random = Philox(seed: rates.seed)
    share = rates.weights
    place = Self.firstPlace + 2 * layer + direction
    self.step = step
  }

  /// to = from with the mask's elements at zero and the others scaled up, for some rows and panels; both may be the same matrix.
  func apply(_ from: PanelMatrix, into to: PanelMatrix, rows: Range<Int>, panels: Range<Int>) {
    to.dropRows(
      of: from, rows: rows, panels: panels, random, share: share, step: step.number, place: place, maskOf: nil)
  }
}
