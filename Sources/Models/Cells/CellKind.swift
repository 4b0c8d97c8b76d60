import Compute
import Keys

/// A recurrent cell: what it is called, its settings as keys, what it has, and what computes it.
///
/// A cell is a file with a type that conforms, one that conforms to `Cell` with its equations both ways, and an entry in
/// `CellKey.all`. Its parameters, their names and their layout follow from its gates.
package protocol CellKind: KeyAlternative {
  /// Pre-activations of each unit, in the order in which PyTorch stacks them.
  var gates: [Gate] { get }
  /// Whether the recurrent product has a bias of its own that adding to the input's would not replace.
  var hasRecurrentBias: Bool { get }
  /// Whether recurrent weights that are the identity keep the hidden state as it is.
  var suitsIdentity: Bool { get }
  /// What a person reads: the name, with settings that matter.
  var summary: String { get }
  /// How a state follows from the one before, for people; nil where nobody has written it down.
  var equations: CellEquations? { get }

  func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell
}

/// A gate or a candidate: what has pre-activations of its own.
package struct Gate: Sendable, Equatable {
  /// As in the equations.
  package let name: String
  /// Whether a large bias makes the cell keep its state: `forget_bias` is added to it.
  package let forgets: Bool

  package init(_ name: String, forgets: Bool = false) {
    self.name = name
    self.forgets = forgets
  }
}

/// A cell's equations as formulas, in the part of TeX's notation that pages set: V, W and b multiply what is below, the state
/// before, and nothing; indices are those of its gates.
package struct CellEquations: Sendable, Equatable {
  /// What one timestep computes, line by line.
  package let lines: [String]
  /// All that a timestep hands to the next: `h`, or another letter that the lines explain.
  package let state: String
  /// The Jacobian of the state by the one before, where it is short enough to be read.
  package let jacobian: String?

  init(_ lines: [String], state: String = "h", jacobian: String? = nil) {
    self.lines = lines
    self.state = state
    self.jacobian = jacobian
  }

  /// A gate's line.
  static func gate(_ name: String, _ function: String) -> String {
    "\(name)_t=\(function)(V_\(name)x_t+W_\(name)h_{t-1}+b_\(name))"
  }

  /// The lines of a cell with a state c beside h end with this one.
  static let bothStates = "s_t=(h_t,c_t)"
}

extension CellKind {
  package var equations: CellEquations? { nil }
  package var hasRecurrentBias: Bool { false }
  package var suitsIdentity: Bool { false }
  package var summary: String { name }

  /// The place of the gate that forgets; nil if there is none.
  package var forgetGate: Int? { gates.firstIndex(where: \.forgets) }

  /// Columns of a matrix that holds all gates of so many units: whole panels of each gate, side by side.
  func gateColumns(units: Int) -> Int {
    gates.count == 1 ? units : (units + PanelShape.width - 1) / PanelShape.width * PanelShape.width * gates.count
  }
}

/// `model.cell`: one of all cells, with its settings.
@propertyWrapper
package struct CellKey: KeyVariant, Sendable {
  /// With their defaults, in the order in which documentation names them.
  private static let all: [any CellKind] = [Elman(.tanh), GRU(), LSTM(), CIFG()]

  package static let selector = VariantSelector.value(
    ofKey: "cell", noun: "cell", help: "how a hidden state follows from the one before")
  package static let alternatives = all.map(CellKey.init(wrappedValue:))

  package var wrappedValue: any CellKind
  package var name: String { wrappedValue.name }

  package init(wrappedValue: any CellKind) { self.wrappedValue = wrappedValue }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) { wrappedValue.visitSettings(&keys) }
}

extension CellKey: Equatable {
  package static func == (a: CellKey, b: CellKey) -> Bool { a.wrappedValue == b.wrappedValue }
}
