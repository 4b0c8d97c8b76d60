import Files

/// What a run directory holds, for people who look at it. The run may be going on meanwhile.
package struct RunContents: Sendable {
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
  /// The newest checkpoint that can be read, without moments; nil if there is none.
  package let newest: Checkpoint?
  /// The last whole line of the run's course in `metrics.jsonl`, as it is there.
  package let lastMetrics: String?

  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  /// - Throws: `TrainingError.holdsNoRun`, or `FileError`.
  package init(of path: String, probe: (InputFile) throws -> Void = { _ in }) throws {
    let directory = try RunDirectory.requireRun(in: path)
    lastMetrics = try Self.lastLine(of: RunDirectory.metricsPath(path))
    // A run that was cut off at its very beginning has no checkpoints yet.
    guard try directory.contains(RunDirectory.checkpointsName) else {
      (checkpoints, newest) = ([], nil)
      return
    }
    let folder = try directory.subdirectory(RunDirectory.checkpointsName)
    let files = try Self.files(in: folder)
    let newest = try Self.newest(of: files.map(\.file), probe)
    let state = newest?.state
    checkpoints = files.map { step, file in
      CheckpointEntry(
        path: file.path, step: step, bytes: file.byteCount, isBest: step == state?.bestStep, isLast: step == state?.step
      )
    }
    self.newest = newest
  }

  /// The checkpoints, opened.
  private static func files(in folder: OpenDirectory) throws(FileError) -> [(step: Int, file: InputFile)] {
    var files: [(step: Int, file: InputFile)] = []
    // The run may remove what was listed before it is opened; if it removes the newest, there is something newer.
    for _ in 0..<100 {
      files.removeAll()
      let steps = try CheckpointNames.steps(in: folder)
      for step in steps {
        do throws(FileError) {
          files.append((step, try InputFile(CheckpointNames.name(ofStep: step), in: folder)))
        } catch {
          if !error.isForWantOfFile { throw error }
        }
      }
      if files.last?.step == steps.last { break }
    }
    return files
  }

  /// One that is damaged is shown by its size; `inspect` of the file itself says what is wrong with it.
  private static func newest(of files: [InputFile], _ probe: (InputFile) throws -> Void) throws -> Checkpoint? {
    for file in files.reversed() {
      do {
        try probe(file)
        return try CheckpointFile.read(file, .model)
      } catch {
        if error is FileError { throw error }
      }
    }
    return nil
  }

  private static func lastLine(of path: String) throws(FileError) -> String? {
    guard let text = try InputFile.ifThere(path)?.contents() else { return nil }
    guard let end = text.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let lines = text[..<end].split(separator: UInt8(ascii: "\n")).reversed().lazy
    return lines.map { String(decoding: $0, as: UTF8.self) }.first { !MetricsLog.isTestResult($0) }
  }
}
