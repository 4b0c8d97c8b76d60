import Compute

/// What a recurrent layer needs of its cell: the memory of its activations, and the element-wise half of a timestep.
/// The products around it are the layer's.
///
/// Row r = t * B + b is timestep t of stream b. `hidden` has B more rows, before all others: the state carried into the
/// window; so row r of the previous hidden state is row r, and that of the new one row B + r.
protocol Cell: Sendable {
  /// [T * B, gates x units]: before `activate` the pre-activations, filled by the layer.
  var gates: PanelMatrix { get }
  /// [T * B, gates x units] where the layer puts the recurrent product, starting from a bias of its own; nil where the
  /// product is added to `gates`.
  var recurrentGates: PanelMatrix? { get }
  /// [B + T * B, units]
  var hidden: PanelMatrix { get }
  /// [T * B, units]: before `differentiate` dL/dh_t, filled by the layer.
  var hiddenGradient: PanelMatrix { get }
  /// [T * B, gates x units]: after `differentiate` the gradient of the pre-activations on the input's side.
  var gateGradients: PanelMatrix { get }
  /// The same on the recurrent side; another matrix only where `recurrentGates` is.
  var recurrentGateGradients: PanelMatrix { get }
  /// All state that one window hands to the next, `h` first: [B + T * B, units] each.
  var states: [(name: String, matrix: PanelMatrix)] { get }

  /// gates, state of the timestep before -> state of the timestep, for some rows of it.
  func activate(rows: Range<Int>)
  /// hiddenGradient -> gateGradients, for some rows of one timestep; what the cell keeps of later timesteps' gradients is
  /// its own. `last` marks the window's last timestep, where nothing comes back from the future.
  func differentiate(rows: Range<Int>, last: Bool)
}

extension Cell {
  var recurrentGates: PanelMatrix? { nil }
  var recurrentGateGradients: PanelMatrix { gateGradients }
}

extension CellKind {
  func makeCell(streams: Int, timesteps: Int, units: Int, kernels: Kernels) -> any Cell {
    switch self {
    case .elman(let activation):
      ElmanCell(activation, streams: streams, timesteps: timesteps, units: units, kernels: kernels)
    case .lstm: LSTMCell(streams: streams, timesteps: timesteps, units: units, kernels: kernels)
    case .gru: GRUCell(streams: streams, timesteps: timesteps, units: units, kernels: kernels)
    }
  }
}
