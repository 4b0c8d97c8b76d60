import Foundation
import Models

/// The yardstick: an Elman network in double precision, in nested loops straight from the formulas.
///
///     h_t = f(V x_t + W h_{t-1} + b_h)
///     y_t = softmax(U h_t + b_y)
///     L   = the sum over targets of -log y_t[target_t], divided by the number of targets
///
/// In a stack of layers, x_t of a layer is h_t of the one below. Parameters have PyTorch's names and shapes; a bias is
/// a matrix of one row.
package struct ElmanReference: Sendable {
  package let shape: ModelShape
  package let activation: Activation
  package var parameters: [String: Matrix]

  package init(shape: ModelShape, parameters: [String: Matrix]) {
    guard let cell = shape.cell as? Elman else { preconditionFailure("the reference is an Elman network") }
    activation = cell.activation
    self.shape = shape
    self.parameters = parameters
  }

  /// Everything that the backward pass needs; `[layer][t]` counts timesteps from 0.
  package struct Forward {
    /// x_t, [B, inputs].
    package var inputs: [[Matrix]]
    /// z_t = V x_t + W h_{t-1} + b_h, [B, hidden].
    package var preactivations: [[Matrix]]
    /// h_{t-1}, [B, hidden]: one longer than the others, and begins with the state carried in.
    package var states: [[Matrix]]
    /// U h_t + b_y, [T * B, classes].
    package var logits: Matrix
    /// [T * B], zero where masked.
    package var losses: [Double]
    /// The mean over the targets.
    package var loss: Double
  }

  package func parameter(_ name: String) -> Matrix {
    guard let matrix = parameters[name] else { preconditionFailure("no parameter is called \(name)") }
    return matrix
  }

  func f(_ z: Double) -> Double {
    switch activation {
    case .tanh: tanh(z)
    case .relu: max(z, 0)
    case .sigmoid: 1 / (1 + exp(-z))
    }
  }

  func derivative(_ z: Double) -> Double {
    switch activation {
    case .tanh: 1 - tanh(z) * tanh(z)
    case .relu: z > 0 ? 1 : 0
    case .sigmoid: exp(-z) / ((1 + exp(-z)) * (1 + exp(-z)))
    }
  }

  // MARK: forward

  /// - Parameter state: [B, hidden] for each layer.
  package func forward(_ window: Window, from state: [Matrix]) -> Forward {
    let none = [[Matrix]](repeating: [], count: shape.layers)
    var forward = Forward(
      inputs: none, preactivations: none, states: state.map { [$0] },
      logits: Matrix(rows: window.rows, columns: shape.classes), losses: [], loss: 0)
    for t in 0..<window.timesteps {
      var x = embeddings(window, t)
      for layer in 0..<shape.layers {
        let z = preactivation(layer, x, forward.states[layer][t])
        forward.inputs[layer].append(x)
        forward.preactivations[layer].append(z)
        x = Matrix(rows: z.rows, columns: z.columns, values: z.values.map(f))
        forward.states[layer].append(x)
      }
      writeLogits(of: x, timestep: t, into: &forward.logits)
    }
    forward.losses = (0..<window.rows).map { row in
      window.targets[row].map { -log(probabilities(forward.logits, row)[$0]) } ?? 0
    }
    forward.loss = forward.losses.reduce(0, +) / Double(window.targetCount)
    return forward
  }

  private func embeddings(_ window: Window, _ t: Int) -> Matrix {
    let embedding = parameter("embedding.weight")
    var x = Matrix(rows: window.streams, columns: shape.embedding)
    for b in 0..<window.streams {
      for j in 0..<shape.embedding { x[b, j] = embedding[window.inputs[t * window.streams + b], j] }
    }
    return x
  }

  private func preactivation(_ layer: Int, _ x: Matrix, _ h: Matrix) -> Matrix {
    let (v, w) = (parameter("rnn.weight_ih_l\(layer)"), parameter("rnn.weight_hh_l\(layer)"))
    let bias = parameter("rnn.bias_ih_l\(layer)")
    var z = Matrix(rows: x.rows, columns: shape.units[0])
    for b in 0..<x.rows {
      for i in 0..<shape.units[0] {
        z[b, i] = bias[0, i]
        for j in 0..<x.columns { z[b, i] += v[i, j] * x[b, j] }
        for j in 0..<shape.units[0] { z[b, i] += w[i, j] * h[b, j] }
      }
    }
    return z
  }

  private func writeLogits(of h: Matrix, timestep t: Int, into logits: inout Matrix) {
    let (u, bias) = (parameter("decoder.weight"), parameter("decoder.bias"))
    for b in 0..<h.rows {
      for c in 0..<shape.classes {
        logits[t * h.rows + b, c] = bias[0, c]
        for j in 0..<shape.units[0] { logits[t * h.rows + b, c] += u[c, j] * h[b, j] }
      }
    }
  }

  func probabilities(_ logits: Matrix, _ row: Int) -> [Double] {
    let row = (0..<logits.columns).map { logits[row, $0] }
    let largest = row.reduce(-Double.infinity, max)
    let exponentials = row.map { exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  // MARK: backpropagation through time

  /// The gradient of the mean loss by every parameter.
  package func gradients(_ window: Window, _ forward: Forward) -> [String: Matrix] {
    var gradients = parameters.mapValues { Matrix(rows: $0.rows, columns: $0.columns) }
    // dL/dh_t as far as it comes from later timesteps.
    var future = [Matrix](repeating: Matrix(rows: window.streams, columns: shape.units[0]), count: shape.layers)
    for t in (0..<window.timesteps).reversed() {
      var dh = outputGradient(window, forward, t, &gradients)
      for layer in (0..<shape.layers).reversed() {
        var dz = Matrix(rows: window.streams, columns: shape.units[0])
        for index in dz.values.indices {
          let z = forward.preactivations[layer][t].values[index]
          dz.values[index] = (dh.values[index] + future[layer].values[index]) * derivative(z)
        }
        addProducts(layer, dz, forward.inputs[layer][t], forward.states[layer][t], &gradients)
        future[layer] = dz * parameter("rnn.weight_hh_l\(layer)")
        dh = dz * parameter("rnn.weight_ih_l\(layer)")
      }
      for b in 0..<window.streams {
        let token = window.inputs[t * window.streams + b]
        for j in 0..<shape.embedding { gradients["embedding.weight"]?[token, j] += dh[b, j] }
      }
    }
    return gradients
  }

  /// dL/dlogits of one row: (y - 1 at the target) / targets, or zeros where masked.
  func logitGradient(_ window: Window, _ forward: Forward, row: Int) -> [Double] {
    guard let target = window.targets[row] else { return [Double](repeating: 0, count: shape.classes) }
    var gradient = probabilities(forward.logits, row)
    gradient[target] -= 1
    return gradient.map { $0 / Double(window.targetCount) }
  }

  /// dL/dh_t of the last layer as far as it comes from timestep t's own losses; adds to the output layer's gradients.
  private func outputGradient(
    _ window: Window, _ forward: Forward, _ t: Int, _ gradients: inout [String: Matrix]
  ) -> Matrix {
    let u = parameter("decoder.weight")
    let h = forward.states[shape.layers - 1][t + 1]
    var dh = Matrix(rows: window.streams, columns: shape.units[0])
    for b in 0..<window.streams {
      for (c, d) in logitGradient(window, forward, row: t * window.streams + b).enumerated() {
        gradients["decoder.bias"]?[0, c] += d
        for j in 0..<shape.units[0] {
          gradients["decoder.weight"]?[c, j] += d * h[b, j]
          dh[b, j] += d * u[c, j]
        }
      }
    }
    return dh
  }

  /// dV += dz x^T, dW += dz h_{t-1}^T, db_h += dz.
  private func addProducts(
    _ layer: Int, _ dz: Matrix, _ x: Matrix, _ previous: Matrix, _ gradients: inout [String: Matrix]
  ) {
    for b in 0..<dz.rows {
      for i in 0..<shape.units[0] {
        gradients["rnn.bias_ih_l\(layer)"]?[0, i] += dz[b, i]
        for j in 0..<x.columns { gradients["rnn.weight_ih_l\(layer)"]?[i, j] += dz[b, i] * x[b, j] }
        for j in 0..<shape.units[0] { gradients["rnn.weight_hh_l\(layer)"]?[i, j] += dz[b, i] * previous[b, j] }
      }
    }
  }
}
