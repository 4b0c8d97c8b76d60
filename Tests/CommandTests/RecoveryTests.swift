import Foundation
import HDF5
import Testing
import Training

/// What can't be read, had or found just now isn't taken for gone, and what has lost its seal isn't taken for damaged.
struct RecoveryTests {
  /// A finished trial whose metrics can't be read just now.
  @Test func unreadableMetricsAreNoFailure() throws {
    let workspace = try SweepTests.workspace()
    try workspace.succeed(["sweep", "run", "--config", "sweep.cfg", "--quiet"])
    let table = try SweepTests.table(workspace)
    let journal = try workspace.text("sweep/journal.jsonl").split(separator: "\n")
    try workspace.write(journal.dropLast().joined(separator: "\n") + "\n", to: "sweep/journal.jsonl")
    let last = try #require(try SweepTests.ids(workspace).last)
    let metrics = "sweep/trials/\(last)/metrics.jsonl"
    #expect(try workspace.shell("mv \(metrics) kept; mkdir \(metrics)") == 0)
    let outcome = try workspace.run(["sweep", "--resume", "sweep"])
    #expect(outcome.code != 0 && outcome.errors.contains("metrics.jsonl"), "\(outcome)")
    #expect(try !workspace.text("sweep/journal.jsonl").contains("failure"))
    #expect(try workspace.shell("rmdir \(metrics); mv kept \(metrics)") == 0)
    try workspace.succeed(["sweep", "--resume", "sweep"])
    #expect(try SweepTests.table(workspace) == table)
  }

  @Test func aTrialWhoseDirectoryIsGoneIsMadeAgain() throws {
    let reference = try SweepTests.workspace()
    try reference.succeed(["sweep", "run", "--config", "sweep.cfg", "--quiet"])
    let workspace = try SweepTests.workspace()
    try workspace.succeed(["sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep"])
    let id = try SweepTests.ids(workspace)[3]
    try FileManager.default.removeItem(atPath: workspace.path("sweep/trials/\(id)"))
    try workspace.succeed(["sweep", "--resume", "sweep", "--quiet"])
    try SweepTests.expectSame(workspace, reference, "a trial's directory was gone")
  }

  /// What would be another trial isn't taken for it.
  @Test func aTrialOfAChangedBaseIsNotMadeAgain() throws {
    let workspace = try SweepTests.workspace()
    try workspace.succeed(["sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep"])
    let id = try SweepTests.ids(workspace)[0]
    let configuration = try workspace.text("lm.cfg")
    #expect(try workspace.shell("rm -r sweep/trials/\(id); sed -i 's/hidden: 21/hidden: 22/' lm.cfg") == 0)
    let outcome = try workspace.run(["sweep", "--resume", "sweep", "--quiet"])
    #expect(outcome.code == 65 && outcome.errors.contains("trial \(id) can't go on"), "\(outcome)")
    #expect(try !workspace.text("sweep/journal.jsonl").contains("failure"))
    try workspace.write(configuration, to: "lm.cfg")
    try workspace.succeed(["sweep", "--resume", "sweep", "--quiet"])
  }

