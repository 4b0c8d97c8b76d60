import ConfigurationFiles
import Files
import Glibc
import Training

/// A directory that one sweep lives in.
///
///     sweep.cfg        the sweep file, resolved            journal.jsonl    what each trial came to
///     best.cfg         the best trial's configuration      trials/000-…/    the run directory of each trial
///     sweep.log        what standard error said
package enum SweepDirectory {
  package static func configurationPath(_ directory: String) -> String { Path.join(directory, "sweep.cfg") }
  package static func journalPath(_ directory: String) -> String { Path.join(directory, "journal.jsonl") }
  package static func logPath(_ directory: String) -> String { Path.join(directory, "sweep.log") }
  package static func bestPath(_ directory: String) -> String { Path.join(directory, "best.cfg") }
  package static func runPath(_ directory: String, _ trial: Trial) -> String {
    Path.join(directory, "trials/\(trial.id)")
  }

  /// Makes the directory of a new sweep, with the configurations of all its trials: every one of them is begun and taken
  /// up again in the same way, `train --resume`. The journal's first line comes last.
  package static func create(_ plan: SweepPlan, at path: String) throws {
    try Directory.create(path)
    let lock = try DirectoryLock(directory: path)
    defer { lock.release() }
    if access(journalPath(path), F_OK) == 0, try !LineJournal.lines(journalPath(path)).isEmpty {
      throw SweepError.holdsSweep(directory: path)
    }
    let text = Array(plan.configuration.render().utf8)
    try DurableFile.write(text, to: configurationPath(path))
    for (trial, configuration) in zip(plan.trials, plan.configurations) {
      var configuration = configuration
      configuration.output.directory = runPath(path, trial)
      try Directory.create(configuration.output.directory)
      try DurableFile.write(
        Array(configuration.render().utf8), to: RunDirectory.configurationPath(configuration.output.directory))
    }
    let beginning = Journal.Beginning(
      sweepSha256: text.withUnsafeBytes { ContentHash.hex(of: $0) }, ids: plan.trials.map(\.id),
      epochs: plan.configurations.map(\.training.epochs))
    try LineJournal(journalPath(path)).append(try Journal.line(beginning))
  }
}
