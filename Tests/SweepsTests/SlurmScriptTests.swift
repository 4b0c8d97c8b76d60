import Collectives
import ConfigurationFiles
import Foundation
import Sweeps
import Testing

/// What a sweep's script tells Slurm of the processes that train a trial.
struct SlurmScriptTests {
  /// A sweep's directory, whose trials have two shards and four.
  private static func withSweep(_ body: (SweepPlan, SweepRecord) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sweep-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    func write(_ text: String, to name: String) throws {
      try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }
    try write("a b\nb a\n", to: "text.txt")
    try write(
      "{task: language-model, data: {train: text.txt, validation: text.txt}, training: {batch_size: 4}}", to: "lm.cfg")
    let text = "{base: lm.cfg, parameters: {training.shards: {values: [2, 4]}}, output: {directory: sweep}}"
    try write(text, to: "sweep.cfg")
    let configuration = try SweepConfiguration.load(path: "\(directory)/sweep.cfg", overrides: [])
    let plan = try SweepPlan(configuration, file: "sweep.cfg")
    try SweepDirectory.create(plan, at: "\(directory)/sweep")
    try body(plan, SweepRecord(of: "\(directory)/sweep"))
  }

  private static func lines(_ record: SweepRecord, _ processes: SlurmExport.Processes) throws -> [Substring] {
    try SlurmExport(record, executable: "/bin/rnn-train", on: processes).script.split(separator: "\n")
  }

  @Test(arguments: [SlurmPlugin.pmix, .pmi2])
  func severalRanksAreStartedByTheirPlugin(plugin: SlurmPlugin) throws {
    try Self.withSweep { _, record in
      let lines = try Self.lines(record, .init(ranks: 2, cores: 8, plugin: plugin))
      #expect(lines.contains("#SBATCH --ntasks=2") && lines.contains("#SBATCH --cpus-per-task=8"))
      let start = try #require(lines.first { $0.hasPrefix("srun ") })
      #expect(start.contains(" --mpi=\(plugin.rawValue) --kill-on-bad-exit=1 \"$program\" train --resume \"$run\" "))
    }
  }

  @Test func oneRankIsStartedAsAnyProgram() throws {
    try Self.withSweep { _, record in
      let lines = try Self.lines(record, .init(ranks: 1, cores: 8, plugin: .pmix))
      #expect(lines.contains("#SBATCH --ntasks=1") && !lines.contains { $0.contains("--mpi") })
    }
  }

  @Test func ranksNeedAnMPIAndShards() throws {
    #expect(throws: SweepError.ranksWithoutMPI(2)) { try SlurmExport.Processes(ranks: 2, cores: 1, plugin: nil) }
    try Self.withSweep { plan, record in
      let processes = try SlurmExport.Processes(ranks: 3, cores: 1, plugin: .pmix)
      let error = SweepError.tooFewShards(trial: plan.trials[0].id, shards: 2, ranks: 3)
      #expect(error.exitCode == .usage)
      #expect(throws: error) { try processes.requireShards(of: plan.trials, plan.configurations) }
      #expect(throws: error) { try processes.requireShards(of: record.plan.trials, record.configurations()) }
      try SlurmExport.Processes(ranks: 2, cores: 1, plugin: .pmix)
        .requireShards(of: plan.trials, plan.configurations)
    }
  }
}
