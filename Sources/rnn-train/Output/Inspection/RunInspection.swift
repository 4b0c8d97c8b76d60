import Configuration
import Foundation
import Presentation
import Training

/// A run directory as `inspect` shows it.
struct RunInspection: Encodable, CustomStringConvertible {
  private struct CheckpointEntry: Encodable {
    let path: String
    let step: Int
    let bytes: Int
    let isBest: Bool
    let isLast: Bool
  }

  private let format = "rnn-train run"
  private let configuration: String
  private let log: String
  private let checkpoints: [CheckpointEntry]
  /// Of the newest checkpoint; nil if there is none.
  private let epoch: Int?
  private let epochs: Int?
  private let validationMeasures: [Double]?
  /// The same for people.
  private let validation: String?
  /// The last line of metrics.jsonl: as an object, and as it is there.
  private let lastMetrics: [String: MetricsValue]?
  private let lastMetricsLine: String?
  /// What the finished run comes to on the test split: the numbers of its line in metrics.jsonl; nil while there is none.
  private let test: [String: Double]?
  /// The same for people.
  private let testFacts: [Fact]

  private enum CodingKeys: CodingKey {
    case format, configuration, log, checkpoints, epoch, epochs, validationMeasures, lastMetrics, test
  }

  init(_ directory: String) throws {
    let contents = try RunContents(of: directory, probe: FileProbe.check)
    configuration = RunDirectory.configurationPath(directory)
    log = RunDirectory.logPath(directory)
    checkpoints = contents.checkpoints.map {
      CheckpointEntry(path: $0.path, step: $0.step, bytes: $0.bytes, isBest: $0.isBest, isLast: $0.isLast)
    }
    let newest = contents.newest
    epoch = newest?.state.epoch
    epochs = newest?.configuration.training.epochs
    validationMeasures = newest?.state.validationMeasures
    validation = newest.map { $0.configuration.task.text(ofCosts: $0.state.validationMeasures) }
    let result = try RunMetrics(ofRunAt: directory).test
    test = result?.values
    let task = newest?.configuration.task
    let value = task.flatMap { result?[$0.measure.field(on: .test)] }
    testFacts = value.flatMap { task?.figures(of: $0) }?.map { Fact("test \($0.name)", $0.text) } ?? []
    lastMetricsLine = contents.lastMetrics
    lastMetrics = lastMetricsLine.flatMap { line in
      try? JSONDecoder().decode([String: MetricsValue].self, from: Data(line.utf8))
    }
  }

  var description: String {
    var facts = [("format", format), ("configuration", configuration), ("log", log)]
    if let epoch, let epochs, let validation {
      facts.append(("epochs done", "\(Format.count(epoch)) of \(Format.count(epochs))"))
      facts.append(("validation by epoch", validation))
    }
    facts += testFacts.map { ($0.name, $0.value) }
    facts.append(("last metrics", lastMetricsLine ?? "none yet"))
    guard !checkpoints.isEmpty else { return "\(Format.facts(facts))\n\nno checkpoints yet" }
    let table = Table(
      ["checkpoint", "step", "size", ""],
      checkpoints.map { checkpoint in
        let marks = [checkpoint.isBest ? "best" : nil, checkpoint.isLast ? "last" : nil].compactMap(\.self)
        return [
          checkpoint.path, Format.count(checkpoint.step), Format.bytes(checkpoint.bytes), marks.joined(separator: ", "),
        ]
      },
      alignments: [.left, .right, .right, .left])
    return "\(Format.facts(facts))\n\n\(table)"
  }
}

/// What a field of a line of metrics can be.
private enum MetricsValue: Codable {
  case number(Double)
  case word(String)
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .word(try container.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .word(let word): try container.encode(word)
    case .null: try container.encodeNil()
    }
  }
}
