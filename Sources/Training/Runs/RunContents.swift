import Files
import Glibc

/// What a run directory holds, for people who look at it. The run may be going on meanwhile.
package struct RunContents: Sendable, Equatable {
  package struct CheckpointEntry: Sendable, Equatable {
    package let path: String
    package let step: Int
    package let bytes: Int
    /// Whether its validation loss is the lowest so far.
    package let isBest: Bool
    package let isLast: Bool
  }

  /// In the order of their steps.
  package let checkpoints: [CheckpointEntry]
  /// The last whole line of `metrics.jsonl`, as it is there.
  package let lastMetrics: String?

  /// - Throws: `TrainingError.holdsNoRun`, or `FileError`.
  package init(of directory: String) throws {
    guard RunDirectory.holdsRun(directory) else { throw TrainingError.holdsNoRun(directory: directory) }
    let folder = RunDirectory.checkpointsPath(directory)
    let (best, last) = (Self.linkedStep(folder, RunDirectory.bestName), Self.linkedStep(folder, RunDirectory.lastName))
    // A run that was cut off at its very beginning has no checkpoints yet.
    let steps = access(folder, F_OK) == 0 ? try RunDirectory.steps(in: folder) : []
    checkpoints = steps.compactMap { step in
      let path = Path.join(folder, RunDirectory.name(ofStep: step))
      var status = stat()
      // It may have been removed just now.
      guard stat(path, &status) == 0 else { return nil }
      return CheckpointEntry(
        path: path, step: step, bytes: Int(status.st_size), isBest: step == best, isLast: step == last)
    }
    lastMetrics = try Self.lastLine(of: RunDirectory.metricsPath(directory))
  }

  private static func linkedStep(_ folder: String, _ name: String) -> Int? {
    RunDirectory.linkTarget(Path.join(folder, name)).flatMap(RunDirectory.step(of:))
  }

  private static func lastLine(of path: String) throws(FileError) -> String? {
    guard access(path, F_OK) == 0 else { return nil }
    let text = try FileContents.read(path)
    guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = text[..<end].split(separator: UInt8(ascii: "\n")).last
    return line.map { String(decoding: $0, as: UTF8.self) }
  }
}
