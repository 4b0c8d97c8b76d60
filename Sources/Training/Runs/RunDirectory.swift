import Configuration
import ConfigurationFiles
import Files
import HDF5

/// A directory that one run lives in, held against every other process for as long as the object lives. All of it is written
/// to by way of the open directory: wherever that is moved to, the run goes with it, and another directory that has got its
/// path is nobody's business here.
///
///     config.cfg       the resolved configuration        metrics.jsonl   one object a log line
///     train.log        what standard error said          checkpoints/    step-00001000.h5 …, last.h5, best.h5 (links)
///     sessions.jsonl   the processes that trained it
package final class RunDirectory: Sendable {
  /// Where it was when the run began.
  package let path: String
  package let directory: OpenDirectory
  let lock: DirectoryLock

  private init(locking path: String, _ notice: (String) -> Void) throws(FileError) {
    self.path = path
    directory = try OpenDirectory(path)
    lock = try DirectoryLock(directory, notice: notice)
  }

  package static let configurationName = "config.cfg"
  static let metricsName = "metrics.jsonl"
  package static let logName = "train.log"
  static let checkpointsName = "checkpoints"
  /// What a directory with a configuration has if its run has begun.
  package static let marks: Set = [metricsName, checkpointsName]
  static let lastName = "last.h5"
  static let bestName = "best.h5"

  package static func configurationPath(_ directory: String) -> String { Path.join(directory, configurationName) }
  package static func logPath(_ directory: String) -> String { Path.join(directory, logName) }
  package static func checkpointPath(_ directory: String, ofStep step: Int) -> String {
    Path.join(directory, Path.join(checkpointsName, CheckpointNames.name(ofStep: step)))
  }
  package static func metricsPath(_ directory: String) -> String { Path.join(directory, metricsName) }

  /// Where it is now, for people.
  package var currentPath: String { if case .moved(let place?) = directory.whereabouts { place } else { path } }

  /// Whether a run has been in a directory.
  static func holdsRun(_ directory: OpenDirectory) throws(FileError) -> Bool {
    if try directory.contains(configurationName) { return true }
    return try directory.contains(checkpointsName)
  }

  // MARK: beginning

  /// Makes the directory for a new run.
  ///
  /// - Parameter notice: gets a line if to lock it takes a minute.
  package static func create(
    _ path: String, configuration: RunConfiguration, notice: (String) -> Void = { _ in }
  ) throws -> RunDirectory {
    try Directory.create(path)
    let run = try RunDirectory(locking: path, notice)
    guard try !holdsRun(run.directory) else { throw TrainingError.holdsRun(directory: path) }
    do {
      try run.directory.removeLeftovers()
    } catch FileError.system(.list, _, _) {
      // One that can't be listed keeps them.
    }
    try run.write(configuration)
    _ = try run.checkpoints()
    return run
  }

  /// Takes over the directory of a run that ended or was cut off.
  ///
  /// - Parameter notice: gets a line if to lock it takes a minute.
  package static func resume(_ path: String, notice: (String) -> Void = { _ in }) throws -> RunDirectory {
    try requireRun(in: path)
    let run = try RunDirectory(locking: path, notice)
    // It may have been cut off before there was one.
    for folder in [run.directory, try run.checkpoints()] { try folder.removeLeftovers() }
    // A pipe of that name would keep us waiting, and a link leads somewhere else when it is replaced.
    guard try run.directory.containsFile(configurationName) else {
      throw TrainingError.noConfiguration(directory: path)
    }
    return run
  }

  /// Whether a run has been in a directory, if there is one.
  package static func holdsRun(at path: String) throws -> Bool {
    do {
      try requireRun(in: path)
      return true
    } catch TrainingError.holdsNoRun {
      return false
    }
  }

  /// Opens the directory of a run to look at it.
  @discardableResult
  static func requireRun(in path: String) throws -> OpenDirectory {
    let directory: OpenDirectory
    do throws(FileError) {
      directory = try OpenDirectory(path)
    } catch {
      guard error.isForWantOfFile else { throw error }
      throw TrainingError.holdsNoRun(directory: path)
    }
    guard try holdsRun(directory) else { throw TrainingError.holdsNoRun(directory: path) }
    return directory
  }

  package func write(_ configuration: RunConfiguration) throws {
    try directory.write(Array(configuration.render().utf8), to: Self.configurationName)
  }

  /// Writes the minibatch down that a step diverged on.
  ///
  /// - Returns: the file's path.
  func writeDivergence(_ text: String, step: Int) throws(FileError) -> String {
    let name = "diverged-\(step).txt"
    try directory.write(Array(text.utf8), to: name)
    return directory.path(of: name)
  }

  // MARK: writing checkpoints

  /// Made again if it is gone.
  private func checkpoints() throws(FileError) -> OpenDirectory { try directory.subdirectory(Self.checkpointsName) }

  /// Writes a checkpoint, then moves `last` and `best`, then removes old ones. Whatever fails or cuts this off, the
  /// checkpoint before stays.
  ///
  /// - Returns: the checkpoint's path.
  /// - Throws: `CheckpointFailure` if the disk doesn't take the file, `FileError` if it is in the way of what follows.
  package func save(_ checkpoint: Checkpoint) throws -> String {
    try lock.check()
    let checkpoints = try checkpoints()
    let name = CheckpointNames.name(ofStep: checkpoint.state.step)
    let image: HDF5Image
    do {
      image = try CheckpointFile.image(of: checkpoint, for: checkpoints.path(of: name))
    } catch let error as FileError {
      throw CheckpointFailure(error, .numbers(checkpoint.byteCount), directory: checkpoints.path)
    }
    do throws(FileError) {
      try image.save(to: name, in: checkpoints)
    } catch {
      throw CheckpointFailure(error, .file(image.byteCount), directory: checkpoints.path)
    }
    try setLinks(to: checkpoint.state, in: checkpoints)
    try prune(checkpoint.state, checkpoint.configuration)
    return checkpoints.path(of: name)
  }

  /// Removes the checkpoints that a run keeps no longer at a state: all but the newest, the best one and those that a
  /// rollback may return to.
  func prune(_ state: TrainingState, _ configuration: RunConfiguration) throws(FileError) {
    let checkpoints = try checkpoints()
    let steps = try CheckpointNames.steps(in: checkpoints).filter { $0 <= state.step }
    var kept = [state.bestStep].compactMap(\.self)
    if case .rollback = configuration.training.onDivergence {
      kept += [state.rollbackSteps.last, state.rollbackSteps.earlier]
    }
    for step in steps.dropLast(configuration.output.keep) where !kept.contains(step) {
      try checkpoints.remove(CheckpointNames.name(ofStep: step))
    }
  }

  /// Makes a checkpoint the newest: later ones belong to steps that the run has taken back.
  func rewind(to state: TrainingState) throws(FileError) {
    let checkpoints = try checkpoints()
    try setLinks(to: state, in: checkpoints)
    for step in try CheckpointNames.steps(in: checkpoints) where step > state.step {
      try checkpoints.remove(CheckpointNames.name(ofStep: step))
    }
  }

  private func setLinks(to state: TrainingState, in checkpoints: OpenDirectory) throws(FileError) {
    try checkpoints.link(Self.lastName, to: CheckpointNames.name(ofStep: state.step))
    let best = state.bestStep.map(CheckpointNames.name(ofStep:))
    if let best, try checkpoints.containsFile(best) {
      try checkpoints.link(Self.bestName, to: best)
    } else {
      try checkpoints.remove(Self.bestName)
    }
  }

  // MARK: reading checkpoints

  /// What a run goes on from.
  package struct Found {
    package let checkpoint: Checkpoint
    package let path: String
    /// What people are to know: why newer ones were passed over, and whether the best one is gone.
    package let notices: [String]
  }

  /// The newest checkpoint that is whole, as a run goes on from it.
  ///
  /// Newer ones that aren't whole are put aside as `*.damaged`, so that they are neither counted nor met again. `last` and
  /// `best` are set anew: the run may have been cut off between writing a checkpoint and moving them, and a copy of a
  /// directory may have none, or files in their places, which get their steps' names.
  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  /// - Throws: what keeps the newest whole one from being used. All stay where they are then: a newer version of the
  ///   program may have written it, or the machine lacks memory just now.
  package func newestCheckpoint(probe: (InputFile) throws -> Void = { _ in }) throws -> Found {
    let checkpoints = try checkpoints()
    var notices: [String] = []
    /// Reads a file; nil for one that is damaged, which is put aside.
    func read<Result>(_ name: String, _ body: (InputFile) throws -> Result) throws -> Result? {
      let file = try InputFile(name, in: checkpoints)
      do {
        try probe(file)
        return try body(file)
      } catch {
        guard try Self.isDamaged(file, error) else { throw error }
        notices.append("passed over: \(error)")
        try checkpoints.rename(name, to: name + ".damaged")
        return nil
      }
    }
    while true {
      for name in [Self.bestName, Self.lastName] where try checkpoints.containsFile(name) {
        let state = try read(name) { try CheckpointFile.state(of: $0) }
        guard let step = state?.step else { continue }
        let own = CheckpointNames.name(ofStep: step)
        if try !checkpoints.contains(own) { try checkpoints.rename(name, to: own) }
      }
      guard let step = try CheckpointNames.steps(in: checkpoints).last else {
        throw TrainingError.noUsableCheckpoint(directory: path, reasons: notices)
      }
      let name = CheckpointNames.name(ofStep: step)
      guard let checkpoint = try read(name, { try CheckpointFile.read($0) }) else {
        continue
      }
      guard checkpoint.state.step == step else {
        throw TrainingError.misnamed(file: checkpoints.path(of: name), step: checkpoint.state.step)
      }
      try setLinks(to: checkpoint.state, in: checkpoints)
      if let best = checkpoint.state.bestStep, try !checkpoints.containsFile(CheckpointNames.name(ofStep: best)) {
        notices.append(
          "the best checkpoint, \(checkpoints.path(of: CheckpointNames.name(ofStep: best))), is gone; there is none until "
            + "an epoch is better")
      }
      return Found(checkpoint: checkpoint, path: checkpoints.path(of: name), notices: notices)
    }
  }

  /// Seals the checkpoints again that another program has taken the seal off, and that are whole otherwise: somebody vouches
  /// for them.
  ///
  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  package func sealAgain(probe: (InputFile) throws -> Void = { _ in }) throws {
    let checkpoints = try checkpoints()
    for name in try checkpoints.names() where CheckpointNames.step(of: name) != nil {
      let file = try InputFile(name, in: checkpoints)
      guard try HDF5File.seal(of: file) == .lost else { continue }
      do {
        try probe(file)
        _ = try CheckpointFile.read(file, acceptsLostSeal: true)
      } catch is HDF5Error {
        continue
      }
      try HDF5File.seal(file, as: name, in: checkpoints)
    }
  }

  /// Whether an error in reading a checkpoint is that file's own, and not the machine's or a newer version's.
  private static func isDamaged(_ file: InputFile, _ error: any Error) throws -> Bool {
    if error is FileError { return false }
    switch try HDF5File.seal(of: file) {
    case .whole: return false
    case .none, .altered, .broken: return true
    case .lost:
      do {
        _ = try CheckpointFile.read(file, acceptsLostSeal: true)
        return false
      } catch is HDF5Error {
        return true
      }
    }
  }

  /// The state of a step's checkpoint; nil where there is none, or a damaged one.
  func state(ofStep step: Int) throws -> TrainingState? { try read(step) { try CheckpointFile.state(of: $0) } }

  /// A step's checkpoint and its path; nil where there is none, or a damaged one.
  func checkpoint(ofStep step: Int) throws -> (checkpoint: Checkpoint, path: String)? {
    try read(step) { (try CheckpointFile.read($0), $0.path) }
  }

  private func read<Result>(_ step: Int, _ body: (InputFile) throws -> Result) throws -> Result? {
    let checkpoints = try checkpoints()
    let name = CheckpointNames.name(ofStep: step)
    guard try checkpoints.contains(name) else { return nil }
    let file = try InputFile(name, in: checkpoints)
    do {
      return try body(file)
    } catch {
      guard try Self.isDamaged(file, error) else { throw error }
      return nil
    }
  }

  /// The step of the newest checkpoint; nil if there is none.
  var newestStep: Int? { get throws(FileError) { try CheckpointNames.steps(in: checkpoints()).last } }

  /// The run's best checkpoint, else its last, to use its model.
  package func chosenCheckpoint() throws -> ChosenCheckpoint {
    try ChosenCheckpoint(in: directory)
  }
}
