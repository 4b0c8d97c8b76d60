/// The gradient of a network of one layer as the textbooks write it, before anybody thought of accumulating it backwards:
///
///     dL/dW = sum over t, sum over k <= t, of
///             dL_t/dh_t  (dh_t/dh_{t-1} ... dh_{k+1}/dh_k)  dh_k/dW  with h_{k-1} held constant
///
/// and the same for V, b_h and the embeddings, with the Jacobians dh_i/dh_{i-1} = diag(f'(z_i)) W multiplied as matrices.
extension ElmanReference {
  /// Cost: O(B T^2 hidden^3).
  package func explicitGradients(_ window: Window, from state: [Matrix]) -> [String: Matrix] {
    precondition(shape.layers == 1)
    let forward = forward(window, from: state)
    var sum = ExplicitSum(reference: self, window: window, forward: forward)
    for b in 0..<window.streams {
      for t in 0..<window.timesteps {
        let direct = sum.addOutput(b, t)
        var chain = Matrix.identity(shape.units[0])
        for k in (0...t).reversed() {
          sum.add(direct * chain, b, k)
          chain = chain * jacobian(forward, b, k)
        }
      }
    }
    return sum.gradients
  }

  /// [t][k][b] the norms of dL_t/dh_k = dL_t/dh_t (dh_t/dh_{t-1} ... dh_{k+1}/dh_k) for k <= t, the losses in nats.
  package func explicitFlow(_ window: Window, from state: [Matrix]) -> [[[Double]]] {
    precondition(shape.layers == 1)
    let forward = forward(window, from: state)
    var sum = ExplicitSum(reference: self, window: window, forward: forward)
    return (0..<window.timesteps).map { t in
      var norms = [[Double]](repeating: [Double](repeating: 0, count: window.streams), count: t + 1)
      for b in 0..<window.streams {
        var chain = sum.addOutput(b, t)
        for k in (0...t).reversed() {
          norms[k][b] = Double(window.targetCount) * chain.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
          chain = chain * jacobian(forward, b, k)
        }
      }
      return norms
    }
  }

  /// dh_i/dh_{i-1} of stream b.
  private func jacobian(_ forward: Forward, _ b: Int, _ i: Int) -> Matrix {
    diagonal(forward, b, i) * parameter("rnn.weight_hh_l0")
  }

  /// dh_i/dz_i of stream b.
  fileprivate func diagonal(_ forward: Forward, _ b: Int, _ i: Int) -> Matrix {
    var matrix = Matrix(rows: shape.units[0], columns: shape.units[0])
    for unit in 0..<shape.units[0] { matrix[unit, unit] = derivative(forward.preactivations[0][i][b, unit]) }
    return matrix
  }
}

extension Matrix {
  fileprivate static func identity(_ size: Int) -> Matrix {
    var matrix = Matrix(rows: size, columns: size)
    for i in 0..<size { matrix[i, i] = 1 }
    return matrix
  }
}

/// The sums, one contribution after the other.
private struct ExplicitSum {
  let reference: ElmanReference
  let window: Window
  let forward: ElmanReference.Forward
  var gradients: [String: Matrix]

  init(reference: ElmanReference, window: Window, forward: ElmanReference.Forward) {
    self.reference = reference
    self.window = window
    self.forward = forward
    gradients = reference.parameters.mapValues { Matrix(rows: $0.rows, columns: $0.columns) }
  }

  /// Adds L_t's own part of dL/dU and dL/db_y. Returns dL_t/dh_t as a row.
  mutating func addOutput(_ b: Int, _ t: Int) -> Matrix {
    let h = forward.states[0][t + 1]
    let d = reference.logitGradient(window, forward, row: t * window.streams + b)
    for (c, d) in d.enumerated() {
      gradients["decoder.bias"]?[0, c] += d
      for j in 0..<h.columns { gradients["decoder.weight"]?[c, j] += d * h[b, j] }
    }
    return Matrix(rows: 1, columns: d.count, values: d) * reference.parameter("decoder.weight")
  }

  /// Adds what a loss owes to the parameters' use at timestep k, given its gradient by h_k.
  mutating func add(_ dh: Matrix, _ b: Int, _ k: Int) {
    let dz = dh * reference.diagonal(forward, b, k)
    let (x, previous) = (forward.inputs[0][k], forward.states[0][k])
    for i in 0..<dz.columns {
      gradients["rnn.bias_ih_l0"]?[0, i] += dz[0, i]
      for j in 0..<x.columns { gradients["rnn.weight_ih_l0"]?[i, j] += dz[0, i] * x[b, j] }
      for j in 0..<previous.columns { gradients["rnn.weight_hh_l0"]?[i, j] += dz[0, i] * previous[b, j] }
    }
    let token = window.inputs[k * window.streams + b]
    for (j, d) in (dz * reference.parameter("rnn.weight_ih_l0")).values.enumerated() {
      gradients["embedding.weight"]?[token, j] += d
    }
  }
}
