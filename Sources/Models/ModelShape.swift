import CKernels
import Compute

/// The recurrent cells that can be trained. A new cell is a file with its forward and backward pass (see `ElmanCell`) and
/// a case here.
package enum CellKind: Sendable, Equatable {
  /// h_t = f(V x_t + W h_{t-1} + b)
  case elman(Activation)
  case lstm
  case gru

  /// Pre-activations per hidden unit.
  package var gates: Int {
    switch self {
    case .elman: 1
    case .gru: 3
    case .lstm: 4
    }
  }

  /// Columns of a matrix that holds all gates of so many units: whole panels of each gate, side by side.
  func gateColumns(units: Int) -> Int {
    gates == 1 ? units : (units + PanelShape.width - 1) / PanelShape.width * PanelShape.width * gates
  }

  /// Whether the recurrent product has a bias of its own that adding to the input's would not replace.
  var hasRecurrentBias: Bool { self == .gru }
}

/// The non-linearity f of an Elman cell.
package enum Activation: String, CaseIterable, Sendable {
  case tanh, relu, sigmoid

  var function: ElementFunction {
    switch self {
    case .tanh: CK_TANH
    case .relu: CK_RELU
    case .sigmoid: CK_SIGMOID
    }
  }
}

/// All sizes of a model; what its parameters are follows from it.
package struct ModelShape: Sendable, Equatable {
  /// Token ids that go in: 0 ..< vocabulary.
  package var vocabulary: Int
  /// Width of a token's embedding.
  package var embedding: Int
  package var cell: CellKind
  /// Units of a hidden state.
  package var hidden: Int
  package var layers: Int
  /// What a distribution at every timestep is over: the vocabulary or the tags.
  package var classes: Int

  package init(vocabulary: Int, embedding: Int, cell: CellKind, hidden: Int, layers: Int, classes: Int) {
    self.vocabulary = vocabulary
    self.embedding = embedding
    self.cell = cell
    self.hidden = hidden
    self.layers = layers
    self.classes = classes
  }

  /// Width of what goes into a layer.
  package func inputWidth(layer: Int) -> Int { layer == 0 ? embedding : hidden }

  /// Weights of the recurrent and the output layers, without embeddings and biases: what arithmetic is counted by, 6 FLOP
  /// per weight and token in training.
  package var multipliedWeights: Int {
    (0..<layers).reduce(hidden * classes) { $0 + cell.gates * hidden * (inputWidth(layer: $1) + hidden) }
  }
}