  /// Those that have begun know their data from their checkpoints; those that haven't, from the sweep.
  @Test func aTrialThatHasNotBegunReadsWhatTheOthersRead() throws {
    let workspace = try Workspace()
    for name in ["train", "validation", "test"] {
      #expect(try workspace.shell("cp \(SampleText.directory)/\(name).txt .") == 0)
    }
    let own = try workspace.text("lm.cfg").replacing("\(SampleText.directory)/", with: "")
    try workspace.write(own, to: "lm.cfg")
    try workspace.write(SweepTests.sweep, to: "sweep.cfg")
    let program = try workspace.start(["sweep", "run", "--config", "sweep.cfg", "--quiet", "--jobs", "1"])
    while SweepTests.ends(workspace) < 2, program.isRunning { usleep(1000) }
    program.send(SIGTERM)
    #expect(try program.wait().code == 143)
    let begun = SweepTests.ends(workspace)
    #expect(begun < 9)
    // All that has begun is over, so that it is the sweep that has to find out.
    for id in try SweepTests.ids(workspace).dropFirst(begun) {
      #expect(try workspace.shell("rm -rf sweep/trials/\(id)/checkpoints") == 0)
    }
    let text = try workspace.text("validation.txt")
    try workspace.write(text.replacing("cat", with: "dog"), to: "validation.txt")
    let changed = try workspace.run(["sweep", "--resume", "sweep", "--quiet"])
    #expect(
      changed.code == 65 && changed.errors.contains("validation.txt has changed since the sweep began"), "\(changed)")
    #expect(try workspace.shell("mv validation.txt kept") == 0)
    let gone = try workspace.run(["sweep", "--resume", "sweep", "--quiet"])
    #expect(gone.code == 74 && gone.errors.contains("validation.txt: can't open"), "\(gone)")
    #expect(try !workspace.text("sweep/journal.jsonl").contains("failure"), "no trial is over for it")
    try workspace.write(text, to: "validation.txt")
    try workspace.succeed(["sweep", "--resume", "sweep", "--quiet"])
    #expect(SweepTests.ends(workspace) == 9)
  }

  @Test func theProgramMayBeReplacedDuringASweep() throws {
    let workspace = try SweepTests.workspace()
    #expect(try workspace.shell("cp \(Program.path) program") == 0)
    // The program is run by its path here, and replaced by one that does nothing when the first trial has ended.
    let command =
      "./program sweep run --config sweep.cfg --quiet 2>errors & pid=$!; "
      + "while ! grep -q '\"end\"' sweep/journal.jsonl 2>/dev/null; do sleep 0.01; done; "
      + "printf '#!/bin/sh\\nexit 70\\n' >other; chmod +x other; mv other program; wait $pid"
    let code = try workspace.shell(command)
    let errors = try workspace.text("errors")
    #expect(code == 0, "\(errors)")
    #expect(try !workspace.text("sweep/journal.jsonl").contains("failure"))
  }

  @Test(arguments: ["output={directory: other}", "output.directory=other"])
  func aResumedRunStaysInItsDirectory(override: String) throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let outcome = try workspace.run(["train", "--resume", "run", "training.epochs=2", override])
    #expect(outcome.code == 64 && outcome.errors.contains("a resumed run stays in its directory"), "\(outcome)")
  }

  /// As h5py leaves a file that it has opened with its mode "a".
  @Test func aCheckpointWithoutItsSealIsAskedAbout() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let reference = try Workspace()
    try reference.succeed(["--config", "lm.cfg"])
    let names = try workspace.names(in: "run/checkpoints").filter { $0.hasPrefix("step-") }
    for name in names {
      var bytes = try workspace.bytes("run/checkpoints/\(name)")
      let seal = try #require(bytes.range(of: Data("\nrnn-train seal".utf8), options: .backwards))
      bytes.removeSubrange(seal.lowerBound...)
      try bytes.write(to: workspace.directory.appendingPathComponent("run/checkpoints/\(name)"))
    }
    for arguments in [["train", "--resume", "run", "training.epochs=2"], ["evaluate", "--checkpoint", "run"]] {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 65 && outcome.errors.contains("if you trust it, add --accept-lost-seal"), "\(outcome)")
    }
    #expect(try workspace.names(in: "run/checkpoints") == ["best.h5", "last.h5"] + names)
    try workspace.succeed(["evaluate", "--checkpoint", "run", "--accept-lost-seal"])
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2", "--accept-lost-seal"])
    #expect(try workspace.bytes("run/checkpoints/last.h5") == reference.bytes("run/checkpoints/last.h5"))
    try workspace.succeed(["train", "--resume", "run"])
  }

  /// A container's processes have another host's name each time, and the locks of its machine.
  @Test func aLockThatNobodyHoldsIsNobodys() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    try workspace.write("host 0f3c2a11b7aa\npid 1\nsince 2026-01-01T00:00:00Z\n", to: "run/run.lock")
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
  }

  @Test func anInterruptedPreparationLeavesNothing() throws {
    let workspace = try Workspace()
    #expect(try workspace.shell("for i in {1..300}; do cat \(SampleText.directory)/train.txt; done >text") == 0)
    let arguments = ["prepare", "--config", "lm.cfg", "data.train=text", "--output", "out/data.h5"]
    try FileManager.default.createDirectory(atPath: workspace.path("out"), withIntermediateDirectories: false)
    // At the moment before the file gets its name.
    let prefix = ["strace", "-f", "-qq", "-o", "trace", "-e", "trace=linkat", "-e", "inject=linkat:signal=KILL:when=1"]
    let outcome = try workspace.start(arguments, through: prefix).wait()
    #expect(outcome.wasKilled || outcome.code == 137, "\(outcome)")
    #expect(try workspace.names(in: "out").allSatisfy { $0.hasSuffix(".tmp") })
    try workspace.succeed(arguments)
    #expect(try workspace.names(in: "out") == ["data.h5"])
  }
}
