import Compute

/// The directions of a recurrent layer, and their hidden states concatenated: one direction, or two that are put in the
/// minibatch's order.
final class RecurrentLayer: Sendable {
  let directions: [RecurrentDirection]
  /// [rows, outputs] hidden states, and where their gradient is to be put before the backward pass.
  let output: Activations

  private let timeline: Timeline
  private let widths: Widths
  /// [sequences + rows, outputs] hidden states of both directions in the minibatch's order; those of the forward direction
  /// are computed here.
  private let hidden: OwnedMatrix
  private let hiddenGradient: OwnedMatrix

  /// - Parameters:
  ///   - handles: [direction]
  ///   - shape: the sizes of the network that it is a layer of.
  ///   - keepsStateGradients: whether `RecurrentDirection.stateGradients` is going to be asked.
  ///   - rates: what is dropped of the recurrent weights.
  init(
    _ index: Int, _ handles: [DirectionParameters], _ shape: ModelShape, of parameters: Parameters,
    timeline: Timeline, carriesState: Bool, keepsStateGradients: Bool = false, rates: DropoutRates, step: StepSettings
  ) {
    let capacity = timeline.capacity
    let widths = shape.outputWidths(layer: index)
    // The output layer reads whole groups of 16 rows: there is room for the last one.
    let hidden = OwnedMatrix(
      rows: capacity.sequences + capacity.rows + PanelShape.width, columns: widths.columns)
    let hiddenGradient = OwnedMatrix(rows: capacity.rows, columns: widths.columns)
    directions = handles.enumerated().map { direction, handles in
      RecurrentDirection(
        direction, shape.cell, handles,
        RecurrentWeights(
          handles, of: parameters, dropout: WeightDropout(rates, layer: index, direction: direction, step: step)),
        of: parameters, timeline: timeline,
        memory: direction == 0
          ? DirectionMemory(0, of: widths, hidden, hiddenGradient)
          : DirectionMemory(capacity, units: shape.units[index]),
        carriesState: carriesState, keepsStateGradients: keepsStateGradients)
    }
    self.hidden = hidden
    self.hiddenGradient = hiddenGradient
    self.timeline = timeline
    self.widths = widths
    output = Activations(
      values: hidden.view.rows(capacity.sequences..<hidden.view.rows), gradient: hiddenGradient.view)
  }

  /// Forward: puts the hidden states of the reverse direction beside those of the other, for some sequences.
  func concatenate(sequences: Range<Int>) {
    for direction in directions where direction.isReverse {
      let block = output.values.block(direction.index, of: widths)
      timeline.forEachTimestep(of: sequences) { rows in
        block.rows(rows).gatherRows(of: direction.output, index: timeline.reversed.base + rows.lowerBound)
      }
    }
  }

  /// Backward: gives the reverse direction its block of the hidden states' gradient, for some sequences.
  func split(sequences: Range<Int>) {
    for direction in directions where direction.isReverse {
      let block = output.gradient.block(direction.index, of: widths)
      timeline.forEachTimestep(of: sequences) { rows in
        direction.hiddenGradient.rows(rows).gatherRows(of: block, index: timeline.reversed.base + rows.lowerBound)
      }
    }
  }
}
