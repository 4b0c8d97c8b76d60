import Models

/// A cell's equations as the literature has them, on a tape.
protocol CellReference: CellKind {
  /// The states that a timestep hands to the next, `h` first, by the names that the model has for them.
  var states: [String] { get }
  /// One timestep.
  ///
  /// - Parameters:
  ///   - input: V x_t + b, gate after gate.
  ///   - recurrent: W h_{t-1}, with the bias of its own where there is one.
  func advance(_ states: [Tape.Vector], _ input: Gates, _ recurrent: Gates) -> [Tape.Vector]
}

extension CellReference {
  var states: [String] { ["h"] }
}

/// The pre-activations of all gates.
struct Gates {
  let all: Tape.Vector
  let units: Int

  subscript(gate: Int) -> Tape.Vector { all[gate * units..<(gate + 1) * units] }

  static func + (a: Gates, b: Gates) -> Gates { Gates(all: a.all + b.all, units: a.units) }
}

extension Elman: CellReference {
  func advance(_ states: [Tape.Vector], _ input: Gates, _ recurrent: Gates) -> [Tape.Vector] {
    let z = input.all + recurrent.all
    switch activation {
    case .tanh: return [tanh(z)]
    case .relu: return [relu(z)]
    case .sigmoid: return [sigmoid(z)]
    }
  }
}

extension LSTM: CellReference {
  var states: [String] { ["h", "c"] }

  func advance(_ states: [Tape.Vector], _ input: Gates, _ recurrent: Gates) -> [Tape.Vector] {
    let z = input + recurrent
    let (i, f, g, o) = (sigmoid(z[0]), sigmoid(z[1]), tanh(z[2]), sigmoid(z[3]))
    let c = f * states[1] + i * g
    return [o * tanh(c), c]
  }
}

extension CIFG: CellReference {
  var states: [String] { ["h", "c"] }

  func advance(_ states: [Tape.Vector], _ input: Gates, _ recurrent: Gates) -> [Tape.Vector] {
    let z = input + recurrent
    let (f, g, o) = (sigmoid(z[0]), tanh(z[1]), sigmoid(z[2]))
    let i = f.map({ 1 - $0 }, { _ in -1 })
    let c = f * states[1] + i * g
    return [o * tanh(c), c]
  }
}

extension GRU: CellReference {
  func advance(_ states: [Tape.Vector], _ input: Gates, _ recurrent: Gates) -> [Tape.Vector] {
    let r = sigmoid(input[0] + recurrent[0])
    let z = sigmoid(input[1] + recurrent[1])
    let n = tanh(input[2] + r * recurrent[2])
    return [z.map({ 1 - $0 }, { _ in -1 }) * n + z * states[0]]
  }
}
