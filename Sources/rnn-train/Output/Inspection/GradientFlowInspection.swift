import Presentation
import Training

/// How far gradients reach, as `inspect --gradient-flow` shows it.
struct GradientFlowInspection: Encodable, CustomStringConvertible {
  private let checkpoint: String
  private let split: String
  private let timesteps: Int
  private let sequences: Int
  private let states: [GradientFlow.Norms]
  private let weights: [GradientFlow.Norms]
  private let sums: [GradientFlow.Sum]
  private let output: GradientFlow.OutputNorms?
  /// Other runs beside this one; nil where nobody asked for any.
  private let with: [GradientFlowInspection]?

  private let name: String
  private let advice: GradientFlowAdvice
  private let readsWindows: Bool

  private enum CodingKeys: CodingKey {
    case checkpoint, split, timesteps, sequences, states, weights, sums, output, with
  }

  /// - Parameter others: to be compared with.
  init(_ run: MeasuredFlow, with others: [MeasuredFlow] = []) {
    let flow = run.flow
    checkpoint = run.checkpoint
    split = run.split.rawValue
    timesteps = flow.timesteps
    sequences = flow.sequences
    (states, weights, sums, output) = (flow.states, flow.weights, flow.sums, flow.output)
    with = others.isEmpty ? nil : others.map { GradientFlowInspection($0) }
    name = run.name
    advice = GradientFlowAdvice(flow, bptt: run.bptt)
    readsWindows = run.bptt != nil
  }

  var description: String {
    let all = [self] + (with ?? [])
    let parts = [
      all.map(\.facts).joined(separator: "\n"),
      """
      The gradient of the loss at timestep t, in nats, by the states at timestep k:
      its norm, and how much that is of the norm at lag 0.
      """,
      Self.table(of: states),
      all.count > 1
        ? """
        The same of all runs, as shares of the norm at lag 0:

        \(Self.comparison(of: all))
        """ : nil,
      """
      What the pair (t, k) adds to the gradient of a weight, dL/dV for the input's and
      dL/dW for the recurrent one:
      """,
      Self.table(of: weights),
      Format.facts(all.flatMap { $0.decays(prefix: all.count > 1 ? "\($0.name) " : "") }),
      sumText,
      advice.text,
    ]
    return parts.compactMap(\.self).joined(separator: "\n\n")
  }

  private var facts: String {
    let extent = "\(readsWindows ? "" : "up to ")\(Format.count(timesteps, "timestep"))"
    return Format.facts([
      ("checkpoint", checkpoint), ("read", "\(Format.count(sequences, "sequence")) of \(extent), \(split)"),
    ])
  }

  // MARK: tables

  private static func table(of quantities: [GradientFlow.Norms]) -> String {
    let rows = lags(of: quantities).map { lag in
      [String(lag)]
        + quantities.flatMap { [Format.significant($0.norm(atLag: lag), 3), share($0.norm(atLag: lag) / $0.direct)] }
    }
    return Table(["t - k"] + quantities.flatMap { [$0.name, "of lag 0"] }, rows).description
  }

  private static func comparison(of runs: [GradientFlowInspection]) -> String {
    let columns = runs.flatMap { run in run.states.map { (title: "\(run.name) \($0.name)", norms: $0) } }
    let rows = lags(of: columns.map(\.norms)).map { lag in
      [String(lag)] + columns.map { share($0.norms.norm(atLag: lag) / $0.norms.direct) }
    }
    return Table(["t - k"] + columns.map(\.title), rows).description
  }

  /// Powers of two, on both sides of 0 where states of later timesteps matter too.
  private static func lags(of quantities: [GradientFlow.Norms]) -> [Int] {
    Set(quantities.flatMap { $0.curve.map(\.lag) }).sorted().filter { lag in
      let distance = lag.magnitude
      return distance & (distance &- 1) == 0 || distance == 0
    }
  }

  private static func share(_ share: Double) -> String {
    share.isFinite ? (share > 0.1 ? Format.fixed(100 * share, 0) : Format.significant(100 * share, 2)) + " %" : "-"
  }

  // MARK: what they say

  /// - Parameter prefix: of the names, where there are several runs.
  private func decays(prefix: String) -> [(name: String, value: String)] {
    (states + weights).map { (prefix + $0.name, GradientDecay($0).description) }
  }

  private var sumText: String {
    let pairs = Format.facts(sums.map { ($0.name, Format.significant($0.relativeDifference, 2)) })
    var text = """
      The sum of what all pairs add, less the gradient that training takes in one pass back,
      as a share of its norm:

      \(pairs)
      """
    if let output {
      let norms = output.norms.filter { $0 > 0 }
      let mean = norms.reduce(0, +) / Double(max(norms.count, 1))
      text += """


        dL/dU needs one timestep alone: to \(output.name) the loss at t adds a norm of \(Format.significant(mean, 3))
        by the state at t, and nothing by any other.
        """
    }
    return text
  }
}

extension GradientFlow.Norms {
  fileprivate func norm(atLag lag: Int) -> Double { curve.first { $0.lag == lag }?.norm ?? .nan }
}

extension Checkpoint {
  /// Timesteps of the windows that it is trained on; nil where sequences are read whole.
  var windowTimesteps: Int? { configuration.task.window(configuration.training) }
}
