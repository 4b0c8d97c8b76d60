import Foundation
import Testing

/// What a sweep leaves: its table in all forms, the best configuration, a job array; and what it refuses.
struct SweepShowTests {
  private static let text = """
    base: lm.cfg
    parameters:
      model.hidden: {values: [12, 6, 9]}
      training.optimizer.learning_rate: {values: [0.5]}
      training.clip_norm: {values: [5, 0.001]}
    output: {directory: sweep}
    """

  private static func workspace() throws -> Workspace { try SweepTests.workspace(text) }

  private static func finished() throws -> Workspace {
    let workspace = try workspace()
    try workspace.succeed(["sweep", "--config", "sweep.cfg", "--jobs", SweepTests.jobs])
    return workspace
  }

  private static func csv(_ workspace: Workspace, _ arguments: String...) throws -> [[Substring]] {
    try workspace.succeed(["sweep", "show", "sweep", "--csv"] + arguments).output.split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
  }

  @Test func tablesHaveAllForms() throws {
    let workspace = try Self.finished()
    let rows = try Self.csv(workspace)
    #expect(
      rows[0] == [
        "trial", "state", "epochs", "validation_loss", "failure", "model.hidden", "training.optimizer.learning_rate",
        "training.clip_norm",
      ])
    #expect(rows.dropFirst().map { $0[0].prefix(3) } == ["000", "001", "002", "003", "004", "005"])
    #expect(rows.dropFirst().map { $0[5] } == ["12", "12", "6", "6", "9", "9"])
    #expect(rows.dropFirst().allSatisfy { $0[1] == "done" && $0[2] == "2" })

    let sorted = try Self.csv(workspace, "--sort", "validation_loss", "--only-changed")
    #expect(sorted[0].count == 7)
    let losses = sorted.dropFirst().compactMap { Double($0[3]) }
    #expect(losses.count == 6 && losses == losses.sorted())
    #expect(try Self.csv(workspace, "--sort", "hidden").dropFirst().map { $0[5] } == ["6", "6", "9", "9", "12", "12"])

    let json = try JSONSerialization.jsonObject(
      with: Data(workspace.succeed(["sweep", "show", "sweep", "--json"]).output.utf8))
    let object = try #require(json as? [String: Any])
    #expect(object["metric"] as? String == "validation_loss")
    #expect(object["best"] as? String == String(sorted[1][0]))
    let trials = try #require(object["trials"] as? [[String: Any]])
    #expect(trials.map { $0["trial"] as? String } == rows.dropFirst().map { String($0[0]) })
    #expect((trials[0]["parameters"] as? [String: String])?["model.hidden"] == "12")

