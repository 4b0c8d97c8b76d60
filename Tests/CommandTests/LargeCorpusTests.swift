import DatasetFiles
import Foundation
import Testing
import Training

/// Where text may lie, and what may happen to it: nothing is lost, and one line says what it was.
struct LargeCorpusTests {
  /// A text of some megabytes, so that tokens go to temporary files.
  private static let text = (0..<400_000).map { "word\($0 * 7919 % 5003)" + ($0 % 11 == 0 ? "\n" : " ") }.joined()

  private static func contents(_ workspace: Workspace, _ name: String) throws -> (
    hashes: [String: String], source: String
  ) {
    let dataset = try DatasetFile.read(workspace.path(name)).dataset
    let hashes = try dataset.contentHashes()
    return (
      Dictionary(uniqueKeysWithValues: hashes.map { ($0.key.rawValue, $0.value) }),
      try #require(dataset.splits[.train]).sourceSHA256
    )
  }

  /// Plain or compressed, in one file or in several, named or by a pipe: the same dataset.
  @Test func theSameTextIsTheSameDataset() throws {
    let workspace = try Workspace()
    try workspace.write(Self.text, to: "all.txt")
    let held = ["data.validation={split: 0.1}", "data.test={split: 0.05}"]
    func prepare(_ train: String, to name: String, input: String? = nil) throws {
      try workspace.succeed(
        ["prepare", "--config", "lm.cfg", "--output", name, "data.train=\(train)"] + held, input: input)
    }
    try prepare("all.txt", to: "all.h5")
    let expected = try Self.contents(workspace, "all.h5")
    #expect(expected.hashes.count == 3)
    // Lines stay whole.
    let code = try workspace.shell(
      "mkdir -p parts/b && split -n l/3 all.txt part && mv partaa parts/a.txt && gzip -c partab >parts/b/1.txt.gz && "
        + "xz -c partac >parts/c.xz && gzip -c all.txt >all.any && cat all.txt | xz >all.xz")
    try #require(code == 0)
    for (train, name) in [("parts", "parts"), ("p*s/*", "pattern"), ("all.any", "gzip"), ("all.xz", "xz")] {
      try prepare(train, to: "\(name).h5")
      let found = try Self.contents(workspace, "\(name).h5")
      #expect(found.hashes == expected.hashes && found.source == expected.source, "\(name)")
    }
    try prepare("-", to: "input.h5", input: Self.text)
    let found = try Self.contents(workspace, "input.h5")
    #expect(found.hashes == expected.hashes && found.source == expected.source)
    // A run goes on after its text was compressed.
    let run = ["data.train=all.txt", "training.epochs=1", "model.hidden=5", "training.batch_size=50"]
    try workspace.succeed(["--config", "lm.cfg"] + run + held)
    try workspace.succeed(["train", "--resume", "run", "data.train=all.xz", "training.epochs=2"])
    #expect(try workspace.names(in: "cache/rnn-train").count == 2)
  }

