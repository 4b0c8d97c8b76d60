import Configuration
import Files
import Foundation

/// What a run's `metrics.jsonl` says. The run may be going on meanwhile.
package struct RunMetrics: Sendable {
  /// Those of the run's course, in their order, without the one that is being written.
  package private(set) var lines: [Line] = []
  /// What the finished run's model comes to on the test split.
  package private(set) var test: Line?
  /// Bytes that are no line of metrics, in lines.
  package private(set) var unreadable = 0

  /// A line of any kind; a value that isn't there, or wasn't a number, is nil.
  package struct Line: Decodable, Sendable {
    package let step: Int
    package let epoch: Int
    package let kind: Kind
    /// Of a line within an epoch.
    package let loss: Double?
    package let gradientNorm: Double?
    package let learningRate: Double?
    /// The time of day.
    package let seconds: Double?
    package let tokensPerSecond: Double?
    /// Of an epoch's line or the test's, by name.
    package let values: [String: Double]

    package var trainLoss: Double? { self[Measure.trainLoss.field] }
    package var validationLoss: Double? { self[Measure.validationLoss.field] }

    /// A number of an epoch's line, or of the test's.
    package subscript(field: String) -> Double? { values[field] }

    package init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      step = try container.decode(Int.self, forKey: .step)
      epoch = try container.decode(Int.self, forKey: .epoch)
      kind = try container.decode(Kind.self, forKey: .kind)
      loss = try container.decodeIfPresent(Double.self, forKey: .loss)
      gradientNorm = try container.decodeIfPresent(Double.self, forKey: .gradientNorm)
      learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate)
      seconds = try container.decodeIfPresent(Double.self, forKey: .seconds)
      tokensPerSecond = try container.decodeIfPresent(Double.self, forKey: .tokensPerSecond)
      // Of the many lines within epochs, what has no name here is not worth the time.
      values =
        kind != .train
        ? try decoder.singleValueContainer().decode([String: NumberIfAny].self).compactMapValues(\.value) : [:]
    }

    // Written out: to derive them by a decoding strategy takes most of the time of reading a long run.
    private enum CodingKeys: String, CodingKey {
      case step, epoch, kind, loss, seconds
      case gradientNorm = "gradient_norm"
      case learningRate = "learning_rate"
      case tokensPerSecond = "tokens_per_second"
    }
  }

  /// A number, or what is for somebody else.
  private struct NumberIfAny: Decodable {
    let value: Double?

    init(from decoder: any Decoder) throws { value = try? decoder.singleValueContainer().decode(Double.self) }
  }

  package enum Kind: String, Decodable, Sendable {
    /// Within an epoch.
    case train
    /// At an epoch's end.
    case epoch
    /// At the run's end.
    case test
  }

  /// What steps and epochs can be: anybody may have written the file, and they are reckoned with.
  private static let counters = 0...1 << 48

  /// A run that has written nothing yet has no lines.
  ///
  /// - Throws: why the file can't be read, though it is there.
  package init(ofRunAt directory: String) throws(FileError) {
    guard let bytes = try InputFile.ifThere(RunDirectory.metricsPath(directory))?.contents() else { return }
    let decoder = JSONDecoder()
    // A line that is being written has no end yet, and is none.
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
      do {
        let line = try decoder.decode(Line.self, from: Data(line))
        guard Self.counters.contains(line.step), Self.counters.contains(line.epoch) else {
          unreadable += 1
          continue
        }
        if line.kind == .test { test = line } else { lines.append(line) }
      } catch {
        unreadable += 1
      }
    }
  }

  /// The lines of epochs that are done.
  package var epochs: [Line] { lines.filter { $0.kind == .epoch } }
  package var last: Line? { lines.last }
}
