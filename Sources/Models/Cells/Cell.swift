import Compute

/// What a direction of a recurrent layer needs of its cell: the memory of its activations, and the element-wise half of a
/// timestep. The products around it are the direction's.
///
/// Rows are those of a `Timeline`; state matrices have the state that the first timestep begins with before all others.
package protocol Cell: Sendable {
  /// [rows, gates x units]: before `activate` the pre-activations, filled by the direction.
  var gates: PanelMatrix { get }
  /// [rows, gates x units] where the direction puts the recurrent product, starting from a bias of its own; nil where the
  /// product is added to `gates`.
  var recurrentGates: PanelMatrix? { get }
  /// [rows, gates x units]: after `differentiate` the gradient of the pre-activations on the input's side.
  var gateGradients: PanelMatrix { get }
  /// The same on the recurrent side; another matrix only where `recurrentGates` is.
  var recurrentGateGradients: PanelMatrix { get }
  /// All state that one timestep hands to the next, `h` first: [sequences + rows, units] each.
  var states: [(name: String, matrix: PanelMatrix)] { get }

  /// gates, state before -> state after, for some panels of units.
  func activate(_ step: StepRows, panels: Range<Int>)
  /// Forgets what was kept of later timesteps' gradients of some sequences.
  func beginBackward(sequences: Range<Int>)
  /// dL/dh after -> gateGradients, for some panels of units; what the cell keeps of later timesteps' gradients is its own.
  func differentiate(_ step: StepRows, panels: Range<Int>)
  /// Puts the total gradients by the states other than h, once that by h is known and before `differentiate`, into
  /// matrices like those of `states`, [rows, units] each; for some panels of units.
  func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix])
}

extension Cell {
  package var recurrentGates: PanelMatrix? { nil }
  package var recurrentGateGradients: PanelMatrix { gateGradients }
  package func beginBackward(sequences: Range<Int>) {}
  package func keepStateGradients(_ step: StepRows, panels: Range<Int>, in kept: [PanelMatrix]) {}
}

/// Rows of one timestep, for some sequences.
package struct StepRows {
  /// Rows of gates and gradients.
  let rows: Range<Int>
  /// The first row in a state matrix, before the timestep and after it.
  let before: Int
  let after: Int
  /// The first sequence.
  let sequence: Int
  /// The first row of the gradient of the state before; nil where that is no timestep's.
  let gradientBefore: Int?

  /// Floats of each panel.
  var floatCount: Int { rows.count * PanelShape.width }
}

/// The memory that a cell shares with what is around it.
package struct CellMemory {
  let capacity: Timeline.Capacity
  let units: Int
  /// [sequences + rows, units]
  let hidden: PanelMatrix
  /// [rows, units]: dL/dh, put there before the backward pass.
  let hiddenGradient: PanelMatrix
}
