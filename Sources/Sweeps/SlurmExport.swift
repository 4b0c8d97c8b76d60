import Collectives
import Configuration
import Files
import Glibc

/// A sweep as a job array: a script for `sbatch`, and a manifest that says which task is which trial.
package struct SlurmExport {
  package let record: SweepRecord
  /// This program, by a path that the nodes have too.
  package let executable: String
  package let processes: Processes

  /// What each trial runs on.
  package struct Processes: Sendable {
    /// Processes that train it together.
    package let ranks: Int
    /// Processors of each of them.
    package let cores: Int
    /// What starts several of them; nil where the program is built without MPI.
    package let plugin: SlurmPlugin?

    /// - Throws: `SweepError.ranksWithoutMPI` if there are several ranks and nothing to start them.
    package init(ranks: Int, cores: Int, plugin: SlurmPlugin? = .current) throws(SweepError) {
      guard ranks == 1 || plugin != nil else { throw .ranksWithoutMPI(ranks) }
      (self.ranks, self.cores, self.plugin) = (ranks, cores, ranks > 1 ? plugin : nil)
    }

    /// Makes sure that each rank has a shard, in every trial.
    package func requireShards(of trials: [Trial], _ configurations: [RunConfiguration]) throws(SweepError) {
      for (trial, configuration) in zip(trials, configurations) where configuration.training.shards < ranks {
        throw .tooFewShards(trial: trial.id, shards: configuration.training.shards, ranks: ranks)
      }
    }
  }

  package init(_ record: SweepRecord, executable: String, on processes: Processes) throws(SweepError) {
    guard record.plan.rungs.count == 1 else { throw .notExportable }
    self.record = record
    self.executable = executable
    self.processes = processes
  }

  package static func scriptPath(_ directory: String) -> String { Path.join(directory, "sweep.sbatch") }
  package static func manifestPath(_ directory: String) -> String { Path.join(directory, "manifest.tsv") }

  /// Writes both files; the directory of the tasks' output is made as well, since Slurm makes none.
  package func write() throws(FileError) {
    try Directory.create(Path.join(record.directory, "slurm"))
    try DurableFile.write(Array(manifest.utf8), to: Self.manifestPath(record.directory))
    try DurableFile.write(Array(script.utf8), to: Self.scriptPath(record.directory))
  }

  /// Lines of the task's number, the trial's id and its settings, with tabs between them.
  package var manifest: String {
    record.plan.trials.map { trial in
      ([String(trial.number), trial.id] + trial.assignments.map(\.text)).joined(separator: "\t") + "\n"
    }.joined()
  }

  package var script: String {
    let directory = absolute(record.directory)
    return """
      #!/bin/bash
      # The trials of a sweep as a job array:  sbatch sweep.sbatch
      # Afterwards, here:                      rnn-train sweep --resume SWEEP
      #SBATCH --job-name=\(name)
      #SBATCH --array=0-\(record.plan.trials.count - 1)
      #SBATCH --ntasks=\(processes.ranks)
      #SBATCH --cpus-per-task=\(processes.cores)
      #SBATCH --output="\(directory)/slurm/%a.log"
      #SBATCH --open-mode=append
      #SBATCH --signal=B:TERM@120
      #SBATCH --requeue

      sweep=\(shellWord(directory))
      program=\(shellWord(executable))
      trial=$(awk -v task="$SLURM_ARRAY_TASK_ID" '$1 == task { print $2 }' "$sweep/manifest.tsv")
      run="$sweep/trials/$trial"

      # Slurm starts a task again only when it has gone where it ran before. The lock of a node that went down says nothing.
      if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then rm -f "$run/run.lock"; fi

      # The job's own id may be that of the whole array.
      task="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"

      # 120 seconds before the time limit this shell gets SIGTERM, and the run is told to save a checkpoint and stop. Through
      # scancel, which with a signal reaches the steps alone: srun would kill its step.
      stopped=
      trap 'stopped=1; scancel --signal=TERM "$task"' TERM

      # srun doesn't take the number of processors from sbatch.
      srun --cpus-per-task="$SLURM_CPUS_PER_TASK" \(launchOptions)"$program" train --resume "$run" --quiet > /dev/null &
      step=$!
      wait "$step"
      code=$?
      if [ -n "$stopped" ]; then
        # The signal ended the first wait.
        wait "$step"
        code=$?
        # The run goes on from its checkpoint when the task's turn comes again.
        if [ "$code" -eq 143 ]; then scontrol requeue "$task"; fi
      fi
      exit "$code"

      """
  }

  /// What `srun` has to know to start several processes: one that dies ends the others.
  private var launchOptions: String {
    processes.plugin.map { "--mpi=\($0.rawValue) --kill-on-bad-exit=1 " } ?? ""
  }

  /// The sweep's name, of letters that need no quotes.
  private var name: String {
    let name = record.directory.split(separator: "/").last ?? "sweep"
    return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }

  private func absolute(_ path: String) -> String { Path.real(path) ?? path }

  private func shellWord(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
