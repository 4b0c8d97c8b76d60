import Presentation
import Training

/// How far gradients reach, as `inspect --gradient-flow` shows it.
struct GradientFlowInspection: Encodable, CustomStringConvertible {
  private let checkpoint: String
  private let split: String
  private let timesteps: Int
  private let sequences: Int
  private let states: [GradientFlow.State]
  /// Of the window that the model is trained with; nil where sentences are read whole.
  private let bptt: Int?

  init(_ flow: GradientFlow, checkpoint: String, split: String, bptt: Int?) {
    self.checkpoint = checkpoint
    self.split = split
    timesteps = flow.timesteps
    sequences = flow.sequences
    states = flow.states
    self.bptt = bptt
  }

  var description: String {
    let facts = Format.facts([
      ("checkpoint", checkpoint),
      (
        "read",
        "\(Format.count(sequences, "sequence")) of \(bptt == nil ? "up to " : "")\(Format.count(timesteps, "timestep")), \(split)"
      ),
    ])
    return """
      \(facts)

      The gradient of the loss at timestep t, in nats, by the states at timestep k:
      its norm, and how much that is of the norm at lag 0.

      \(table)

      \(reaches)

      \(GradientFlowAdvice(states: states, timesteps: timesteps, bptt: bptt).text)
      """
  }

  // MARK: the table

  private var table: Table {
    let rows = lags.map { lag in
      [String(lag)]
        + states.flatMap { state in
          let norm = state.curve.first { $0.lag == lag }?.norm ?? .nan
          return [Self.number(norm), Self.share(norm / state.direct)]
        }
    }
    return Table(["t - k"] + states.flatMap { [$0.name, "of lag 0"] }, rows, alignments: nil)
  }

  /// Powers of two, on both sides of 0 where states of later timesteps matter too.
  private var lags: [Int] {
    let all = states.first?.curve.map(\.lag) ?? []
    return all.filter { lag in
      let distance = lag.magnitude
      return distance & (distance &- 1) == 0 || distance == 0
    }
  }

  private static func number(_ value: Double) -> String { Format.significant(value, 3) }

  private static func share(_ share: Double) -> String {
    share.isFinite ? (share > 0.1 ? Format.fixed(100 * share, 0) : Format.significant(100 * share, 2)) + " %" : "-"
  }

  // MARK: what it says

  private var reaches: String {
    Format.facts(
      states.map { state in
        let reach = state.reach(share: GradientFlowAdvice.share)
        let past = reach.map { "below 1 % past \(GradientFlowAdvice.timesteps($0))" }
        return (state.name, past ?? "above 1 % as far as was looked")
      })
  }
}

/// What to make of how far gradients reach.
struct GradientFlowAdvice {
  private let states: [GradientFlow.State]
  private let timesteps: Int
  /// Of the window that the model is trained with; nil where sentences are read whole.
  private let bptt: Int?

  /// Below this share of the gradient at lag 0, nothing much is learnt.
  fileprivate static let share = 0.01

  init(_ flow: GradientFlow, bptt: Int?) { self.init(states: flow.states, timesteps: flow.timesteps, bptt: bptt) }

  fileprivate init(states: [GradientFlow.State], timesteps: Int, bptt: Int?) {
    self.states = states
    self.timesteps = timesteps
    self.bptt = bptt
  }

  /// The farthest that any state's gradient comes; nil if nobody knows.
  private var reach: Int? {
    let reaches = states.map { $0.reach(share: Self.share) }
    return reaches.contains(nil) ? nil : reaches.compactMap(\.self).max()
  }

  fileprivate static func timesteps(_ count: Int) -> String { Format.count(count, "timestep") }

  var text: String {
    let growth = states.flatMap { state in state.curve.map { $0.norm / state.direct } }.filter(\.isFinite).max() ?? 1
    let warning =
      growth > 10
      ? """

      Some gradients grow \(Format.significant(growth, 2)) times on the way: training.clip_norm keeps them in bounds.
      """ : ""
    return reachText + warning
  }

  private var reachText: String {
    guard let bptt else {
      return reach.map {
        "A tag is learnt from words up to \(Self.timesteps($0)) away; sentences are read whole, whatever training.bptt."
      } ?? "A tag is learnt from words as far away as sentences are long."
    }
    switch reach {
    case nil where bptt < timesteps:
      return """
        Gradients reach farther than training.bptt=\(bptt), which cuts them off: a longer one may learn more.
        How far they go, a larger --timesteps says.
        """
    case nil:
      return "Gradients reach farther than \(Self.timesteps(timesteps)); how far, a larger --timesteps says."
    case let reach? where reach >= bptt:
      return """
        Gradients reach \(Self.timesteps(reach)) back, farther than training.bptt=\(bptt), which cuts them off:
        a longer one may learn more.
        """
    case let reach? where 2 * reach > bptt:
      return """
        Gradients reach \(Self.timesteps(reach)) back: of a window of training.bptt=\(bptt), most timesteps miss
        a part of theirs; a longer one may learn a little more.
        """
    case let reach?:
      return "Gradients reach \(Self.timesteps(reach)) back: training.bptt=\(bptt) is long enough."
    }
  }
}

extension Checkpoint {
  /// Timesteps of the windows that it is trained on; nil where sequences are read whole.
  var windowTimesteps: Int? { configuration.task.window(configuration.training) }
}
