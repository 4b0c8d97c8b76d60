import ArgumentParser
import Configuration
import ConfigurationFiles
import Foundation
import Presentation
import Sweeps

struct SweepExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a sweep as a job array for Slurm.",
    discussion: """
      Makes the sweep's directory, with a script for sbatch and a manifest of its
      trials in it. A trial from the array equals the same trial run here:

        rnn-train sweep export --config configs/sweep.cfg --slurm sweeps/lm
        sbatch --time=60 sweeps/lm/sweep.sbatch
        rnn-train sweep show sweeps/lm
        rnn-train sweep --resume sweeps/lm

      The last command gathers what the array has left, runs what it hasn't, and
      names the best trial.
      """)

  @Option(
    help: ArgumentHelp("The sweep file; leave it out for a directory that holds a sweep.", valueName: "file"),
    completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("The directory of the sweep.", valueName: "sweep"), completion: .directory)
  var slurm: String

  @Option(help: ArgumentHelp("Processors of each trial.", valueName: "n"))
  var cores = 1

  @Argument(
    help: ArgumentHelp("Settings that win over the sweep file, for example trials=50.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    if cores < 1 { throw ValidationError("--cores \(cores): expected a number of at least 1") }
    if config == nil, !overrides.isEmpty {
      throw ValidationError("a sweep that has begun can't change: \(overrides[0])")
    }
  }

  func run() throws {
    if let config {
      let configuration = try SweepConfiguration.load(path: config, overrides: overrides)
      if case .asha = configuration.method { throw SweepError.notExportable }
      try SweepDirectory.create(try SweepPlan(configuration, file: config), at: slurm)
    }
    let record = try SweepRecord(of: slurm)
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    try SlurmExport(record, executable: program, cores: cores).write()
    try Results.print(
      """
      \(SlurmExport.manifestPath(slurm)): \(Format.count(record.plan.trials.count, "trial"))
      \(SlurmExport.scriptPath(slurm))

      Next:

        sbatch --time=60 \(Format.shellWord(SlurmExport.scriptPath(slurm)))
      """)
  }
}
