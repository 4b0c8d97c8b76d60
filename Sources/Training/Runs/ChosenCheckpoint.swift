import Files

/// The checkpoint that a user's PATH means: the file itself, or a run's best checkpoint, else its last.
///
/// Which one is the best says the newest one's state. Links only say it more quickly to people, and may be stale, or be
/// gone from a copy. The run may be going on meanwhile.
package struct ChosenCheckpoint: Sendable {
  /// Which has passed the probe.
  package let file: InputFile
  /// What people are to know of the choice; nil where there is nothing to it.
  package let notice: String?

  /// - Parameters:
  ///   - path: a checkpoint, or the directory of a run.
  ///   - acceptsLostSeal: whether a checkpoint will do that another program has taken the seal off.
  ///   - probe: throws what is wrong with a file, before it is read here.
  package init(
    _ path: String, acceptsLostSeal: Bool = false, probe: (InputFile) throws -> Void = { _ in }
  ) throws {
    if Directory.isDirectory(path) {
      try self.init(in: OpenDirectory(path), acceptsLostSeal: acceptsLostSeal, probe: probe)
    } else {
      self.init(file: try InputFile(path), notice: nil)
      try probe(file)
    }
  }

  /// - Parameter run: the directory of a run.
  init(
    in run: OpenDirectory, acceptsLostSeal: Bool = false, probe: (InputFile) throws -> Void = { _ in }
  ) throws {
    // The run may remove what was listed before it is opened; then there is something newer.
    for _ in 0..<100 {
      do {
        guard let choice = try Self.choice(in: run, acceptsLostSeal, probe) else { break }
        self = choice
        return
      } catch let error as FileError {
        if !error.isForWantOfFile { throw error }
      }
    }
    throw TrainingError.noUsableCheckpoint(directory: run.path, reasons: [])
  }

  private init(file: InputFile, notice: String?) {
    self.file = file
    self.notice = notice
  }

  private static func choice(
    in run: OpenDirectory, _ acceptsLostSeal: Bool, _ probe: (InputFile) throws -> Void
  ) throws -> ChosenCheckpoint? {
    guard try run.contains(RunDirectory.checkpointsName) else { return nil }
    let checkpoints = try run.subdirectory(RunDirectory.checkpointsName)
    var refusal: (any Error)?
    for step in try CheckpointNames.steps(in: checkpoints).reversed() {
      let name = CheckpointNames.name(ofStep: step)
      let newest = try InputFile(shown(name, as: RunDirectory.lastName, in: checkpoints), in: checkpoints)
      let state: TrainingState
      do {
        try probe(newest)
        state = try CheckpointFile.state(of: newest, acceptsLostSeal: acceptsLostSeal)
      } catch {
        if error is FileError { throw error }
        refusal = refusal ?? error
        continue
      }
      guard let best = state.bestStep else { return ChosenCheckpoint(file: newest, notice: nil) }
      let bestName = CheckpointNames.name(ofStep: best)
      guard try checkpoints.containsFile(bestName) else {
        return ChosenCheckpoint(
          file: newest, notice: "the best checkpoint, \(checkpoints.path(of: bestName)), is gone; this is the last one")
      }
      let file = try InputFile(shown(bestName, as: RunDirectory.bestName, in: checkpoints), in: checkpoints)
      if best != step { try probe(file) }
      return ChosenCheckpoint(file: file, notice: nil)
    }
    if let refusal { throw refusal }
    // A copy of a directory may have files in the places of links, and nothing else.
    for name in [RunDirectory.bestName, RunDirectory.lastName] where try checkpoints.containsFile(name) {
      let file = try InputFile(name, in: checkpoints)
      try probe(file)
      return ChosenCheckpoint(file: file, notice: nil)
    }
    return nil
  }

  /// The name by which people know a checkpoint: the link's where that leads to it.
  private static func shown(_ name: String, as link: String, in checkpoints: OpenDirectory) -> String {
    checkpoints.linkTarget(link) == name ? link : name
  }
}

extension RunDirectory {
  /// Whether a run has a checkpoint by now.
  package static func hasCheckpoint(_ path: String) throws(FileError) -> Bool {
    do throws(FileError) {
      return try !CheckpointNames.steps(in: OpenDirectory(Path.join(path, checkpointsName))).isEmpty
    } catch {
      if error.isForWantOfFile { return false }
      throw error
    }
  }
}
