import Configuration
import Files
import Foundation
import Training

/// What a trial's `metrics.jsonl` says of its epochs. The run may be going on meanwhile.
struct RunMetrics {
  /// The lines of epochs that are done.
  private(set) var epochs: [EpochLine] = []
  /// The last whole line of any kind.
  private(set) var last: EpochLine?

  struct EpochLine: Decodable {
    let step: Int
    let epoch: Int
    let kind: String
    let trainLoss: Double?
    let validationLoss: Double?
    let validationAccuracy: Double?
    /// Of a line within an epoch.
    let loss: Double?
  }

  /// A run that has written nothing yet has no epochs.
  init(ofRunAt directory: String) {
    guard let bytes = try? FileContents.read(RunDirectory.metricsPath(directory)) else { return }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // A line that is being written has no end yet, and is none.
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      guard let line = try? decoder.decode(EpochLine.self, from: Data(line)) else { continue }
      if line.kind == "epoch" { epochs.append(line) }
      last = line
    }
  }

  /// The best epoch's value among the first so many; nil if there is none.
  func best(_ metric: SweepConfiguration.Metric, within limit: Int?) -> Double? {
    epochs.prefix { $0.epoch <= limit ?? .max }.compactMap { $0.value(of: metric.name) }
      .reduce(nil) { best, value in best.map { metric.goal.prefers(value, to: $0) ? value : $0 } ?? value }
  }

  /// Epochs done, of the first so many.
  func done(within limit: Int?) -> Int { epochs.last { $0.epoch <= limit ?? .max }?.epoch ?? 0 }
}

extension RunMetrics.EpochLine {
  fileprivate func value(of name: SweepConfiguration.MetricName) -> Double? {
    switch name {
    case .validationLoss: validationLoss
    case .trainLoss: trainLoss
    case .validationAccuracy: validationAccuracy
    }
  }
}
