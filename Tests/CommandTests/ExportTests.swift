import Foundation
import Testing

/// Where exports go, and what keeps one from being written.
struct ExportTests {
  private static let formats = [("onnx", "onnx"), ("safetensors", "safetensors"), ("pytorch", "pt")]

  @Test func filesStandInTheRunOrBesideTheCheckpoint() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg"])
    for (format, ending) in Self.formats {
      #expect(try workspace.succeed(["export", "run", "--format", format]).output == "run/model.\(ending)\n")
      let best = try workspace.bytes("run/model.\(ending)")
      #expect(
        try workspace.succeed(["export", "--checkpoint", "run/checkpoints/best.h5", "--format", format]).output
          == "run/checkpoints/best.\(ending)\n")
      #expect(try workspace.bytes("run/checkpoints/best.\(ending)") == best)
      // What was exported before is replaced.
      try workspace.succeed(["export", "run", "--format", format])
      try workspace.succeed(["export", "run", "--format", format, "--output", "elsewhere"])
      #expect(try workspace.bytes("elsewhere") == best)
      try FileManager.default.removeItem(atPath: workspace.path("elsewhere"))
    }
    // The run is what it was.
    try workspace.succeed(["train", "--resume", "run", "training.epochs=3"])
  }

  @Test func mistakesAreCalledWhatTheyAreAndWriteNothing() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=1"])
    let before = try workspace.names(in: "run")
    for (arguments, code, expectation) in [
      (["run"], 64, "--format"),
      (["run", "--format", "gguf"], 64, "onnx"),
      (["run", "--checkpoint", "run", "--format", "onnx"], 64, "by position"),
      (["absent", "--format", "onnx"], 74, "absent"),
      (["lm.cfg", "--format", "onnx"], 65, "lm.cfg"),
      (["run", "--format", "onnx", "--output", "run/config.cfg"], 73, "isn't one of the format onnx"),
      (["run", "--format", "onnx", "--output", "run/checkpoints/last.h5"], 73, "isn't one of the format onnx"),
      (["run", "--format", "onnx", "--output", "run"], 65, "expected a file"),
      (["run", "--format", "pytorch", "--output", "absent/model.pt"], 73, "absent/model.pt"),
    ] as [([String], Int32, String)] {
      let outcome = try workspace.run(["export"] + arguments)
      #expect(outcome.code == code && outcome.output.isEmpty, "\(arguments): \(outcome)")
      #expect(outcome.errors.contains(expectation), "\(arguments): \(outcome.errors)")
    }
    #expect(try workspace.names(in: "run") == before)
    try workspace.succeed(["evaluate", "run"])
  }
}
