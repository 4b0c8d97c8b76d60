import Configuration
import Datasets
import Files
import Foundation

/// `sessions.jsonl`: what each process did that trained the run, one JSON object as it begins and one as it ends. It is for
/// people: no run goes on by it, and where it can't be written nothing else changes.
package struct RunSession: Sendable, Equatable {
  package let beginning: Beginning
  /// Nil for a process that goes on, or that was killed.
  package let end: End?

  package struct Beginning: Codable, Sendable, Equatable {
    private(set) var event = "begin"
    /// Steps that were done before.
    package let step: Int
    /// The time of day.
    package let seconds: Double
    /// Of each rank.
    package let threads: Int
    /// Processes that trained together; nil in files of older versions, which had one.
    package let ranks: Int?
    /// The instruction set.
    package let isa: String
    package let version: String
    package let vocabulary: Int
    /// Of each split.
    package let tokens: [String: Int]
    /// What of the configuration is another than it was.
    package let changes: [Change]

    package init(
      step: Int, threads: Int, ranks: Int, isa: String, version: String, dataset: SequenceDataset, changes: [Change]
    ) {
      self.step = step
      seconds = Date().timeIntervalSince1970
      self.threads = threads
      self.ranks = ranks
      self.isa = isa
      self.version = version
      vocabulary = dataset.vocabulary.count
      tokens = Dictionary(uniqueKeysWithValues: dataset.splits.map { ($0.key.rawValue, $0.value.tokens.count) })
      self.changes = changes
    }
  }

  package struct Change: Codable, Sendable, Equatable {
    package let key: String
    /// Nil where there was none.
    package let before: String?
    package let after: String?

    package init(_ difference: RunConfiguration.Difference) {
      (key, before, after) = (difference.key, difference.other, difference.own)
    }
  }

  package struct End: Codable, Sendable, Equatable {
    private(set) var event = "end"
    package let step: Int
    package let seconds: Double
    package let outcome: Outcome

    package init(step: Int, outcome: Outcome) {
      self.step = step
      seconds = Date().timeIntervalSince1970
      self.outcome = outcome
    }
  }

  package enum Outcome: String, Codable, Sendable {
    case finished
    case stoppedEarly = "stopped_early"
    /// By a signal, a time limit or a pause that was asked for.
    case interrupted
    case failed
  }

  /// Those of a run, in their order; none of a run of an older version. Lines that make no sense are passed over.
  package static func all(ofRunAt directory: String) throws(FileError) -> [RunSession] {
    guard let file = try InputFile.ifThere(RunDirectory.sessionsPath(directory)) else { return [] }
    let decoder = JSONDecoder()
    var sessions: [RunSession] = []
    for line in try LineJournal.lines(of: file) {
      do {
        sessions.append(RunSession(beginning: try decoder.decode(Beginning.self, from: Data(line.utf8)), end: nil))
      } catch {
        // Not a beginning; an end says less.
        guard let last = sessions.last, last.end == nil else { continue }
        do {
          let end = try decoder.decode(End.self, from: Data(line.utf8))
          sessions[sessions.count - 1] = RunSession(beginning: last.beginning, end: end)
        } catch {}
      }
    }
    return sessions
  }
}

extension RunDirectory {
  static let sessionsName = "sessions.jsonl"

  static func sessionsPath(_ directory: String) -> String { Path.join(directory, sessionsName) }

  package func record(_ beginning: RunSession.Beginning) throws { try appendSession(beginning) }
  package func record(_ end: RunSession.End) throws { try appendSession(end) }

  private func appendSession(_ value: some Encodable) throws {
    try lock.check()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try LineJournal(Self.sessionsName, in: directory).append(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Whether a process trains the run now, as far as this machine can tell; who looks changes nothing.
  package static func isInUse(_ path: String) -> Bool { DirectoryLock.isHeld(atPath: path) }
}
