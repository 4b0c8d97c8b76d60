import Foundation

/// The network of `rnn-train lesson` as the lecture writes it, in plain loops over numbers: no kernels, no accumulation on the
/// way back, nothing shared with what trains. It is there to be read.
///
///     h_t = tanh(V x_t + W h_{t-1} + b)    y_t = softmax(U h_t + c)    L = 1/T times the sum over t of -log y_t[target_t]
struct HandNetwork {
  typealias Vector = [Double]
  typealias Matrix = [[Double]]

  /// [vocabulary, inputs] the row of a word is its x.
  var embedding: Matrix
  /// [units, inputs]
  var v: Matrix
  /// [units, units]
  var w: Matrix
  /// [units]
  var b: Vector
  /// [classes, units]
  var u: Matrix
  /// [classes]
  var c: Vector

  /// What one timestep computes.
  struct Timestep {
    let word: Int
    let x, before, h, y: Vector
    /// L_t in nats.
    let loss: Double
  }

  // MARK: the four equations

  func forward(words: [Int], targets: [Int]) -> [Timestep] {
    var h = Vector(repeating: 0, count: w.count)
    return zip(words, targets).map { word, target in
      let (x, before) = (embedding[word], h)
      h = sum(sum(v * x, w * before), b).map { tanh($0) }
      let exponentials = sum(u * h, c).map { exp($0) }
      let y = exponentials.map { $0 / exponentials.reduce(0, +) }
      return Timestep(word: word, x: x, before: before, h: h, y: y, loss: -log(y[target]))
    }
  }

  // MARK: the gradient

  /// The gradient of L, a network whose numbers are the derivatives, with all that dL/dW and dL/dV are sums of.
  struct Gradient {
    var sum: HandNetwork
    /// [t][k] what the pair adds to dL/dW and dL/dV, k from 0 to t.
    var recurrentContributions: [[Matrix]] = []
    var inputContributions: [[Matrix]] = []
  }

  /// The double sum: every loss goes back on its own, from its timestep t to every k before it.
  func gradient(_ timesteps: [Timestep], targets: [Int]) -> Gradient {
    var gradient = Gradient(sum: zero)
    for (t, now) in timesteps.enumerated() {
      // dL_t/d(U h_t + c) = y_t - 1 at the target.
      var error = now.y
      error[targets[t]] -= 1
      error = error.map { $0 / Double(timesteps.count) }
      // dL/dU and dL/dc from timestep t alone.
      gradient.sum.u = gradient.sum.u + outer(error, now.h)
      gradient.sum.c = sum(gradient.sum.c, error)

      // dL_t/dh_k, from k = t back.
      var dh = transposed(u) * error
      var (pairsOfW, pairsOfV): ([Matrix], [Matrix]) = ([], [])
      for k in (0...t).reversed() {
        let then = timesteps[k]
        // Through tanh: dL_t/d(V x_k + W h_{k-1} + b).
        let dz = zip(dh, then.h).map { $0 * (1 - $1 * $1) }
        pairsOfW.insert(outer(dz, then.before), at: 0)
        pairsOfV.insert(outer(dz, then.x), at: 0)
        gradient.sum.b = sum(gradient.sum.b, dz)
        gradient.sum.embedding[then.word] = sum(gradient.sum.embedding[then.word], transposed(v) * dz)
        // One timestep further back: by the Jacobian dh_k/dh_{k-1}.
        dh = transposed(w) * dz
      }
      gradient.sum.w = pairsOfW.reduce(gradient.sum.w, +)
      gradient.sum.v = pairsOfV.reduce(gradient.sum.v, +)
      gradient.recurrentContributions.append(pairsOfW)
      gradient.inputContributions.append(pairsOfV)
    }
    return gradient
  }

  /// Gradient descent: every number less rate times its derivative.
  mutating func descend(_ gradient: HandNetwork, rate: Double) {
    func less(_ a: Matrix, _ b: Matrix) -> Matrix { a + b.map { $0.map { -rate * $0 } } }
    func less(_ a: Vector, _ b: Vector) -> Vector { sum(a, b.map { -rate * $0 }) }
    (embedding, v, w, b) = (
      less(embedding, gradient.embedding), less(v, gradient.v), less(w, gradient.w), less(b, gradient.b)
    )
    (u, c) = (less(u, gradient.u), less(c, gradient.c))
  }

  private var zero: HandNetwork {
    func zero(_ matrix: Matrix) -> Matrix { matrix.map { $0.map { _ in 0 } } }
    return HandNetwork(
      embedding: zero(embedding), v: zero(v), w: zero(w), b: b.map { _ in 0 }, u: zero(u), c: c.map { _ in 0 })
  }
}

// MARK: matrices and vectors

private func * (a: HandNetwork.Matrix, x: HandNetwork.Vector) -> HandNetwork.Vector {
  a.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
}

private func + (a: HandNetwork.Matrix, b: HandNetwork.Matrix) -> HandNetwork.Matrix { zip(a, b).map { sum($0, $1) } }

private func sum(_ a: HandNetwork.Vector, _ b: HandNetwork.Vector) -> HandNetwork.Vector { zip(a, b).map { $0 + $1 } }

private func outer(_ a: HandNetwork.Vector, _ b: HandNetwork.Vector) -> HandNetwork.Matrix {
  a.map { a in b.map { a * $0 } }
}

private func transposed(_ a: HandNetwork.Matrix) -> HandNetwork.Matrix {
  (a.first ?? []).indices.map { column in a.map { $0[column] } }
}
