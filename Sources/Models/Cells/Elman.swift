import CKernels
import Compute
import Keys

/// h_t = f(z_t) with z_t = V x_t + W h_{t-1} + b (Elman: Finding Structure in Time, Cognitive Science 14, 1990).
package struct Elman: CellKind {
  package var activation: Activation

  package init(_ activation: Activation) { self.activation = activation }

  package var name: String { "elman" }
  package var summary: String { "\(name) (\(activation.rawValue))" }
  package var gates: [Gate] { [Gate("z")] }
  package var suitsIdentity: Bool { activation == .relu }
  package var equations: CellEquations? {
    let (f, derivative) =
      switch activation {
      case .tanh: ("\\tanh", "1-h_i^2")
      case .relu: ("\\relu", "z_i>0")
      case .sigmoid: ("\\sigma", "h_i\\odot(1-h_i)")
      }
    return CellEquations(
      ["z_t=V x_t+W h_{t-1}+b", "h_t=\(f)(z_t)"],
      jacobian: "\\frac{\\partial h_i}{\\partial h_{i-1}}=\\diag(\(derivative))W")
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    keys.value("activation", &activation, .choice, "non-linearity of the hidden state")
  }

  package func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
    ElmanCell(activation, memory, kernels: kernels)
  }
}

/// The non-linearity f of an Elman cell.
package enum Activation: String, CaseIterable, Sendable {
  case tanh, relu, sigmoid

  fileprivate var function: ElementFunction {
    switch self {
    case .tanh: CK_TANH
    case .relu: CK_RELU
    case .sigmoid: CK_SIGMOID
    }
  }
}

/// One gate, whose pre-activation is not needed once h_t is known, since f' can be had from f's value: so z_t lives where
/// h_t will, and dL/dz_t where dL/dh_t was.
private struct ElmanCell: Cell {
  private let function: ElementFunction
  private let kernels: Kernels
  private let hiddenGradient: PanelMatrix
  /// A function with f(0) != 0 fills the padding, which has to stay zero: it is multiplied by in the layer above.
  private let clearsPadding: Bool

  let gates: PanelMatrix
  let states: [(name: String, matrix: PanelMatrix)]
  var gateGradients: PanelMatrix { hiddenGradient }

  init(_ activation: Activation, _ memory: CellMemory, kernels: Kernels) {
    function = activation.function
    self.kernels = kernels
    hiddenGradient = memory.hiddenGradient
    let hidden = memory.hidden
    gates = hidden.rows(memory.capacity.sequences..<hidden.rows)
    states = [("h", hidden)]
    clearsPadding = activation == .sigmoid && memory.units % PanelShape.width != 0
  }

  /// h_t = f(z_t)
  func activate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      let z = gates.pointer(panel: panel, row: step.rows.lowerBound)
      kernels.apply(function, z, into: z, count: step.floatCount)
    }
    if clearsPadding && panels.upperBound == gates.panels {
      let last = gates.pointer(panel: gates.panels - 1, row: step.rows.lowerBound)
      for row in 0..<step.rows.count {
        for lane in gates.columns % PanelShape.width..<PanelShape.width { last[row * PanelShape.width + lane] = 0 }
      }
    }
  }

  /// dL/dz_t = dL/dh_t * f'(z_t)
  func differentiate(_ step: StepRows, panels: Range<Int>) {
    for panel in panels {
      kernels.applyGradient(
        of: function, at: gates.pointer(panel: panel, row: step.rows.lowerBound),
        to: hiddenGradient.pointer(panel: panel, row: step.rows.lowerBound), count: step.floatCount)
    }
  }
}
