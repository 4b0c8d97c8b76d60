import Configuration
import ConfigurationFiles
import Files
import Training

/// A directory that one sweep lives in.
///
///     sweep.cfg        the sweep file, resolved            journal.jsonl    what each trial came to
///     best.cfg         the best trial's configuration      trials/000-…/    the run directory of each trial
///     sweep.log        what standard error said
package enum SweepDirectory {
  private static let configurationName = "sweep.cfg"
  static let journalName = "journal.jsonl"
  package static let logName = "sweep.log"
  private static let trialsName = "trials"

  package static func configurationPath(_ directory: String) -> String { Path.join(directory, configurationName) }
  package static func journalPath(_ directory: String) -> String { Path.join(directory, journalName) }
  package static func bestPath(_ directory: String) -> String { Path.join(directory, "best.cfg") }
  package static func runPath(_ directory: String, _ trial: Trial) -> String {
    Path.join(directory, "\(trialsName)/\(trial.id)")
  }

  /// Makes the directory of a new sweep, with the configurations of all its trials: every one of them is begun and taken
  /// up again in the same way, `train --resume`. The journal's first line comes last.
  package static func create(_ plan: SweepPlan, at path: String) throws {
    try Directory.create(path)
    let directory = try OpenDirectory(path)
    let lock = try DirectoryLock(directory)
    defer { lock.release() }
    if try directory.contains(journalName), try !LineJournal.lines(of: InputFile(journalName, in: directory)).isEmpty {
      throw SweepError.holdsSweep(directory: path)
    }
    let text = Array(plan.configuration.render().utf8)
    try directory.write(text, to: configurationName)
    let sources = try SourceFiles.entries(of: plan.configurations)
    for (trial, configuration) in zip(plan.trials, plan.configurations) {
      try write(trial, configuration, in: directory)
    }
    let beginning = Journal.Beginning(
      sweepSha256: text.withUnsafeBytes { ContentHash.hex(of: $0) }, ids: plan.trials.map(\.id),
      epochs: plan.configurations.map(\.training.epochs), sources: sources)
    try LineJournal(journalName, in: directory).append(try Journal.line(beginning))
  }

  private static func write(_ trial: Trial, _ configuration: RunConfiguration, in directory: OpenDirectory) throws {
    var configuration = configuration
    configuration.output.directory = runPath(directory.path, trial)
    try directory.subdirectory(trialsName).subdirectory(trial.id).write(
      Array(configuration.render().utf8), to: RunDirectory.configurationName)
  }

  /// Makes sure that a trial's directory lies in the sweep's, and makes it again as it was at the beginning if it is gone:
  /// a trial comes to the same whenever it begins.
  ///
  /// - Throws: `SweepError.trialLost` where the sweep's base is another one by now, so that it would be another trial.
  static func provide(_ trial: Trial, of plan: SweepPlan, in directory: OpenDirectory) throws {
    guard directory.whereabouts == .atItsPath else { throw FileError.directoryGone(directory.path) }
    let trials = try directory.subdirectory(trialsName)
    if try trials.contains(trial.id), try trials.subdirectory(trial.id).contains(RunDirectory.configurationName) {
      return
    }
    let renewed = try SweepPlan(plan.configuration, file: configurationPath(directory.path))
    guard renewed.trials[trial.number].id == trial.id else {
      throw SweepError.trialLost(trial: trial.id, directory: runPath(directory.path, trial))
    }
    try write(trial, renewed.configurations[trial.number], in: directory)
  }
}
