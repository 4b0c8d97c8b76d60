/// How much of the loss at one timestep reaches the states of others: the size of the gradient on its way through time.
///
/// For a loss L_t at timestep t, in nats, and a state s_k after timestep k, dL_t/ds_k is the total derivative, along every
/// path from s_k on: within its layer through the product of the Jacobians ds_i/ds_{i-1}, and up through the layers above.
/// What backpropagation through time adds to a parameter's gradient for the pair (t, k) is dL_t/ds_k times how s_k depends
/// on the parameter directly: where the norm is nothing, nothing is learnt.
package struct GradientFlow: Sendable, Equatable {
  /// The flow to one state of one direction of a layer.
  package struct State: Sendable, Equatable {
    /// As checkpoints call it: `h_l0` is the hidden state of the first layer, `c_l0` its cell state where it has one,
    /// `h_l0_reverse` the hidden state of the direction that reads backwards.
    package let name: String
    /// [t][k] the Euclidean norm of dL_t/ds_k, its mean over sequences; 0 where nothing flows, as to later timesteps of a
    /// network that reads in one direction, or where no sequence has a target at t.
    package let norms: [[Double]]
    /// The same by lag t - k, its mean over sequences and timesteps, in the order of the lags.
    package let curve: [Point]

    package init(name: String, norms: [[Double]], curve: [Point]) {
      self.name = name
      self.norms = norms
      self.curve = curve
    }
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

  /// Timesteps of the longest sequence: t and k are below it.
  package let timesteps: Int
  /// Sequences that were looked at.
  package let sequences: Int
  package let states: [State]
}

extension GradientFlow.State {
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
}

// MARK: for programs

extension GradientFlow: Encodable {}

extension GradientFlow.State: Encodable {
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
    try container.encode(GradientFlow.State.finite(norm), forKey: .norm)
  }
}
