import Foundation
import Testing

/// Commands that look at runs: lists of them, their numbers, their course.
struct WatchingTests {
  @Test func runsAreListed() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "output.directory=runs/done"])
    try workspace.succeed(["--config", "tagger.cfg", "output.directory=runs/deep/tagger", "--pause-after", "1"])
    let running = try workspace.start(["--config", "lm.cfg", "training.epochs=100000", "output.directory=runs/now"])
    while !workspace.exists("runs/now/sessions.jsonl"), running.isRunning { usleep(10_000) }
    let list = try workspace.succeed(["runs"]).output
    let json = try workspace.succeed(["runs", "--json", "runs"]).output
    running.send(SIGKILL)
    _ = try running.wait()
    let lines = list.split(separator: "\n").dropFirst(2)
    #expect(lines.count == 3, "\(list)")
    #expect(lines.contains { $0.hasPrefix("runs/deep/tagger") && $0.contains(" 1/2 ") && $0.hasSuffix("interrupted") })
    #expect(lines.contains { $0.hasPrefix("runs/done") && $0.contains("test perplexity ") && $0.hasSuffix("done") })
    #expect(lines.contains { $0.hasPrefix("runs/now") && $0.hasSuffix("under way") })
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: [[String: Any]]]
    #expect(object?["runs"]?.compactMap { $0["epochs_done"] as? Int }.prefix(2) == [1, 2])
    // The process is gone, and its number in the lock tells nothing.
    #expect(try workspace.succeed(["runs", "runs/now"]).output.contains("interrupted"))
    #expect(try workspace.succeed(["runs", "cache"]).output.isEmpty)
    #expect(try workspace.run(["runs", "nowhere"]).code == 74)
  }

  @Test func metricsAreATableOrNumbers() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=3"])
    let csv = try workspace.succeed(["metrics", "--csv", "run"]).output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    #expect(csv[0].prefix(5) == ["step", "epoch", "kind", "loss", "gradient_norm"])
    #expect(csv.allSatisfy { $0.count == csv[0].count })
    let objects = try workspace.numbers(ofMetricsOf: "run")
    #expect(csv.count == objects.count + 1)
    for (row, object) in zip(csv.dropFirst(), objects) {
      for (name, value) in zip(csv[0], row) where name != "kind" { #expect(Double(value) == object[name], "\(name)") }
    }
    let table = try workspace.succeed(["metrics", "run"]).output
    #expect(
      table.split(separator: "\n").count == 5 && table.contains("validation perplexity") && table.contains(" best"))
    #expect(try workspace.run(["metrics", "nowhere"]).code == 65)
  }

  @Test func aRunIsFollowedToItsEnd() throws {
    let workspace = try Workspace()
    let run = try workspace.start(["--config", "lm.cfg", "training.epochs=12", "model.hidden=120"])
    while !workspace.exists("run/metrics.jsonl"), run.isRunning { usleep(10_000) }
    let watched = try workspace.succeed(["watch", "run"]).output
    #expect(try run.wait().code == 0)
    let lines = watched.split(separator: "\n")
    #expect(lines.first == "run  language model, elman (tanh), 120 units")
    let epochs = lines.compactMap { $0.firstMatch(of: #/^epoch (\d+)/12  train loss /#).flatMap { Int($0.1) } }
    #expect(epochs == Array(1...12), "\(watched)")
    #expect(
      lines.last?.contains(/^done  epoch 12\/12 done  loss [0-9.]+  test perplexity [0-9.]+  step 1,080$/) == true,
      "\(watched)")
    // Once it is over there is nothing to wait for.
    #expect(try workspace.succeed(["watch", "run"]).output.contains("done  epoch 12/12 done"))
    #expect(try workspace.run(["watch", "lm.cfg"]).code == 65)
  }
}
