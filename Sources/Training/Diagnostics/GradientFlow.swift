import Foundation

/// How much of the loss at one timestep reaches the states and the uses of the weights at others: the size of the gradient
/// on its way through time.
///
/// For a loss L_t at timestep t, in nats, and a state s_k after timestep k, dL_t/ds_k is the total derivative, along every
/// path from s_k on: within its layer through the product of the Jacobians ds_i/ds_{i-1}, and up through the layers above.
/// What backpropagation through time adds to a weight's gradient for the pair (t, k) is dL_t/ds_k times how s_k depends on
/// the weight directly: where the norm is nothing, nothing is learnt.
package struct GradientFlow: Sendable, Equatable {
  /// Sizes by t and k, of what reaches a state or of what a weight gets.
  package struct Norms: Sendable, Equatable {
    /// As checkpoints call it: `h_l0` is the hidden state of the first layer, `c_l0` its cell state where it has one,
    /// `h_l0_reverse` the hidden state of the direction that reads backwards, `rnn.weight_hh_l0` the first layer's W.
    package let name: String
    package let kind: Kind
    /// Whether it belongs to a direction that reads backwards.
    package let isReverse: Bool
    /// [t][k] the Euclidean norm, its mean over sequences; 0 where nothing flows, as to later timesteps of a network that
    /// reads in one direction, or where no sequence has a target at t.
    package let norms: [[Double]]
    /// The same by lag t - k, its mean over sequences and timesteps, in the order of the lags.
    package let curve: [Point]

    package init(name: String, kind: Kind, isReverse: Bool = false, norms: [[Double]], curve: [Point]) {
      self.name = name
      self.kind = kind
      self.isReverse = isReverse
      self.norms = norms
      self.curve = curve
    }
  }

  /// What a gradient is taken by.
  package enum Kind: Sendable, Equatable {
    case hiddenState
    /// Another state that a timestep hands to the next, an LSTM's c.
    case cellState
    /// V, which multiplies a layer's input.
    case inputWeight
    /// W, which multiplies the hidden state before.
    case recurrentWeight
    /// U, which multiplies what the output layer reads.
    case outputWeight
  }

  package struct Point: Sendable, Equatable, Encodable {
    /// Timesteps from the state to the loss: t - k. Below 0 the state is that of a later timestep.
    package let lag: Int
    package let norm: Double

    package init(lag: Int, norm: Double) {
      self.lag = lag
      self.norm = norm
    }
  }

  /// The sum of a weight's contributions over all t, k and sequences, beside the gradient that training has in one pass back.
  package struct Sum: Sendable, Equatable, Encodable {
    /// The weight.
    package let name: String
    /// ||sum - gradient|| / ||gradient||; 0 where both are nothing.
    package let relativeDifference: Double
  }

  /// What U gets: from each loss by the state of its own timestep, and from no other.
  package struct OutputNorms: Sendable, Equatable, Encodable {
    /// `decoder.weight`.
    package let name: String
    /// [t] the norm of dL_t/dU, its mean over sequences, with a large vocabulary over some of them; 0 where none has a
    /// target.
    package let norms: [Double]
  }

  /// Timesteps of the longest sequence: t and k are below it.
  package let timesteps: Int
  /// Sequences that were looked at.
  package let sequences: Int
  /// Norms of dL_t/ds_k.
  package let states: [Norms]
  /// Norms of what the pair (t, k) adds to dL/dV and dL/dW of each direction of a layer.
  package let weights: [Norms]
  /// Of the same weights.
  package let sums: [Sum]
  /// Nil where the output layer isn't one softmax.
  package let output: OutputNorms?
}

extension GradientFlow.Norms {
  /// The norm at lag 0, which others are compared with.
  package var direct: Double { curve.first { $0.lag == 0 }?.norm ?? 0 }

  /// The largest distance |t - k| at which the norm is still a share of that at lag 0.
  ///
  /// - Returns: nil if it is at the longest distance there is: nobody knows how far it goes on.
  package func reach(share: Double) -> Int? {
    let farthest = curve.map { abs($0.lag) }.max() ?? 0
    let reach = curve.filter { !($0.norm < share * direct) }.map { abs($0.lag) }.max() ?? 0
    return reach == farthest ? nil : reach
  }

  /// The factor r of the exponential a r^|t - k| that is closest to the curve over a range of distances: 0.9 vanishes, 1.1
  /// explodes. By least squares of the norms' logarithms, in which a distance counts as often as there are pairs (t, k) of
  /// it; of a direction that reads backwards with k after t.
  ///
  /// - Returns: nil where there are fewer than two distances with a norm.
  package func factor(distances: ClosedRange<Int>) -> Double? {
    let longest = curve.last?.lag ?? 0
    var (count, meanX, meanY, covariance, variance) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in curve {
      let distance = isReverse ? -point.lag : point.lag
      guard distances.contains(distance), point.norm > 0, point.norm.isFinite else { continue }
      // A mean that follows from point to point, in which nothing large is subtracted from anything large.
      let (weight, x, y) = (Double(longest + 1 - distance), Double(distance), log(point.norm))
      count += weight
      let (dx, dy) = (x - meanX, y - meanY)
      meanX += dx * weight / count
      meanY += dy * weight / count
      covariance += weight * dx * (y - meanY)
      variance += weight * dx * (x - meanX)
    }
    return variance > 0 ? exp(covariance / variance) : nil
  }
}

// MARK: for programs

extension GradientFlow: Encodable {}

extension GradientFlow.Norms: Encodable {
  private enum CodingKeys: CodingKey {
    case name, norms, curve
  }

  /// A gradient that overflows is null: JSON has no infinity.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(norms.map { $0.map(Self.finite) }, forKey: .norms)
    try container.encode(curve, forKey: .curve)
  }

  fileprivate static func finite(_ norm: Double) -> Double? { norm.isFinite ? norm : nil }
}

extension GradientFlow.Point {
  private enum CodingKeys: CodingKey {
    case lag, norm
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lag, forKey: .lag)
    try container.encode(GradientFlow.Norms.finite(norm), forKey: .norm)
  }
}
