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
      names the best trial. A program that is built with MPI may train each trial
      by several processes, where the base has as many training.shards:

        rnn-train sweep export --config sweep.cfg --slurm sweeps/large --ranks 4 --cores 8
      """)

  @Option(
    help: ArgumentHelp("The sweep file; leave it out for a directory that holds a sweep.", valueName: "file"),
    completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("The directory of the sweep.", valueName: "sweep"), completion: .directory)
  var slurm: String

  @Option(help: ArgumentHelp("Processors of each process.", valueName: "n"))
  var cores = 1

  @Option(help: ArgumentHelp("Processes that train each trial together, over MPI.", valueName: "n"))
  var ranks = 1

  @Argument(
    help: ArgumentHelp("Settings that win over the sweep file, for example trials=50.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    if cores < 1 { throw ValidationError("--cores \(cores): expected a number of at least 1") }
    if ranks < 1 { throw ValidationError("--ranks \(ranks): expected a number of at least 1") }
    if config == nil, !overrides.isEmpty {
      throw ValidationError("a sweep that has begun can't change: \(overrides[0])")
    }
  }

  func run() throws {
    let processes = try SlurmExport.Processes(ranks: ranks, cores: cores)
    if let config {
      let configuration = try SweepConfiguration.load(path: config, overrides: overrides)
      if case .asha = configuration.method { throw SweepError.notExportable }
      let plan = try SweepPlan(configuration, file: config)
      try processes.requireShards(of: plan.trials, plan.configurations)
      try SweepDirectory.create(plan, at: slurm)
    }
    let record = try SweepRecord(of: slurm)
    if ranks > 1 { try processes.requireShards(of: record.plan.trials, try record.configurations()) }
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    try SlurmExport(record, executable: program, on: processes).write()
    try Results.print(
      """
      \(SlurmExport.manifestPath(slurm)): \(Format.count(record.plan.trials.count, "trial"))
      \(SlurmExport.scriptPath(slurm))

      Next:

        sbatch --time=60 \(Format.shellWord(SlurmExport.scriptPath(slurm)))
      """)
  }
}
