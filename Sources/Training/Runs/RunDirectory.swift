import Configuration
import ConfigurationFiles
import Files
import Glibc
import HDF5

/// A directory that one run lives in, held against every other process for as long as the object lives.
///
///     config.cfg       the resolved configuration        metrics.jsonl   one object a log line
///     train.log        what standard error said          checkpoints/    step-00001000.h5 …, last.h5, best.h5 (links)
package final class RunDirectory: Sendable {
  package let path: String
  private let lock: DirectoryLock

  private init(locking path: String) throws {
    self.path = path
    lock = try DirectoryLock(directory: path)
  }

  private static let configurationName = "config.cfg"
  private static let checkpointsName = "checkpoints"
  static let lastName = "last.h5"
  static let bestName = "best.h5"

  package static func configurationPath(_ directory: String) -> String { Path.join(directory, configurationName) }
  package static func logPath(_ directory: String) -> String { Path.join(directory, "train.log") }
  package static func metricsPath(_ directory: String) -> String { Path.join(directory, "metrics.jsonl") }
  static func checkpointsPath(_ directory: String) -> String { Path.join(directory, checkpointsName) }
  package var metricsPath: String { Self.metricsPath(path) }
  private var checkpointsPath: String { Self.checkpointsPath(path) }

  /// Whether a run has been here.
  static func holdsRun(_ path: String) -> Bool {
    [configurationName, checkpointsName].contains { access(Path.join(path, $0), F_OK) == 0 }
  }

  // MARK: beginning

  /// Makes the directory for a new run.
  package static func create(_ path: String, configuration: RunConfiguration) throws -> RunDirectory {
    try Directory.create(path)
    let directory = try RunDirectory(locking: path)
    guard !holdsRun(path) else { throw TrainingError.holdsRun(directory: path) }
    // One that can't be listed keeps them.
    _ = try? Directory.removeLeftovers(in: path)
    try directory.write(configuration)
    try Directory.create(directory.checkpointsPath)
    return directory
  }

  /// Takes over the directory of a run that ended or was cut off.
  package static func resume(_ path: String) throws -> RunDirectory {
    guard holdsRun(path) else { throw TrainingError.holdsNoRun(directory: path) }
    let directory = try RunDirectory(locking: path)
    // It may have been cut off before there was one.
    try Directory.create(directory.checkpointsPath)
    for folder in [path, directory.checkpointsPath] { try Directory.removeLeftovers(in: folder) }
    return directory
  }

  package func write(_ configuration: RunConfiguration) throws {
    try DurableFile.write(Array(configuration.render().utf8), to: Self.configurationPath(path))
  }

  // MARK: checkpoints

  /// The step of the newest checkpoint; nil if there is none, or the directory can't be read.
  var newestStep: Int? { (try? Self.steps(in: checkpointsPath))?.last }

  func checkpointPath(ofStep step: Int) -> String { Path.join(checkpointsPath, Self.name(ofStep: step)) }

  /// Where the minibatch is put that a step diverged on.
  func divergencePath(ofStep step: Int) -> String { Path.join(path, "diverged-\(step).txt") }

  /// The steps of all checkpoints in a directory of them, in order.
  static func steps(in checkpoints: String) throws(FileError) -> [Int] {
    try Directory.names(in: checkpoints).compactMap(step(of:)).sorted()
  }

  static func name(ofStep step: Int) -> String {
    let digits = String(step)
    return "step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).h5"
  }

  /// Nil for a name that no checkpoint gets, such as that of somebody's copy.
  static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".h5"), let step = Int(name.dropFirst(5).dropLast(3)) else {
      return nil
    }
    return Self.name(ofStep: step) == name ? step : nil
  }

  /// Writes a checkpoint, then moves `last` (and `best`), then removes old ones. Whatever fails or cuts this off, the
  /// checkpoint before stays.
  ///
  /// - Parameter isBest: whether its validation loss is the lowest so far.
  /// - Returns: the checkpoint's path.
  /// - Throws: `CheckpointFailure` if the disk doesn't take the file, `FileError` if it is in the way of what follows.
  package func save(_ checkpoint: Checkpoint, isBest: Bool) throws -> String {
    let name = Self.name(ofStep: checkpoint.state.step)
    let path = Path.join(checkpointsPath, name)
    let image = try CheckpointFile.image(of: checkpoint)
    do throws(FileError) {
      try image.save(to: path)
    } catch {
      throw CheckpointFailure(error, bytes: image.bytes.count, directory: checkpointsPath)
    }
    try DurableFile.link(Path.join(checkpointsPath, Self.lastName), to: name)
    if isBest { try DurableFile.link(Path.join(checkpointsPath, Self.bestName), to: name) }
    try prune(checkpoint.state, checkpoint.configuration)
    return path
  }

  /// Removes the checkpoints that a run keeps no longer at a state: all but the newest, the best one and those that a
  /// rollback may return to.
  func prune(_ state: TrainingState, _ configuration: RunConfiguration) throws(FileError) {
    let best = Self.linkTarget(Path.join(checkpointsPath, Self.bestName))
    let steps = try Self.steps(in: checkpointsPath).filter { $0 <= state.step }
    var returns: [Int] = []
    if case .rollback = configuration.training.onDivergence {
      returns = [state.rollbackSteps.last, state.rollbackSteps.earlier]
    }
    for step in steps.dropLast(configuration.output.keep)
    where Self.name(ofStep: step) != best && !returns.contains(step) {
      try Directory.remove(checkpointPath(ofStep: step))
    }
  }

  /// What a symbolic link says, nil if there is none.
  static func linkTarget(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The newest checkpoint that is whole, as a run goes on from it.
  ///
  /// Newer ones that aren't whole are put aside as `*.damaged`, so that they are neither counted nor met again. `last` and
  /// `best` are set anew: the run may have been cut off between writing a checkpoint and moving them.
  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  /// - Returns: it, its path, and why newer ones were passed over.
  /// - Throws: what keeps the newest whole one from being used. All stay where they are then: a newer version of the
  ///   program may have written it, or the machine lacks memory just now.
  package func newestCheckpoint(
    probe: (String) throws -> Void = { _ in }
  ) throws -> (checkpoint: Checkpoint, path: String, refused: [String]) {
    var refused: [String] = []
    for step in try Self.steps(in: checkpointsPath).reversed() {
      let path = Path.join(checkpointsPath, Self.name(ofStep: step))
      do {
        try probe(path)
        let checkpoint = try CheckpointFile.read(path)
        guard checkpoint.state.step == step else {
          throw TrainingError.misnamed(file: path, step: checkpoint.state.step)
        }
        try setLinks(to: checkpoint.state)
        return (checkpoint, path, refused)
      } catch {
        if error is FileError { throw error }
        if try HDF5File.isWhole(path) { throw error }
        refused.append("\(error)")
        guard rename(path, path + ".damaged") == 0 else {
          throw FileError.system(.rename, path: path, code: errno)
        }
      }
    }
    throw TrainingError.noUsableCheckpoint(directory: path, reasons: refused)
  }

  /// Makes a checkpoint the newest: later ones belong to steps that the run has taken back.
  func rewind(to state: TrainingState) throws(FileError) {
    try setLinks(to: state)
    for step in try Self.steps(in: checkpointsPath) where step > state.step {
      try Directory.remove(checkpointPath(ofStep: step))
    }
  }

  private func setLinks(to state: TrainingState) throws(FileError) {
    let name = Self.name(ofStep: state.step)
    try DurableFile.link(Path.join(checkpointsPath, Self.lastName), to: name)
    let best = Path.join(checkpointsPath, Self.bestName)
    if state.window == 0, let epoch = state.bestEpoch, epoch == state.epoch {
      try DurableFile.link(best, to: name)
    } else if let target = Self.linkTarget(best),
      access(best, F_OK) != 0 || Self.step(of: target).map({ $0 > state.step }) ?? true
    {
      try Directory.remove(best)
    }
  }

  /// The checkpoint that a user's PATH means: the file itself, or a run's best checkpoint, else its last.
  package static func checkpointPath(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return path }
    let checkpoints = checkpointsPath(path)
    let best = Path.join(checkpoints, bestName)
    return access(best, F_OK) == 0 ? best : Path.join(checkpoints, lastName)
  }
}