  @Test func whatIsNoTextIsOneLine() throws {
    let workspace = try Workspace()
    try workspace.write(Self.text, to: "all.txt")
    try #require(try workspace.shell("gzip -c all.txt | head -c 100000 >cut.gz; mkdir empty") == 0)
    func refuses(_ train: String, _ line: String, code: Int32 = 65, output: Bool = true) throws {
      let outcome = try workspace.run(
        ["prepare", "--config", "lm.cfg", "data.train=\(train)"] + (output ? ["--output", "x.h5"] : []))
      #expect(outcome.code == code && outcome.errors.contains(line), "\(outcome)")
      #expect(!workspace.exists("x.h5"))
    }
    try refuses("cut.gz", "cut.gz: its gzip data ends too early: the file is cut short")
    try refuses("empty", "data.train=empty: no files but what isn't taken, ")
    try refuses("no*.txt", "no file matches")
    try refuses("none.txt", "no such file")
    try refuses("*.none", "no file matches")
    try #require(try workspace.shell("mkdir dangling; ln -s nowhere dangling/link") == 0)
    try refuses("dangling", "dangling/link: no such file)")
    try refuses("-", "standard input is read once: say by --output", code: 64, output: false)
    try refuses("[-, -]", "standard input comes once, and is named 2 times")
    let outcome = try workspace.run(["--config", "lm.cfg", "data.train=-"])
    #expect(
      outcome.code == 65 && outcome.errors.contains("make a dataset of it by `rnn-train prepare --output"), "\(outcome)"
    )
  }

  /// A dataset is that of its splits, and not of its files in a row.
  @Test func theSameFilesDividedOtherwiseAreAnotherDataset() throws {
    let workspace = try Workspace()
    for (name, words) in [("a", 300), ("b", 200), ("c", 100)] {
      try workspace.write(String(repeating: "the cat sat\n", count: words), to: "\(name).txt")
    }
    let settings = [
      "--config", "lm.cfg", "data.test=null", "training.epochs=1", "training.batch_size=4", "training.bptt=4",
    ]
    try #require(try workspace.shell("mkdir held && cp b.txt c.txt held") == 0)
    for (train, validation, counts) in [
      ("[a.txt, b.txt]", "c.txt", "train 2,000, validation 400"), ("a.txt", "held", "train 1,200, validation 1,200"),
    ] {
      let told = try workspace.succeed(
        settings + ["data.train=\(train)", "data.validation=\(validation)", "output.directory=run-\(validation)"]
      ).errors
      #expect(told.contains(counts), "\(told)")
    }
  }

  @Test func aCompressedTextGetsTheModelThatItsTextGets() throws {
    let workspace = try Workspace()
    try workspace.write(Self.text, to: "all.txt")
    try #require(try workspace.shell("gzip -k all.txt") == 0)
    let told = try ["all.txt", "all.txt.gz"].map {
      try workspace.succeed([$0, "training.time_limit=1s", "output.directory=\($0).run"]).errors
    }
    let settings = told.map { $0.split(separator: "\n").filter { $0.hasPrefix("model") || $0.hasPrefix("training") } }
    #expect(settings[0] == settings[1] && settings[0].count == 2, "\(told)")
  }

  /// The tokens of a text that was killed in the middle are nowhere, and so is half a dataset.
  @Test func aKilledPreparationLeavesNothing() throws {
    let workspace = try Workspace()
    try #require(try workspace.shell("mkdir tmp; mkfifo pipe") == 0)
    let program = try workspace.start(
      ["prepare", "--config", "lm.cfg", "--output", "x.h5", "data.train=-"],
      through: ["bash", "-c", "exec \"$@\" <pipe", "-"],
      environment: ["TMPDIR": workspace.path("tmp")])
    let pipe = try #require(FileHandle(forWritingAtPath: workspace.path("pipe")))
    try pipe.write(contentsOf: Data(Self.text.utf8))
    program.send(SIGKILL)
    #expect(try program.wait().wasKilled)
    #expect(try workspace.names(in: "tmp").isEmpty && !workspace.exists("x.h5"))
  }

  /// Whichever thread comes upon an error, none waits for a pipe that has no more to say.
  @Test(arguments: 0..<4)
  func anErrorWaitsForNoInput(round: Int) throws {
    let workspace = try Workspace()
    // Tokens come to be written in the second block, which another thread has when the first one reads on.
    let long = String(repeating: String(repeating: "x", count: 100) + "\n", count: 10_400)
    let said = Array((round < 2 ? long + Self.text : "ok\n" + Self.text + "a").utf8) + [0xFF, 0x62]
    try #require(mkfifo(workspace.path("pipe"), 0o600) == 0)
    // Open for reading as well: it has no end, and nobody who writes to it gets a signal.
    let pipe = open(workspace.path("pipe"), O_RDWR | O_NONBLOCK | O_CLOEXEC)
    try #require(pipe >= 0)
    defer { close(pipe) }
    let program = try workspace.start(
      ["prepare", "--config", "lm.cfg", "--output", "x.h5", "--threads", "2", "data.train=-"],
      through: ["bash", "-c", "\(round < 2 ? "ulimit -f 1; " : "")exec timeout --signal=KILL 60 \"$@\" <pipe", "-"])
    var written = 0
    while written < said.count, program.isRunning {
      let count = said[written...].withUnsafeBytes { write(pipe, $0.baseAddress, $0.count) }
      if count > 0 { written += count } else { usleep(500) }
    }
    let outcome = try program.wait()
    #expect(outcome.code == (round < 2 ? 73 : 65), "\(outcome)")
    #expect(outcome.errors.contains(round < 2 ? "a temporary file in" : "not UTF-8 at byte"), "\(outcome)")
    #expect(outcome.errors.split(separator: "\n").count { $0.hasPrefix("rnn-train: ") } == 1, "\(outcome)")
  }

  @Test(.enabled(if: geteuid() == 0, "mounting a small disk needs root"))
  func aFullDiskIsOneLine() throws {
    let workspace = try Workspace()
    try workspace.write(Self.text, to: "all.txt")
    try #require(try workspace.shell("mkdir small") == 0)
    guard mount("none", workspace.path("small"), "tmpfs", 0, "size=256k") == 0 else {
      print("This system lets not even root mount a tmpfs: a disk that fills up is not tested.")
      return
    }
    defer { umount2(workspace.path("small"), Int32(MNT_DETACH)) }
    let arguments = ["prepare", "--config", "lm.cfg", "data.train=all.txt"]
    let scratch = try workspace.run(
      arguments + ["--output", "x.h5"], environment: ["TMPDIR": workspace.path("small")])
    #expect(scratch.code == 73 && !workspace.exists("x.h5"))
    #expect(
      scratch.errors.contains("a temporary file in \(workspace.path("small")): can't write: No space left"),
      "\(scratch)")
    let output = try workspace.run(arguments + ["--output", "small/x.h5"])
    #expect(output.code == 73 && output.errors.contains("small/x.h5: can't write: No space left"), "\(output)")
    #expect(try workspace.names(in: "small").isEmpty)
  }

  /// What has been trained is kept, and the run goes on once its dataset is whole again.
  @Test func aDatasetThatChangesMeanwhileEndsTheRun() throws {
    let workspace = try Workspace()
    try workspace.write(Self.text, to: "all.txt")
    try workspace.succeed(
      [
        "prepare", "--config", "lm.cfg", "--output", "x.h5", "data.train=[all.txt, all.txt, all.txt]",
        "data.validation=null", "data.test=null", "data.vocabulary.size=60",
      ])
    let original = try workspace.bytes("x.h5")
    try workspace.write(
      """
      data: {dataset: x.h5}
      model: {embedding: 9, hidden: 21}
      training: {epochs: 1, batch_size: 8, bptt: 32}
      output: {directory: run, checkpoint_every: 200}
      """, to: "own.cfg")
    // Longer than what is read ahead.
    let program = try workspace.start(["--config", "own.cfg", "--threads", "1"])
    while try !workspace.exists("run/metrics.jsonl") || workspace.text("run/metrics.jsonl").isEmpty, program.isRunning {
      usleep(500)
    }
    let handle = try #require(FileHandle(forWritingAtPath: workspace.path("x.h5")))
    try handle.truncate(atOffset: 5000)
    let outcome = try program.wait()
    #expect(outcome.code == 65 && outcome.errors.contains("x.h5 has changed while it was being read"), "\(outcome)")
    let step = try workspace.lastCheckpoint().state.step
    #expect(
      step > 0
        && outcome.errors.hasSuffix(
          "the run is saved at step \(step), and goes on from there (--resume) when the text is what it was\n"),
      "\(outcome)")
    let refused = try workspace.run(["train", "--resume", "run"])
    #expect(refused.code == 65 && refused.errors.contains("x.h5"), "\(refused)")
    try original.write(to: workspace.directory.appendingPathComponent("x.h5"))
    try workspace.succeed(["train", "--resume", "run"])
  }
}
