import ArgumentParser
import Training

/// The model that a command uses.
struct CheckpointOption: ParsableArguments {
  @Option(
    name: .customLong("checkpoint"),
    help: ArgumentHelp(
      "A checkpoint, or the directory of a run: its best checkpoint, else its last.", valueName: "path"))
  var path: String

  /// The checkpoint and the file it is from.
  func read() throws -> (checkpoint: Checkpoint, path: String) {
    let file = RunDirectory.checkpointPath(path)
    try FileProbe.check(file)
    return (try CheckpointFile.read(file), file)
  }
}