    let table = try workspace.succeed(["sweep", "show", "sweep"]).output
    #expect(table.hasPrefix("trial         state       epochs  validation_loss  hidden  learning_rate  clip_norm\n"))
    #expect(table.split(separator: "\n").count { $0.hasSuffix("  best") } == 1)
  }

  @Test func theBestConfigurationTrainsTheBestTrial() throws {
    let workspace = try Self.finished()
    let best = String(try Self.csv(workspace, "--sort", "validation_loss")[1][0])
    try workspace.succeed(["--config", "sweep/best.cfg"])
    #expect(
      try workspace.lastCheckpoint(of: "sweep/best").parameters
        == workspace.lastCheckpoint(of: "sweep/trials/\(best)").parameters)
  }

  @Test func dryRunsLeaveNothing() throws {
    let workspace = try Self.workspace()
    let planned = try workspace.succeed(["sweep", "--config", "sweep.cfg", "--dry-run"]).output
    #expect(planned.split(separator: "\n").count { $0.contains("-") && $0.first?.isNumber == true } == 6)
    #expect(planned.hasSuffix("\n6 trials to the end\n"))
    #expect(!workspace.exists("sweep"))
    let drawn = try workspace.succeed([
      "sweep", "--config", "sweep.cfg", "--dry-run", "method=asha", "trials=9",
      "parameters.model.hidden={min: 2, max: 9}",
    ]).output
    #expect(drawn.hasSuffix("\n9 trials to epoch 1, 3 trials to the end\n"))
  }

  @Test func problemsAreFoundBeforeAnythingRuns() throws {
    let workspace = try Self.workspace()
    try workspace.write(Self.text.replacingOccurrences(of: "6, 9", with: "six, 9"), to: "sweep.cfg")
    let outcome = try workspace.run(["sweep", "--config", "sweep.cfg"])
    #expect(outcome.code == 65)
    #expect(
      outcome.errors
        == "sweep.cfg:3:31: model.hidden: expected a whole number from 1 to 65536, or a list of up to 64 of them, one for each layer, found 'six'\n"
    )
    #expect(!workspace.exists("sweep"))
  }

  @Test func refusals() throws {
    let workspace = try Self.finished()
    func complaint(_ arguments: String...) throws -> String {
      let outcome = try workspace.run(["sweep"] + arguments)
      #expect(outcome.code != 0 && !outcome.wasKilled)
      return "\(outcome.code) \(outcome.errors)"
    }
    #expect(
      try complaint("--config", "sweep.cfg").hasPrefix("73 rnn-train: sweep holds a sweep already; go on with it by "))
    #expect(
      try complaint("--resume", "none")
        == "65 rnn-train: none holds no sweep; expected sweep.cfg and journal.jsonl in it\n")
    #expect(
      try complaint("--config", "sweep.cfg", "--jobs", "5000").hasPrefix("64 rnn-train: --jobs 5000: expected no more"))
    #expect(
      try complaint("--config", "sweep.cfg", "--cores", "5000").hasPrefix("64 rnn-train: --cores 5000: this process"))
    #expect(try complaint("--resume", "sweep", "trials=3").contains("a sweep that has begun can't change: trials=3"))
    #expect(try complaint("show", "sweep", "--sort", "colour").contains("--sort colour: expected one of trial, state"))
    #expect(
      try complaint("export", "--config", "sweep.cfg", "--slurm", "array", "method=asha")
        .hasPrefix("64 rnn-train: the method asha decides between its rungs"))
    #expect(
      try complaint("export", "--config", "sweep.cfg", "--slurm", "array", "--ranks", "2")
        .hasPrefix("64 rnn-train: --ranks 2: this program was built without MPI"))
    #expect(try complaint("export", "--config", "sweep.cfg", "--slurm", "array", "--ranks", "0").contains("at least 1"))
    #expect(!workspace.exists("array"))

    let journal = try workspace.text("sweep/journal.jsonl")
    try workspace.write(journal + #"{"epochs":2,"event":"#, to: "sweep/journal.jsonl")
    let resumed = try workspace.succeed(["sweep", "--resume", "sweep"])
    #expect(resumed.output.contains("best trial"), "a torn last line is none")
    #expect(try workspace.text("sweep/journal.jsonl") == journal)
    try workspace.write(journal + "{}\n", to: "sweep/journal.jsonl")
    #expect(
      try complaint("--resume", "sweep")
        == "65 rnn-train: sweep/journal.jsonl:8: expected a line that rnn-train wrote, found another\n")
    try workspace.write(journal, to: "sweep/journal.jsonl")
    try workspace.write(try workspace.text("sweep/sweep.cfg") + "\n", to: "sweep/sweep.cfg")
    #expect(
      try complaint("--resume", "sweep").hasPrefix("65 rnn-train: sweep/sweep.cfg has changed since the sweep began"))
  }

  @Test func twoProcessesNeverShareASweep() throws {
    let workspace = try SweepTests.workspace(
      "{base: lm.cfg, parameters: {training.epochs: {values: [1000]}}, output: {directory: sweep}}")
    let first = try workspace.start(["sweep", "--config", "sweep.cfg"])
    while !workspace.exists("sweep/sweep.log"), first.isRunning { usleep(1000) }
    let second = try workspace.run(["sweep", "--resume", "sweep"])
    #expect(second.code == 73)
    #expect(second.errors.hasPrefix("rnn-train: sweep is in use by process "), "\(second.errors)")
    first.send(SIGTERM)
    #expect(try first.wait().code == 143)
  }

  // MARK: job arrays

  /// The script as Slurm runs it, with stand-ins for its two commands.
  @Test func arrayTasksEqualTrials() throws {
    let reference = try Self.finished()
    let workspace = try Self.workspace()
    try workspace.succeed(["sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep", "--cores", "2"])
    #expect(try workspace.text("sweep/sweep.sbatch").contains("#SBATCH --array=0-5\n"))
    #expect(try workspace.text("sweep/sweep.sbatch").contains("#SBATCH --cpus-per-task=2\n"))
    #expect(
      try workspace.text("sweep/manifest.tsv").split(separator: "\n")[3].hasSuffix(
        "\tmodel.hidden=6\ttraining.optimizer.learning_rate=0.5\ttraining.clip_norm=0.001"))
    try workspace.write("#!/bin/bash\n[ \"$1\" = --cpus-per-task=2 ] && shift && exec \"$@\"\n", to: "srun")
    try workspace.write("#!/bin/bash\necho \"$@\" >> requeued\n", to: "scontrol")
    #expect(try workspace.shell("chmod +x srun scontrol") == 0)
    let environment = "PATH=$PWD:$PATH SLURM_CPUS_PER_TASK=2 SLURM_ARRAY_JOB_ID=17"
    for task in 0..<6 {
      #expect(try workspace.shell("\(environment) SLURM_ARRAY_TASK_ID=\(task) bash sweep/sweep.sbatch") == 0)
    }
    #expect(!workspace.exists("requeued"))
    #expect(try SweepTests.table(workspace) == SweepTests.table(reference), "before the results are gathered")
    try workspace.succeed(["sweep", "--resume", "sweep", "--jobs", SweepTests.jobs])
    try SweepTests.expectSame(workspace, reference, "a job array")
  }

  @Test func aTaskThatIsStoppedGoesOn() throws {
    let export = [
      "sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep", "parameters.training.epochs={values: [20]}",
      "parameters.model.hidden={values: [150]}",
    ]
    let workspace = try SweepTests.workspace()
    try workspace.succeed(export)
    try workspace.write("#!/bin/bash\nshift\necho $$ > step\nexec \"$@\"\n", to: "srun")
    try workspace.write("#!/bin/bash\n[ \"$*\" = '--signal=TERM 17_5' ] && kill -TERM $(cat step)\n", to: "scancel")
    try workspace.write("#!/bin/bash\necho \"$@\" >> requeued\n", to: "scontrol")
    #expect(try workspace.shell("chmod +x srun scancel scontrol") == 0)
    let id = try SweepTests.ids(workspace)[5]
    let task = "PATH=$PWD:$PATH SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_JOB_ID=17 SLURM_ARRAY_TASK_ID=5"
    // The tests' threads block signals, and what they start would go on doing so.
    let unblocked = "perl -MPOSIX -e 'sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec @ARGV'"
    let stopped = try workspace.shell(
      """
      \(task) \(unblocked) bash sweep/sweep.sbatch & shell=$!
      while ! ls sweep/trials/\(id)/checkpoints/step-*[1-9]*.h5 2>/dev/null; do sleep 0.01; done >/dev/null
      kill -TERM $shell
      wait $shell
      """)
    #expect(stopped == 143)
    #expect(try workspace.text("requeued") == "requeue 17_5\n")
    // As if its node had gone down: the lock says that another host has it.
    try workspace.write("host elsewhere\npid 1\nsince 2026-01-01T00:00:00Z\n", to: "sweep/trials/\(id)/run.lock")
    #expect(try workspace.shell("SLURM_RESTART_COUNT=1 \(task) bash sweep/sweep.sbatch") == 0)
    let reference = try SweepTests.workspace()
    try reference.succeed(export)
    try reference.succeed(["train", "--resume", "sweep/trials/\(id)"])
    let name = "sweep/trials/\(id)/checkpoints/last.h5"
    #expect(try workspace.bytes(name) == reference.bytes(name))
  }
}
