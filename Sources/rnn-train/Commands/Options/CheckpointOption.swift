import ArgumentParser
import Datasets
import Files
import HDF5
import Keys
import Training

/// The run or checkpoint of a command, by position.
struct RunArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The same as --checkpoint.", valueName: "run"), completion: .file())
  var path: String?
}

/// The model that a command uses.
struct CheckpointOption: ParsableArguments {
  @Option(
    name: .customLong("checkpoint"),
    help: ArgumentHelp(
      "A checkpoint, or the directory of a run: its best checkpoint, else its last.", valueName: "path"),
    completion: .file())
  var path: String?

  @OptionGroup
  var seal: SealOption

  /// The checkpoint and the file it is from.
  ///
  /// - Parameter position: what was given by position.
  func read(_ position: String?) throws -> (checkpoint: Checkpoint, path: String) {
    try seal.read(path(position))
  }

  /// The path as it was given.
  ///
  /// - Parameter position: what was given by position.
  func path(_ position: String?) throws(ValidationError) -> String {
    try Self.one(of: path, position, "--checkpoint PATH, a run's directory or one of its checkpoints")
  }

  /// The same of a command that takes a text as well, with the text.
  ///
  /// - Parameter paths: what was given by position: the run, unless the option names it, and the text, where `-` is standard
  ///   input, as is none.
  func read(_ paths: [String]) throws -> (checkpoint: Checkpoint, path: String, text: TextSource) {
    var rest = paths[...]
    let position = path == nil ? rest.popFirst() : nil
    let (checkpoint, path) = try read(position, isAlone: rest.isEmpty)
    let file = rest.popFirst()
    if let stray = rest.first { throw ValidationError("\(stray): expected one file, found another one") }
    return (checkpoint, path, file.map { $0 == "-" ? .standardInput : .file($0) } ?? .standardInput)
  }

  /// A file by position that is no checkpoint is the text, if it stands alone.
  private func read(_ position: String?, isAlone: Bool) throws -> (checkpoint: Checkpoint, path: String) {
    do {
      return try read(position)
    } catch HDF5Error.notHDF5(let file) where file == position && isAlone {
      throw ValidationError("\(file): expected a run's directory or a checkpoint, which stands before a text")
    }
  }

  /// What was given by an option or by position.
  ///
  /// - Parameter expectation: what a user reads who has given neither.
  static func one(of option: String?, _ position: String?, _ expectation: String) throws(ValidationError) -> String {
    switch (option, position) {
    case (let path?, nil), (nil, let path?): return path
    case (nil, nil): throw ValidationError("expected \(expectation)")
    case (let path?, let other?):
      throw ValidationError("\(other): expected one of --checkpoint and a path by position; --checkpoint is \(path)")
    }
  }
}

/// Whether checkpoints will do that another program has taken the seal off.
struct SealOption: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Use a checkpoint that has lost its seal, since another program has opened it to write."))
  var acceptLostSeal = false

  /// A checkpoint and the file it is from; see `choose`.
  func read(_ path: String) throws -> (checkpoint: Checkpoint, path: String) {
    let file = try choose(path)
    return (try read(file), file.path)
  }

  /// The file of a checkpoint, which has passed the probe. What is unusual about the choice is said on standard error.
  ///
  /// - Parameter path: a checkpoint, or the directory of a run.
  func choose(_ path: String) throws -> InputFile {
    let chosen = try ChosenCheckpoint(path, acceptsLostSeal: acceptLostSeal, probe: FileProbe.check)
    if let notice = chosen.notice { Console(isQuiet: false).warn(notice) }
    return chosen.file
  }

  /// Reads a checkpoint that has passed the probe.
  func read(_ file: InputFile) throws -> Checkpoint {
    try CheckpointFile.read(file, .model, acceptsLostSeal: acceptLostSeal)
  }
}

extension Checkpoint {
  /// The first of some splits that there is of the corpus that the run was trained on, unchanged since; with the
  /// dataset.
  ///
  /// - Parameters:
  ///   - file: what errors call the checkpoint.
  ///   - remedy: what a user can do who has none of them but others.
  func split(
    _ candidates: [Split], file: String, remedy: String, _ console: Console
  ) throws -> (Split, TokenSequence, SequenceDataset) {
    let dataset = try DatasetCache.dataset(for: configuration, known: known, console)
    for split in candidates {
      guard let tokens = dataset.splits[split] else { continue }
      try checkSource(of: split, in: dataset, file: file)
      if try tokens.isEmpty() { throw TrainingError.emptySplit(name: split.rawValue) }
      return (split, tokens, dataset)
    }
    let others = enumeration(
      of: Split.allCases.filter { dataset.splits[$0] != nil }.map(\.rawValue), conjunction: "and")
    throw TrainingError.noSplit(
      name: candidates.map(\.rawValue).joined(separator: " or "), remedy: "there is \(others); \(remedy)")
  }
}
