import Files
import Foundation

/// What a sweep's journal says: that it began, and what each trial came to in each rung.
struct Journal: Sendable {
  /// The first line: with it on the disk a directory holds a sweep.
  struct Beginning: Codable, Sendable {
    var event = "begin"
    var format = 1
    /// Of the sweep's own copy of its file.
    let sweepSha256: String
    /// The trials, in their order.
    let ids: [String]
    /// Of each trial that trains to its end.
    let epochs: [Int]
    /// What the trials read; nil in an older version's.
    let sources: [SourceFiles.Entry]?
  }

  /// Each rung has twice the epochs of the one before at least.
  private static let mostRungs = 64
  private static let plausibleEpochs = 1...1 << 31

  let beginning: Beginning
  private(set) var ends: [TrialEnd]

  /// - Parameter file: what errors call the journal.
  /// - Returns: nil for a sweep that was cut off before it began.
  init?(lines: [String], file: String) throws {
    guard let first = lines.first else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    func decode<Line: Decodable>(_ line: String, number: Int) throws -> Line {
      do {
        return try decoder.decode(Line.self, from: Data(line.utf8))
      } catch {
        throw SweepError.damagedJournal(file: file, line: number)
      }
    }
    let beginning: Beginning = try decode(first, number: 1)
    // Anybody may have written the file: ids become paths, and numbers indices and sums.
    guard beginning.event == "begin", beginning.format == 1, beginning.epochs.count == beginning.ids.count,
      beginning.ids.enumerated().allSatisfy({ Trial.isId($1, ofTrial: $0) }),
      beginning.epochs.allSatisfy(Self.plausibleEpochs.contains)
    else {
      throw SweepError.damagedJournal(file: file, line: 1)
    }
    self.beginning = beginning
    ends = try lines.dropFirst().enumerated().map { index, line in
      let end: TrialEnd = try decode(line, number: index + 2)
      guard beginning.ids.indices.contains(end.trial), (0..<Self.mostRungs).contains(end.rung),
        end.epochs == 0 || Self.plausibleEpochs.contains(end.epochs)
      else {
        throw SweepError.damagedJournal(file: file, line: index + 2)
      }
      return end
    }
  }

  init(_ beginning: Beginning) {
    self.beginning = beginning
    ends = []
  }

  mutating func record(_ end: TrialEnd) { ends.append(end) }

  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// What a trial came to in a rung.
package struct TrialEnd: Codable, Sendable, Equatable {
  var event = "end"
  package let trial: Int
  package let rung: Int
  /// Epochs done.
  package let epochs: Int
  /// The best epoch's value of the metric; nil for a trial that failed.
  package let value: Double?
  /// Why it failed.
  package let failure: String?

  package init(trial: Int, rung: Int, epochs: Int, value: Double?, failure: String? = nil) {
    self.trial = trial
    self.rung = rung
    self.epochs = epochs
    self.value = value
    self.failure = failure
  }
}
