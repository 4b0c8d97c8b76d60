import Plots
import Training

/// All that a run's metrics say, with a column for each number.
struct MetricsTable {
  let heading: [String]
  let rows: [[String]]

  private static let counters = ["step", "epoch", "kind"]
  /// Of lines within epochs, by the names that `metrics.jsonl` has for them.
  private static let fields: [(name: String, value: @Sendable (RunMetrics.Line) -> Double?)] = [
    ("loss", { $0.loss }), ("gradient_norm", { $0.gradientNorm }), ("learning_rate", { $0.learningRate }),
    ("tokens_per_second", { $0.tokensPerSecond }), ("seconds", { $0.seconds }),
  ]

  init(_ metrics: RunMetrics) {
    let lines = metrics.lines + [metrics.test].compactMap(\.self)
    let known = Set(Self.counters + Self.fields.map(\.name))
    let names = lines.reduce(into: Set<String>()) { $0.formUnion($1.values.keys) }.subtracting(known).sorted()
    heading = Self.counters + Self.fields.map(\.name) + names
    rows = lines.map { line in
      [String(line.step), String(line.epoch), line.kind.rawValue]
        + Self.fields.map { PictureValues.text($0.value(line)) } + names.map { PictureValues.text(line[$0]) }
    }
  }
}
