import Foundation
import Testing

/// Limits on processes, memory and descriptors: every command comes to an end, with a line and exit code 71 where it can't do its work.
struct LimitTests {
  private static let sweep = ["sweep", "run", "--config", "sweep.cfg", "--jobs", "1", "--quiet"]
  private static let train = ["--config", "lm.cfg", "training.epochs=1"]

  /// Ends a program that would never end.
  private static let timeout = ["timeout", "-s", "KILL", "120"]

  private static func expectAnEnd(_ outcome: Outcome, _ comment: Comment) {
    #expect([0, 71].contains(outcome.code) && !outcome.wasKilled, comment)
    if outcome.code == 71 { #expect(outcome.errors.contains("rnn-train: "), comment) }
  }

  /// From limits that leave room for nothing to such as leave room for everything.
  @Test(arguments: [sweep, train])
  func limitsOnMemory(arguments: [String]) throws {
    var codes: Set<Int32> = []
    for kilobytes in stride(from: 60_000, through: 900_000, by: 60_000) {
      let workspace = try SweepTests.workspace()
      let limit = Self.timeout + ["prlimit", "--as=\(kilobytes * 1024)"]
      let outcome = try workspace.start(arguments, through: limit).wait()
      // The loader itself may find no room for the libraries.
      if outcome.errors.contains("error while loading shared libraries") { continue }
      Self.expectAnEnd(outcome, "\(kilobytes) kB: \(outcome)")
      codes.insert(outcome.code)
    }
    #expect(codes == [0, 71])
  }

  /// For a user of its own, whose processes the limit counts.
  @Test(.enabled(if: geteuid() == 0, "limits on the processes of another user need root"), arguments: [sweep, train])
  func limitsOnProcesses(arguments: [String]) throws {
    var codes: Set<Int32> = []
    for count in [1, 2, 3, 4, 5, 6, 7, 8, 10, 30] {
      let workspace = try SweepTests.workspace()
      #expect(try workspace.shell("chmod -R a+rwX .") == 0)
      // No other test runs as this user, who may not see into the directory of the build: the program is there all the same.
      let user = String(60_000 + count)
      let limit =
        Self.timeout + [
          "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=+dac_read_search",
          "--ambient-caps=+dac_read_search", "prlimit", "--nproc=\(count)",
        ]
      let outcome = try workspace.start(arguments, through: limit).wait()
      Self.expectAnEnd(outcome, "\(count) processes: \(outcome)")
      codes.insert(outcome.code)
    }
    #expect(codes == [0, 71])
  }

  /// Every command, from too few descriptors to enough; what a run has saved stays.
  @Test func limitsOnDescriptors() throws {
    let workspace = try SweepTests.workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    try workspace.succeed(["--config", "tagger.cfg", "output.directory=tagger", "training.epochs=1"])
    let evaluation = try workspace.succeed(["evaluate", "run", "--json"]).output
    let commands = [
      ["train", "--config", "lm.cfg", "output.directory=new", "--quiet"], ["train", "--resume", "run", "--quiet"],
      ["evaluate", "run"], ["generate", "run", "--length", "3"],
      ["tag", "tagger", "\(SampleText.directory)/test.conllu"], ["inspect", "run", "--json"],
      ["report", "run", "--output", "report.html"], ["inspect", "--gradient-flow", "run", "--timesteps", "3"],
      ["prepare", "--config", "lm.cfg", "--output", "data.h5"], Self.sweep,
      ["benchmark", "--config", "lm.cfg", "--seconds", "0.1"], ["config", "check", "lm.cfg"],
    ]
    for command in commands {
      var codes: [Int32] = []
      // The loader takes one for itself beside the standard streams.
      for count in [4, 5, 6, 7, 8, 9, 10, 12, 16, 40] {
        let outcome = try workspace.start(command, through: Self.timeout + ["prlimit", "--nofile=\(count)"]).wait()
        Self.expectAnEnd(outcome, "\(count) descriptors, \(command): \(outcome)")
        codes.append(outcome.code)
        #expect(try workspace.shell("rm -rf new sweep") == 0)
      }
      #expect(codes.last == 0, "\(command)")
    }
    #expect(try workspace.succeed(["evaluate", "run", "--json"]).output == evaluation)
    #expect(try workspace.shell("ls run/checkpoints | grep damaged") == 1)
  }
}
