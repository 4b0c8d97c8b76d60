import Foundation
import Testing

/// Which checkpoint is the best and which the last follows from the checkpoints: links are a convenience.
struct CheckpointChoiceTests {
  /// A run whose first epoch stays the best.
  private static func worsening() throws -> (Workspace, best: String, last: String) {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1", "output.keep=1"])
    try workspace.succeed([
      "train", "--resume", "run", "training.epochs=2", "training.optimizer.learning_rate=80", "training.clip_norm=50",
    ])
    let names = try workspace.names(in: "run/checkpoints").filter { $0.hasPrefix("step-") }
    try #require(names.count == 2, "\(names)")
    return (workspace, names[0], names[1])
  }

  private static func evaluation(_ workspace: Workspace, of path: String = "run") throws -> String {
    try workspace.succeed(["evaluate", "--checkpoint", path, "--json"]).output
  }

  private static func remove(_ names: [String], in workspace: Workspace) throws {
    for name in names { try FileManager.default.removeItem(atPath: workspace.path("run/checkpoints/\(name)")) }
  }

  private static func link(_ name: String, in workspace: Workspace) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: workspace.path("run/checkpoints/\(name)"))
  }

  @Test func theBestModelOutlivesItsLink() throws {
    let (workspace, best, last) = try Self.worsening()
    let evaluation = try Self.evaluation(workspace)
    #expect(try Self.evaluation(workspace, of: "run/checkpoints/\(best)") == evaluation)
    #expect(try Self.evaluation(workspace, of: "run/checkpoints/\(last)") != evaluation)
    try Self.remove(["best.h5", "last.h5"], in: workspace)
    #expect(try Self.evaluation(workspace) == evaluation)
    let entries = try workspace.succeed(["inspect", "run"]).output.split(separator: "\n")
    #expect(entries.contains { $0.contains(best) && $0.hasSuffix("best") })
    #expect(entries.contains { $0.contains(last) && $0.hasSuffix("last") })

    let resumed = try workspace.succeed(["train", "--resume", "run"])
    #expect(try workspace.names(in: "run/checkpoints") == ["best.h5", "last.h5", best, last])
    #expect(try Self.link("best.h5", in: workspace) == best && Self.link("last.h5", in: workspace) == last)
    // The summary's test loss is that of the model whose validation loss stands beside it.
    let loss = try #require(resumed.output.firstMatch(of: /test loss +([0-9.]+)/)).1
    let bestLoss = try #require(evaluation.firstMatch(of: /"nats_per_target" : ([0-9.]+)/)).1
    #expect(try abs(#require(Double(loss)) - #require(Double(bestLoss))) < 1e-4)
  }

  @Test func staleLinksMisleadNobody() throws {
    let (workspace, best, last) = try Self.worsening()
    let evaluation = try Self.evaluation(workspace)
    #expect(try workspace.shell("cd run/checkpoints && ln -sf \(last) best.h5 && ln -sf \(best) last.h5") == 0)
    #expect(try Self.evaluation(workspace) == evaluation)
    try workspace.succeed(["train", "--resume", "run"])
    #expect(try Self.link("best.h5", in: workspace) == best && Self.link("last.h5", in: workspace) == last)
  }

  /// As a copy that follows links has them, alone or beside the steps' files.
  @Test(arguments: [true, false])
  func filesInThePlacesOfLinksAreTheSteps(isAlone: Bool) throws {
    let (workspace, best, last) = try Self.worsening()
    let evaluation = try Self.evaluation(workspace)
    let copy = isAlone ? "&& rm copy/checkpoints/step-*" : ""
    #expect(try workspace.shell("cp -rL run copy \(copy) && rm -r run && mv copy run") == 0)
    #expect(try Self.evaluation(workspace) == evaluation)
    try workspace.succeed(["train", "--resume", "run"])
    #expect(try workspace.names(in: "run/checkpoints") == ["best.h5", "last.h5", best, last])
    #expect(try Self.link("best.h5", in: workspace) == best && Self.link("last.h5", in: workspace) == last)
    #expect(try Self.evaluation(workspace) == evaluation)
  }

  @Test func aBestCheckpointThatIsGoneIsMissed() throws {
    let (workspace, best, _) = try Self.worsening()
    try Self.remove([best], in: workspace)
    let line = "the best checkpoint, run/checkpoints/\(best), is gone"
    #expect(try workspace.succeed(["evaluate", "--checkpoint", "run"]).errors.contains(line))
    let resumed = try workspace.succeed(["train", "--resume", "run"])
    #expect(resumed.errors.contains(line) && resumed.output.contains(line))
  }
}
