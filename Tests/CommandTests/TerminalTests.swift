import Foundation
import Presentation
import Testing

/// Progress on a terminal.
struct TerminalTests {
  /// A pseudo-terminal of some width: what a program writes to `slave` is read from `master`.
  private struct PseudoTerminal {
    let master: FileHandle
    let slave: FileHandle

    init(columns: UInt16) throws {
      // The ioctl(2) requests behind unlockpt and ptsname, which Swift can't import.
      let (unlock, tellNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))
      let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      var (locked, number) = (Int32(0), Int32(0))
      try #require(
        descriptor >= 0 && ioctl(descriptor, unlock, &locked) == 0 && ioctl(descriptor, tellNumber, &number) == 0)
      let other = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      try #require(other >= 0)
      var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
      try #require(ioctl(other, UInt(TIOCSWINSZ), &size) == 0)
      master = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      slave = FileHandle(fileDescriptor: other, closeOnDealloc: true)
    }
  }

  /// All that the program wrote to its standard error, a terminal.
  private static func errors(
    _ workspace: Workspace, _ arguments: [String] = ["--config", "lm.cfg", "training.epochs=6", "model.hidden=60"],
    columns: UInt16 = 60, environment: [String: String] = [:], code: Int32 = 0
  ) throws -> String {
    let terminal = try PseudoTerminal(columns: columns)
    let program = try workspace.start(arguments, environment: environment, errors: terminal.slave)
    let reader = Reader(terminal.master)
    #expect(try program.wait().code == code)
    try terminal.slave.close()
    return reader.text()
  }

  /// Reads to the end in a thread of its own, since a terminal holds only a few kilobytes.
  private final class Reader: @unchecked Sendable {
    // Written by the thread, read after it has signalled its end.
    private var bytes = Data()
    private let done = DispatchSemaphore(value: 0)

    init(_ handle: FileHandle) {
      Thread.detachNewThread { [self] in
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
          // Fails when the last writer has closed the terminal.
          let count = read(handle.fileDescriptor, &chunk, chunk.count)
          if count <= 0 { break }
          bytes.append(contentsOf: chunk[..<count])
        }
        done.signal()
      }
    }

    func text() -> String {
      done.wait()
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private static let erasure = "\r\u{1B}[K"

  /// As a terminal counts columns.
  @Test(arguments: [("word", 4), ("\u{E9}", 1), ("e\u{301}", 1), ("日本語", 6), ("நாய்", 3), ("한국", 4), ("", 0)])
  func columnsOfATerminal(text: String, columns: Int) {
    #expect(text.columns == columns)
    #expect(text.padded(to: 8).columns == 8)
  }

  @Test func tablesFitATerminal() {
    let table = Table(
      ["key", "purpose"], [["a", "one two three four five six"], ["語", "seven"]], alignments: [.left, .left])
    #expect(
      table.description == "key purpose\n--- ---------------------------\na   one two three four five six\n語  seven")
    #expect(
      table.text(width: 20)
        == "key purpose\n--- ----------------\na   one two three\n    four five six\n語  seven")
  }

  @Test func progressIsUpdatedInPlace() throws {
    let workspace = try Workspace()
    let text = try Self.errors(workspace)
    let updates = text.components(separatedBy: Self.erasure).dropFirst().map {
      $0.prefix { $0 != "\r\n" && $0 != "\n" }
    }
    let progress = updates.filter { $0.contains("%  ") }
    #expect(progress.contains { $0.hasPrefix("epoch 1/6  ") && $0.contains("100%  loss ") }, "\(text.debugDescription)")
    #expect(progress.allSatisfy { $0.count < 60 })
    #expect(progress.contains { $0.contains(#/  run [0-9.]+ s left/#) })
    let log = try workspace.text("run/train.log")
    #expect(!log.contains("\u{1B}") && !log.contains("%"))
    #expect(log.contains("\nepoch 6/6  train loss "))
  }

  /// On a terminal of the usual width no line goes over its end.
  /// Of a text that takes a while, since the model follows it.
  @Test func readingIsUpdatedInPlace() throws {
    let workspace = try Workspace()
    try workspace.succeed([
      "--config", "lm.cfg", "training.epochs=1", "training.optimizer.learning_rate=0.05", "model.hidden=200",
    ])
    let text = try String(contentsOfFile: "\(SampleText.directory)/train.txt", encoding: .utf8)
    try workspace.write(String(repeating: text, count: 3), to: "long.txt")
    let following = ["--dynamic", "--dynamic-sgd", "--dynamic-segment", "1", "--threads", "1"]
    let errors = try Self.errors(workspace, ["evaluate", "run", "--data", "long.txt"] + following)
    #expect(errors.contains("\r\u{1B}[Klong.txt  [") && errors.contains("% ") && errors.contains(" left"), "\(errors)")
    #expect(errors.hasSuffix("\r\u{1B}[K"), "\(errors)")
  }

  @Test func linesFit() throws {
    let workspace = try Workspace()
    let lines = try Self.errors(workspace, columns: 80).components(separatedBy: Self.erasure).joined(separator: "\n")
      .split(whereSeparator: \.isNewline)
    #expect(lines.contains { $0.hasPrefix("epoch 6/6  train ") })
    for line in lines { #expect(line.count <= 80, "\(line)") }
    #expect(try workspace.text("run/train.log").contains(/\nepoch 6\/6 .* tokens\/s/))
  }

  /// Messages are broken between words, and a command to copy isn't broken at all.
  @Test func messagesAreNotBrokenWithinWords() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "--quiet"])
    for (arguments, code, command) in [
      (["--config", "lm.cfg"], 73, "`rnn-train train --resume run`"),
      (["train", "--resume", "run", "model.hidden=3"], 65, "training (but batch_size, shards, bptt, random_windows,"),
      (
        ["train", "--resume", "run", "training.epochs=90000", "training.time_limit=1s"], 0,
        "rnn-train train --resume run"
      ),
    ] as [([String], Int32, String)] {
      let lines = try Self.errors(workspace, arguments, columns: 60, code: code).components(separatedBy: Self.erasure)
        .joined(separator: "\n").split(whereSeparator: \.isNewline)
      #expect(lines.contains { $0.contains(command) }, "\(lines)")
      #expect(lines.allSatisfy { $0.count <= 60 }, "\(lines)")
    }
  }

  @Test func runningTrialsAreUpdatedInPlace() throws {
    let workspace = try SweepTests.workspace()
    let text = try Self.errors(workspace, ["sweep", "--config", "sweep.cfg"])
    // The trials that run, one here, and a line about all of them.
    let blocks = text.components(separatedBy: "\r\u{1B}[1A\u{1B}[J").dropFirst()
    #expect(blocks.count > 9)
    let running = text.split(whereSeparator: \.isNewline).map { $0.replacing(/\u{1B}\[\d*[A-Z]/, with: "") }
      .filter { $0.contains("  running  ") }
    #expect(running.count >= 9 && running.allSatisfy { $0.count < 60 }, "\(text.debugDescription)")
    #expect(text.contains("8 of 9 trials run, best "))
    let log = try workspace.text("sweep/sweep.log")
    #expect(!log.contains("\u{1B}") && !log.contains("running"))
    for id in try SweepTests.ids(workspace) { #expect(log.contains("\n\(id)  done  ")) }
  }

  /// There are no colours, so that NO_COLOR (no-color.org) has nothing to forbid; nor anything else than moving about.
  @Test(arguments: [[:], ["NO_COLOR": "1"]])
  func nothingHasColours(environment: [String: String]) throws {
    let text = try Self.errors(Workspace(), environment: environment)
    let controls = Set(text.matches(of: /\u{1B}\[[0-9;]*[A-Za-z]/).map { String($0.output) })
    #expect(controls == ["\u{1B}[K"])
  }

  /// Whatever a command says where standard error is a file, it is lines of text.
  @Test func filesGetLinesOfText() throws {
    let workspace = try SweepTests.workspace()
    let outcomes = try [
      ["--config", "lm.cfg"], ["sweep", "--config", "sweep.cfg"], ["evaluate", "--checkpoint", "run"],
      ["generate", "--checkpoint", "run", "--prompt", "zzz"],
      ["inspect", "--gradient-flow", "run", "--output", "f.svg"],
      ["inspect", "run"], ["report", "run"], ["config", "init", "--output", "new.cfg"], ["config", "check", "new.cfg"],
      ["benchmark", "--config", "lm.cfg", "--seconds", "0"],
    ].map { try workspace.run($0) }
    for outcome in outcomes {
      #expect(!outcome.errors.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "\(outcome)")
    }
    #expect(outcomes.count { !$0.errors.isEmpty } > 5)
  }

  @Test func dumbTerminalsGetLines() throws {
    let workspace = try Workspace()
    let text = try Self.errors(workspace, environment: ["TERM": "dumb"])
    #expect(!text.contains("\u{1B}"))
    #expect(text.contains("epoch 6/6  train "))
  }
}
