import Foundation
import Testing

/// The event file that TensorBoard gets of a run.
struct TensorBoardTests {
  private static let arguments = [
    "--config", "lm.cfg", "--threads", "2", "output.tensorboard=true", "training.epochs=6", "model.hidden=100",
    "output.checkpoint_every=7",
  ]

  private static func eventFile(_ workspace: Workspace) throws -> (name: String, file: EventFile) {
    let names = try workspace.names(in: "run").filter { $0.contains("tfevents") }
    try #require(names.count == 1, "\(names)")
    return (names[0], try EventFile(workspace.bytes("run/\(names[0])")))
  }

  private static func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test(arguments: [("lm.cfg", "perplexity/validation"), ("tagger.cfg", "accuracy/validation")])
  func eventsSayWhatTheMetricsSay(configuration: String, measure: String) throws {
    let workspace = try Workspace()
    // Enough steps for lines in between.
    let arguments = ["--config", configuration, "training.epochs=6", "training.batch_size=3"]
    try workspace.succeed(arguments + ["output.tensorboard=true"])
    let (_, file) = try Self.eventFile(workspace)
    #expect(file.version == "brain.Event:2")
    #expect(file.times.allSatisfy { abs($0 - Date().timeIntervalSince1970) < 600 })

    var expected: [EventFile.Value] = []
    func add(_ line: [String: Any], _ name: String, as tag: String) throws {
      let number = try #require(line[name] as? Double)
      expected.append(EventFile.Value(step: line["step"] as? Int ?? 0, tag: tag, content: "\(Float(number))"))
    }
    for line in try workspace.metrics().map(Self.object) {
      if line["kind"] as? String == "train" {
        for (name, tag) in [
          ("loss", "loss/train"), ("gradient_norm", "gradient_norm"), ("learning_rate", "learning_rate"),
        ] {
          try add(line, name, as: tag)
        }
      } else if line["kind"] as? String == "epoch" {
        try add(line, "validation_loss", as: "loss/validation")
        if measure.hasPrefix("accuracy") { try add(line, "validation_accuracy", as: measure) }
      }
    }
    #expect(expected.contains { $0.tag == "loss/train" })
    let others = ["sample", "perplexity/validation"]
    #expect(file.values.filter { !others.contains($0.tag) } == expected)
    let samples = file.values.filter { $0.tag == "sample" }
    #expect(samples.count == 6 && Set(samples.map(\.step)).count == 6)
    #expect(samples.allSatisfy { $0.content.hasPrefix("    ") && $0.content.count > 20 })
    #expect(file.values.filter { $0.tag == measure }.map(\.step) == samples.map(\.step))

    // Nothing else is changed by it.
    let plain = try Workspace()
    try plain.succeed(arguments)
    #expect(try plain.metrics() == workspace.metrics())
    #expect(try plain.lastCheckpoint().parameters == workspace.lastCheckpoint().parameters)
    #expect(try !plain.names(in: "run").contains { $0.contains("tfevents") })
  }

  @Test func killedAndResumedHasNoStepTwice() throws {
    let reference = try Workspace()
    try reference.succeed(Self.arguments)
    let workspace = try Workspace()
    for kill in 0..<3 {
      let program = try workspace.start(kill == 0 ? Self.arguments : ["train", "--resume", "run"])
      func newest() throws -> String {
        try workspace.exists("run/checkpoints/last.h5")
          ? FileManager.default.destinationOfSymbolicLink(atPath: workspace.path("run/checkpoints/last.h5")) : ""
      }
      let before = try newest()
      while program.isRunning, try newest() <= before { usleep(1000) }
      usleep(UInt32.random(in: 0..<200_000))
      program.send(SIGKILL)
      _ = try program.wait()
    }
    try workspace.succeed(["train", "--resume", "run"])
    let (found, expected) = try (Self.eventFile(workspace).file, Self.eventFile(reference).file)
    #expect(found.values == expected.values)
    #expect(found.version == expected.version)
    #expect(Set(found.values.map { "\($0.step) \($0.tag)" }).count == found.values.count)
  }

  /// A run that gets its event file late has one from there on; one that was damaged is kept as far as it is whole.
  @Test func whatIsDamagedIsCutOff() throws {
    let workspace = try Workspace()
    try workspace.succeed(Self.arguments + ["--pause-after", "3"])
    let (name, before) = try Self.eventFile(workspace)
    var bytes = try workspace.bytes("run/\(name)")
    bytes[bytes.count - 9] ^= 1
    try bytes.write(to: workspace.directory.appendingPathComponent("run/\(name)"))
    try workspace.succeed(["train", "--resume", "run", "--pause-after", "4"])
    let (second, after) = try Self.eventFile(workspace)
    #expect(second > name, "TensorBoard goes over to the later name")
    #expect(after.values.starts(with: before.values.filter { $0.step < before.values.last?.step ?? 0 }))
    #expect(Set(after.values.map { "\($0.step) \($0.tag)" }).count == after.values.count)
  }

  /// Where no event file can be written, the run says so and goes on.
  @Test func aRunDoesWithoutThem() throws {
    let workspace = try Workspace()
    try workspace.succeed(Self.arguments + ["--pause-after", "1"])
    let (name, _) = try Self.eventFile(workspace)
    // A directory in the old file's place can neither be read nor removed.
    try FileManager.default.removeItem(atPath: workspace.path("run/\(name)"))
    try FileManager.default.createDirectory(atPath: workspace.path("run/\(name)/x"), withIntermediateDirectories: true)
    let outcome = try workspace.succeed(["train", "--resume", "run"])
    #expect(outcome.errors.contains("no events for TensorBoard: "))
    #expect(outcome.output.contains("best epoch"))
    let plain = try Workspace()
    try plain.succeed(Self.arguments)
    #expect(try plain.bytes("run/checkpoints/last.h5") == workspace.bytes("run/checkpoints/last.h5"))
  }
}
