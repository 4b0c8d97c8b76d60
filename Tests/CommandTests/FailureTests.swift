import Foundation
import Testing

/// Every failure is one clear line and its exit code, and leaves no run behind.
struct FailureTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let arguments: [String]
    let code: Int32
    /// A line of standard error, whole.
    let line: String
    var environment: [String: String] = [:]

    var testDescription: String { arguments.joined(separator: " ") }
  }

  /// The workspace holds `lm.cfg`, a directory `run` with a finished run, `data.h5` and `latin.txt`.
  private static let cases = [
    Case(
      arguments: ["--config", "none.cfg"], code: 65, line: "none.cfg: No such file or directory"),
    Case(
      arguments: ["--config", "lm.cfg", "training.bach_size=3"], code: 65,
      line: "training.bach_size=3: unknown key; did you mean batch_size?"),
    Case(
      arguments: ["--config", "wrong.cfg"], code: 65,
      line: "wrong.cfg:2:3: data.trian: unknown key; did you mean train?"),
    Case(
      arguments: ["--config", "lm.cfg"], code: 73,
      line: "rnn-train: run holds a run already; go on with it by `rnn-train train --resume run`, "
        + "or choose another output.directory"),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new"], code: 64,
      line: "rnn-train: RNN_TRAIN_ISA=mmx: this machine has no such instruction set; it has ",
      environment: ["RNN_TRAIN_ISA": "mmx"]),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new"], code: 64,
      line: "rnn-train: SLURM_CPUS_PER_TASK=all: expected a number from 1 to 1024; or give --threads",
      environment: ["SLURM_CPUS_PER_TASK": "all"]),
    Case(
      arguments: ["--config", "lm.cfg", "--threads", "0"], code: 64,
      line: "rnn-train: --threads 0: expected a number from 1 to 1024"),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new", "data.train=latin.txt"], code: 65,
      line: "rnn-train: WORKSPACE/latin.txt: not UTF-8 at byte 3; "
        + "convert it first (for example: iconv -f LATIN1 -t UTF-8), or leave out what is damaged (iconv -c -f UTF-8 -t UTF-8)"
    ),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new", "training.batch_size=9999"], code: 65,
      line: "rnn-train: the training split is too short: training.batch_size 9999 x training.bptt 8 need "
        + "79993 tokens, found 3600; lower one of them"),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new", "model.output={kind: adaptive, cutoffs: [5, 30]}"],
      code: 65,
      line: "rnn-train: model.output.cutoffs: expected numbers below the vocabulary's size of 30, found [5, 30]"),
    Case(
      arguments: ["--config", "lm.cfg", "output.directory=new", "evaluation.streams=450"], code: 65,
      line:
        "rnn-train: the test split is too short: evaluation.streams 450 need 451 tokens, found 400; lower it, or use a "
        + "longer text"),
    Case(
      arguments: ["--config", "dataset.cfg", "data.dataset=run/checkpoints/last.h5"], code: 65,
      line: #"rnn-train: WORKSPACE/run/checkpoints/last.h5 is a file of the kind "rnn-train checkpoint", not a dataset"#
    ),
    Case(
      arguments: ["evaluate", "--checkpoint", "data.h5"], code: 65,
      line: "rnn-train: data.h5 is not an rnn-train checkpoint: its format is rnn-train dataset"),
    Case(
      arguments: ["generate", "--checkpoint", "lm.cfg"], code: 65,
      line: "rnn-train: lm.cfg is not an HDF5 file; expected a dataset or checkpoint of rnn-train"),
    Case(
      arguments: ["generate", "--checkpoint", "none"], code: 74,
      line: "rnn-train: none: can't open: No such file or directory"),
    Case(
      arguments: ["generate", "--checkpoint", "run", "--top-p", "1.5"], code: 64,
      line: "rnn-train: --top-p 1.5: expected above 0, up to 1"),
    Case(
      arguments: ["generate", "--checkpoint", "run", "--temperature=-1"], code: 64,
      line: "rnn-train: --temperature -1.0: expected 0 or more"),
    Case(
      arguments: ["train", "--resume", "none"], code: 65,
      line: "rnn-train: none holds no run to resume; expected config.cfg and checkpoints/ in it"),
    Case(
      arguments: ["train", "--resume", "run", "model.hidden=5", "seed=2"], code: 65,
      line:
        "rnn-train: run: a run can't go on with another seed, model.hidden; start a new one instead. What may change on a "
        + "resume: training (but batch_size, shards, bptt, random_windows, averaging and the optimizer's name), evaluation, output (but directory), and where "
        + "files of data lie"),
    Case(
      arguments: ["train", "--resume", "run", "--config", "lm.cfg"], code: 64,
      line: "rnn-train: expected one of --config and --resume; a run to resume has its configuration"),
    Case(
      arguments: ["trian"], code: 64,
      line: "rnn-train: trian: there is no such command; did you mean `rnn-train train`?"),
    Case(
      arguments: ["train", "nosuch.txt"], code: 64, line: "rnn-train: nosuch.txt: no such file"),
    Case(
      arguments: [], code: 64,
      line: "rnn-train: expected a text, --config FILE or --resume RUN. To begin with:"),
  ]

  private static let workspace = Result { try prepare() }

  private static func prepare() throws -> Shared {
    // It lives as long as the process, and the text's directory goes when that ends.
    let workspace = try Workspace(in: URL(fileURLWithPath: SampleText.directory))
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"])
    try workspace.write("data: {dataset: data.h5}\n", to: "dataset.cfg")
    try workspace.write("data:\n  trian: x\n", to: "wrong.cfg")
    try Data("abc\u{E9}".unicodeScalars.map { UInt8($0.value) })
      .write(to: workspace.directory.appendingPathComponent("latin.txt"))
    return Shared(workspace: workspace)
  }

  /// Only read from after it is made, and by processes of their own.
  private final class Shared: @unchecked Sendable {
    let workspace: Workspace

    init(workspace: Workspace) { self.workspace = workspace }
  }

  @Test(arguments: cases)
  func oneLineAndItsCode(_ expected: Case) throws {
    let workspace = try Self.workspace.get().workspace
    let outcome = try workspace.run(expected.arguments, environment: expected.environment)
    #expect(outcome.code == expected.code && !outcome.wasKilled, "\(outcome)")
    let line = expected.line.replacingOccurrences(of: "WORKSPACE", with: workspace.directory.path)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.contains { $0 == line || (line.hasSuffix(" ") && $0.hasPrefix(line)) }, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(!workspace.exists("new"), "no run directory is left")
  }

  @Test func divergenceKeepsWhatWasThere() throws {
    let workspace = try Workspace()
    let outcome = try workspace.run([
      "--config", "lm.cfg", "training.optimizer.learning_rate=1e30", "training.clip_norm=0", "model.activation=relu",
    ])
    #expect(outcome.code == 75)
    #expect(outcome.errors.contains("rnn-train: training diverged at step "))
    #expect(outcome.errors.contains("lower training.optimizer.learning_rate"))
    #expect(outcome.errors.contains("the minibatch is in run/diverged-"))
    let report = try #require(try workspace.names(in: "run").first { $0.hasPrefix("diverged-") })
    let text = try workspace.text("run/\(report)")
    #expect(text.hasPrefix("training diverged at step ") && text.contains("\nstream 5"))
    #expect(try workspace.text("run/train.log").contains("training diverged"))
    #expect(try workspace.lastCheckpoint().state.step == 0)
  }

  @Test func twoProcessesNeverShareADirectory() throws {
    let workspace = try Workspace()
    let first = try workspace.start(["--config", "lm.cfg", "training.epochs=100000"])
    while !workspace.exists("run/checkpoints/last.h5"), first.isRunning { usleep(1000) }
    let second = try workspace.run(["train", "--resume", "run"])
    #expect(second.code == 73)
    #expect(second.errors.hasPrefix("rnn-train: run is in use by process "), "\(second.errors)")
    first.send(SIGTERM)
    #expect(try first.wait().code == 143)
  }

  @Test func changedTextIsNoticed() throws {
    let workspace = try Workspace()
    try workspace.write("a b c d\n e f g h\n i j k l\n", to: "train.txt")
    try workspace.write("data: {train: train.txt, tokens: whitespace}\nevaluation: {streams: 1}\n", to: "own.cfg")
    try workspace.succeed(["--config", "own.cfg", "training={batch_size: 1, bptt: 4, epochs: 1}"])
    try workspace.write("a b c d\n e f g z\n i j k l\n", to: "train.txt")
    let evaluated = try workspace.run(["evaluate", "--checkpoint", "runs/own", "--split", "train"])
    #expect(evaluated.code == 65)
    #expect(evaluated.errors.contains("the text's vocabulary isn't the model's"))
    let resumed = try workspace.run(["train", "--resume", "runs/own", "training.epochs=2"])
    #expect(resumed.code == 65)
    #expect(resumed.errors.contains("the text has changed since the run began"))
    // The same words in another order make the same vocabulary.
    try workspace.write("e f g h\n a b c d\n i j k l\n", to: "train.txt")
    let reordered = try workspace.run(["train", "--resume", "runs/own", "training.epochs=2"])
    #expect(reordered.code == 65)
    #expect(reordered.errors.contains("the train text has changed since the run began"))
    #expect(try workspace.run(["evaluate", "--checkpoint", "runs/own", "--split", "train"]).code == 65)
  }

  @Test func preparingReplacesNothingButDatasets() throws {
    let workspace = try Workspace()
    try workspace.write("precious", to: "notes.txt")
    let refused = try workspace.run(["prepare", "--config", "lm.cfg", "--output", "notes.txt"])
    #expect(refused.code == 64 && refused.errors.contains("there is a file that isn't a dataset"))
    #expect(try workspace.text("notes.txt") == "precious")
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"])
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"])
  }

  @Test func fewerEpochsThanAreDoneAreRefused() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let resumed = try workspace.run(["train", "--resume", "run", "training.epochs=1"])
    #expect(resumed.code == 65)
    #expect(resumed.errors.contains("the run has 2 epochs behind it; training.epochs=1 can't take any back"))
    #expect(try workspace.text("run/config.cfg").contains("epochs: 2"))
  }

  @Test func whatTheMachineCannotHoldIsRefused() throws {
    let workspace = try Workspace()
    let huge = try workspace.run(["--config", "lm.cfg", "output.directory=new", "model={hidden: 65536, layers: 64}"])
    #expect(huge.code == 65 && huge.errors.contains("training needs about"))
    #expect(!workspace.exists("new"))
    try workspace.write("data: {synthetic: {vocabulary: 10}}\n", to: "ids.cfg")
    let rows = try workspace.run(["benchmark", "--config", "ids.cfg", "training={batch_size: 65536, bptt: 65536}"])
    #expect(rows.code == 65 && rows.errors.contains("training needs about"))
  }

  @Test func textThatGrowsWhileItIsReadIsRefused() throws {
    let workspace = try Workspace()
    let text = "for i in {1..200}; do cat \(SampleText.directory)/train.txt; done >text"
    let writer = "while sleep 0.005; do echo the cat >>text; done"
    let command = "\(Program.path) --config lm.cfg output.directory=new data.train=text 2>errors"
    // Threads that run tests block signals, and what they start inherits that; nothing blocks SIGKILL.
    #expect(try workspace.shell("\(text); (\(writer)) & \(command); code=$?; kill -9 $!; exit $code") == 65)
    let errors = try workspace.text("errors")
    #expect(
      errors.contains("the text changed while it was read: ") && errors.contains("begin again when it is complete"))
    #expect(!workspace.exists("new") && workspace.exists("cache") == false)
  }

  @Test func whatALimitOnMemoryLeavesNoRoomForIsRefused() throws {
    let workspace = try Workspace()
    let command = "\(Program.path) --config lm.cfg output.directory=new model.hidden=10000 2>errors"
    #expect(try workspace.shell("ulimit -v 900000; exec \(command)") == 65)
    #expect(
      try workspace.text("errors").contains(
        /training needs about .* of memory, and there are 1.0 GB; lower model.hidden/))
    #expect(!workspace.exists("new"))
  }

  @Test func fullOutputIsReported() throws {
    let workspace = try Workspace()
    #expect(try workspace.shell("\(Program.path) config show lm.cfg >/dev/full 2>errors") == 73)
    #expect(try workspace.text("errors") == "rnn-train: can't write to standard output: No space left on device\n")
  }
}
