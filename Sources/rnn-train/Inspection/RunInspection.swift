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
  /// The last line of metrics.jsonl.
  private let lastMetrics: String?

  init(_ directory: String) throws {
    let contents = try RunContents(of: directory)
    configuration = RunDirectory.configurationPath(directory)
    log = RunDirectory.logPath(directory)
    checkpoints = contents.checkpoints.map {
      CheckpointEntry(path: $0.path, step: $0.step, bytes: $0.bytes, isBest: $0.isBest, isLast: $0.isLast)
    }
    lastMetrics = contents.lastMetrics
  }

  var description: String {
    let facts = Format.facts([
      ("format", format), ("configuration", configuration), ("log", log), ("last metrics", lastMetrics ?? "none yet"),
    ])
    guard !checkpoints.isEmpty else { return "\(facts)\n\nno checkpoints yet" }
    let table = Table(
      ["checkpoint", "step", "size", ""],
      checkpoints.map { checkpoint in
        let marks = [checkpoint.isBest ? "best" : nil, checkpoint.isLast ? "last" : nil].compactMap(\.self)
        return [
          checkpoint.path, Format.count(checkpoint.step), Format.bytes(checkpoint.bytes), marks.joined(separator: ", "),
        ]
      },
      alignments: [.left, .right, .right, .left])
    return "\(facts)\n\n\(table)"
  }
}
