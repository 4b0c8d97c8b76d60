import Foundation
import Testing

/// Directories and files of somebody else's: nothing outside them is written to, and nothing keeps a command waiting.
struct StrangersTests {
  private static func trained() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    return workspace
  }

  private static let more = ["train", "--resume", "run", "training.epochs=2"]

  /// Ends a program that would never end.
  private static let limited = ["timeout", "-s", "KILL", "60"]

  @Test(arguments: ["run.lock", "metrics.jsonl", "train.log", "checkpoints"])
  func aLinkOutOfTheDirectoryIsNotFollowed(name: String) throws {
    let workspace = try Self.trained()
    try workspace.write("precious\n", to: "victim")
    #expect(try workspace.shell("cp -r run/checkpoints outside; rm -r run/\(name)") == 0)
    let target = name == "checkpoints" ? "outside" : "victim"
    #expect(symlink("../\(target)", workspace.path("run/\(name)")) == 0)
    let before = try workspace.names(in: "outside")
    let outcome = try workspace.run(Self.more)
    #expect(outcome.code == 73 && outcome.errors.contains("run/\(name): this is "), "\(outcome)")
    #expect(try workspace.text("victim") == "precious\n")
    #expect(try workspace.names(in: "outside") == before)
  }

  @Test(arguments: ["run.lock", "metrics.jsonl", "train.log", "config.cfg"])
  func aPipeKeepsNobodyWaiting(name: String) throws {
    let workspace = try Self.trained()
    try FileManager.default.removeItem(atPath: workspace.path("run/\(name)"))
    #expect(mkfifo(workspace.path("run/\(name)"), 0o600) == 0)
    let outcome = try workspace.start(Self.more, through: Self.limited).wait()
    #expect([65, 73].contains(outcome.code) && !outcome.wasKilled, "\(outcome)")
    for command in ["inspect", "report"] where name != "run.lock" && name != "train.log" {
      let outcome = try workspace.start([command, "run"], through: Self.limited).wait()
      #expect(!outcome.wasKilled && outcome.code != 137, "\(command): \(outcome)")
    }
  }

  @Test func aSnapshotOfHardLinksStaysApart() throws {
    let workspace = try Self.trained()
    #expect(try workspace.shell("cp -al run snapshot") == 0)
    let names = ["metrics.jsonl", "train.log", "config.cfg", "run.lock"]
    let before = try names.map { try workspace.bytes("run/\($0)") }
    try workspace.succeed(["train", "--resume", "snapshot", "training.epochs=2"])
    #expect(try names.map { try workspace.bytes("run/\($0)") } == before)
    // Neither keeps the other from going on.
    try workspace.succeed(Self.more)
    #expect(try workspace.bytes("run/checkpoints/last.h5") == workspace.bytes("snapshot/checkpoints/last.h5"))
  }

  @Test(arguments: ["pipe", "/dev/zero"])
  func aCorpusWithoutAnEndIsRefused(path: String) throws {
    let workspace = try Self.trained()
    #expect(mkfifo(workspace.path("pipe"), 0o600) == 0)
    let path = path.hasPrefix("/") ? path : workspace.path(path)
    let configuration = try workspace.text("run/config.cfg")
    #expect(
      try workspace.shell(
        "cp \(SampleText.directory)/train.txt own.txt; sed -i 's#\(SampleText.directory)/train.txt#own.txt#' lm.cfg; "
          + "rm -r run") == 0)
    #expect(configuration.contains("train.txt"))
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    #expect(try workspace.shell("rm own.txt; ln -s \(path) own.txt") == 0)
    for command in [
      ["evaluate", "--checkpoint", "run"], ["inspect", "--gradient-flow", "run"], Self.more,
      ["prepare", "--config", "lm.cfg"], ["--config", "lm.cfg", "output.directory=new"],
    ] {
      let outcome = try workspace.start(command, through: Self.limited).wait()
      #expect(
        outcome.code == 65 && outcome.errors.contains(/expected a file, found a |is not a regular file/),
        "\(command): \(outcome)")
    }
    #expect(try workspace.start(["report", "run"], through: Self.limited).wait().code == 0)
  }

  @Test func onlyFilesAreProbedAndRead() throws {
    let workspace = try Self.trained()
    #expect(mkfifo(workspace.path("pipe"), 0o600) == 0)
    for arguments in [
      ["inspect", "pipe"], ["evaluate", "--checkpoint", "pipe"], ["generate", "--checkpoint", "/dev/zero"],
      ["--config", "lm.cfg", "output.directory=new", "data={dataset: pipe}"],
    ] {
      let outcome = try workspace.start(arguments, through: Self.limited).wait()
      #expect(
        outcome.code == 65 && outcome.errors.contains(/expected a file, found a |is not a regular file/),
        "\(arguments): \(outcome)")
    }
    // By a descriptor: what is looked at is what is read.
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: workspace.path("run/checkpoints/last.h5")))
    let outcome = try workspace.start(["inspect", "/dev/stdin"], input: file).wait()
    #expect(outcome.code == 0 && outcome.output.contains("rnn-train checkpoint"), "\(outcome)")
  }

  /// A cache that others have filled.
  @Test func aPipeInTheCacheCostsTime() throws {
    let workspace = try Self.trained()
    let name = try #require(try workspace.names(in: "cache/rnn-train").first)
    try FileManager.default.removeItem(atPath: workspace.path("cache/rnn-train/\(name)"))
    #expect(mkfifo(workspace.path("cache/rnn-train/\(name)"), 0o600) == 0)
    let outcome = try workspace.start(Self.more, through: Self.limited).wait()
    #expect(outcome.code == 0 && outcome.errors.contains("expected a file, found a pipe"), "\(outcome)")
  }

  @Test func theCacheShowsTextToItsOwnerAlone() throws {
    let workspace = try Self.trained()
    let name = try #require(try workspace.names(in: "cache/rnn-train").first)
    for path in ["cache/rnn-train", "cache/rnn-train/\(name)"] {
      var status = stat()
      #expect(stat(workspace.path(path), &status) == 0 && status.st_mode & 0o077 == 0, "\(path)")
    }
  }

  @Test func aReplacedFileKeepsItsPermissions() throws {
    let workspace = try Self.trained()
    #expect(chmod(workspace.path("run/config.cfg"), 0o600) == 0)
    try workspace.succeed(Self.more)
    var status = stat()
    #expect(stat(workspace.path("run/config.cfg"), &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func picturesReplaceNothingButPictures() throws {
    let workspace = try Self.trained()
    try workspace.write("precious\n", to: "flow.svg")
    let arguments = ["inspect", "--gradient-flow", "run", "--output"]
    #expect(try workspace.run(arguments + ["flow.svg"]).code == 64)
    #expect(try workspace.text("flow.svg") == "precious\n")
    try workspace.write("precious\n", to: "curve-h_l0.svg")
    #expect(try workspace.run(arguments + ["curve.svg"]).code == 64)
    #expect(try workspace.text("curve-h_l0.svg") == "precious\n" && !workspace.exists("curve.svg"))
    for _ in 0..<2 { try workspace.succeed(arguments + ["new.svg"]) }
  }

  @Test func aSweepStaysInItsDirectory() throws {
    let workspace = try Workspace()
    try workspace.write(SweepTests.sweep, to: "sweep.cfg")
    try workspace.succeed(["sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep"])
    try workspace.succeed(["--config", "lm.cfg", "output.directory=victim", "training.epochs=1"])
    let before = try workspace.names(in: "victim/checkpoints")
    let journal = try workspace.text("sweep/journal.jsonl")
    let id = try #require(try workspace.names(in: "sweep/trials").first)
    try workspace.write(journal.replacing(id, with: "../../victim"), to: "sweep/journal.jsonl")
    let escaped = try workspace.run(["sweep", "--resume", "sweep"])
    #expect(
      escaped.code == 65 && escaped.errors.contains("sweep/journal.jsonl:1: expected a line that rnn-train wrote"))
    try workspace.write(journal, to: "sweep/journal.jsonl")
    #expect(try workspace.shell("rm -r sweep/trials/\(id); ln -s ../../victim sweep/trials/\(id)") == 0)
    let linked = try workspace.run(["sweep", "--resume", "sweep"])
    #expect(linked.code == 73 && linked.errors.contains("sweep/trials/\(id): this is no directory"), "\(linked)")
    #expect(try workspace.names(in: "victim/checkpoints") == before)
  }

  /// Numbers that no honest file holds.
  @Test(arguments: [
    "\"rung\":9223372036854775807,\"epochs\":4", "\"rung\":0,\"epochs\":9223372036854775807",
    "\"rung\":-1,\"epochs\":4", "\"rung\":0,\"epochs\":-1",
  ])
  func numbersOfAJournalAreChecked(numbers: String) throws {
    let workspace = try Workspace()
    try workspace.write(SweepTests.sweep, to: "sweep.cfg")
    try workspace.succeed(["sweep", "export", "--config", "sweep.cfg", "--slurm", "sweep"])
    let journal = try workspace.text("sweep/journal.jsonl")
    try workspace.write(journal + "{\"event\":\"end\",\"trial\":0,\(numbers),\"value\":1}\n", to: "sweep/journal.jsonl")
    for arguments in [["sweep", "show", "sweep"], ["report", "sweep"], ["sweep", "--resume", "sweep"]] {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 65 && !outcome.wasKilled, "\(arguments): \(outcome)")
    }
  }

  @Test func numbersOfMetricsAreChecked() throws {
    let workspace = try Self.trained()
    let lines = [
      #"{"step":1,"epoch":1,"kind":"train","loss":1e300,"seconds":1e300,"tokens_per_second":752e83}"#,
      #"{"step":9223372036854775807,"epoch":9223372036854775807,"kind":"epoch","train_loss":1}"#,
      #"{"step":2,"epoch":1,"kind":"train","loss":-1e-310,"seconds":-1e300,"tokens_per_second":-752e83}"#,
    ]
    try workspace.write(lines.joined(separator: "\n") + "\n", to: "run/metrics.jsonl")
    for arguments in [["report", "run"], ["inspect", "run"], ["inspect", "run", "--json"]] {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 0 && !outcome.wasKilled, "\(arguments): \(outcome)")
    }
    try workspace.write("", to: "run/events.out.tfevents.9223372036854775807.rnn-train")
    try workspace.succeed(Self.more + ["output.tensorboard=true"])
  }

  @Test func rangesAtTheEndsOfNumbersAreDrawnFrom() throws {
    let workspace = try Workspace()
    for range in [
      "{min: 1e-310, max: 1e-309}", "{min: 1e-310, max: 1e-309, distribution: log_uniform}",
      "{min: 1e307, max: 1.5e308}",
    ] {
      try workspace.write(
        """
        base: lm.cfg
        method: random
        trials: 5
        parameters: {training.optimizer.learning_rate: \(range)}
        output: {directory: sweep}
        """, to: "sweep.cfg")
      // That a learning rate can't be so small, or so large, is another matter.
      let outcome = try workspace.run(["sweep", "run", "--config", "sweep.cfg", "--dry-run"])
      #expect(outcome.code == 65 && !outcome.wasKilled, "\(outcome)")
    }
  }
}
