import Compute
import Foundation
import Testing

/// One configuration and one text: the same bytes, whatever the machine does on the way.
struct DeterminismTests {
  /// Checkpoint and metrics of a run in a directory of its own.
  private static func result(
    _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws -> (checkpoint: Data, metrics: [String]) {
    let workspace = try Workspace()
    // The first argument may name another configuration.
    let named = arguments.first?.hasSuffix(".cfg") == true
    try workspace.succeed(["--config"] + (named ? [] : ["lm.cfg"]) + arguments, environment: environment)
    return (try workspace.bytes("run/checkpoints/last.h5"), try workspace.metrics())
  }

  private static let models = [
    [], ["model.cell=gru"], ["model.cell=lstm", "model.layers=2"],
    [
      "model.embedding=21", "model.hidden=[21, 35, 21]", "model.tie_embeddings=true", "model.residual=true",
      "model.dropout=0.3",
      "model.output_dropout=0.4", "model.vocabulary_dropout=0.1", "model.weight_dropout=0.3",
      "model.embedding_dropout=0.2", "model.variational_dropout=true", "model.word_dropout=0.1",
      "model.initialization.recurrent=orthogonal",
    ],
    ["model.output={kind: class, classes: 4}", "model.dropout=0.1"],
    [
      "model.output={kind: adaptive, cutoffs: [5, 12], div_value: 2}",
      "training.optimizer={name: adam, learning_rate: 0.01}", "training.sparse_updates=true",
    ],
    [
      "model.output={kind: sampled, samples: 9}", "training.optimizer={name: adam, learning_rate: 0.01}",
      "training.sparse_updates=true",
    ],
    ["training.averaging={name: mean, start: 0}", "training.random_windows={deviation: 2, shortest: 3}"],
    [
      "training.shards=3", "model.cell=lstm", "model.dropout=0.2", "model.output={kind: sampled, samples: 9}",
      "training.optimizer={name: adam, learning_rate: 0.01}",
    ],
    ["tagger.cfg"],
    ["tagger.cfg", "training.shards=4", "model.output_dropout=0.2"],
    [
      "tagger.cfg", "model.cell=gru", "model.hidden=[17, 11]", "model.residual=false", "model.weight_dropout=0.4",
      "training.activation_regularization=2", "training.temporal_activation_regularization=1",
    ],
    ["tagger.cfg", "model.cell=elman", "model.characters=null", "model.embedding_dropout=0", "model.residual=false"],
  ]

  @Test(arguments: models)
  func threadsDoNotShow(model: [String]) throws {
    let one = try Self.result(model + ["--threads", "1"])
    for threads in [2, 3, 5, 16] {
      let many = try Self.result(model + ["--threads", "\(threads)"])
      #expect(many.checkpoint == one.checkpoint, "\(threads) threads")
      #expect(many.metrics == one.metrics, "\(threads) threads")
    }
  }

  @Test(arguments: models)
  func instructionSetsDoNotShow(model: [String]) throws {
    let names = Kernels.available.map(\.name)
    #expect(names.contains("scalar"))
    let arguments = model + ["--threads", "2", "training.epochs=1"]
    let fastest = try Self.result(arguments)
    for name in names {
      let forced = try Self.result(arguments, environment: ["RNN_TRAIN_ISA": name])
      #expect(forced.checkpoint == fastest.checkpoint, "\(name)")
    }
  }

  @Test func seedsShow() throws {
    #expect(try Self.result().checkpoint != Self.result(["seed=2"]).checkpoint)
  }

  @Test func checkpointsAndEvaluationDoNotShow() throws {
    let seldom = try Workspace()
    try seldom.succeed(["--config", "lm.cfg", "output.checkpoint_every=100000"])
    let expected = try seldom.lastCheckpoint()
    for settings in [
      ["output.checkpoint_every=1"], ["output.checkpoint_every=3", "output.keep=5"],
      ["output.checkpoint_every=7", "--quiet"], ["evaluation.streams=3"], ["data.test=null"],
    ] {
      let workspace = try Workspace()
      try workspace.succeed(["--config", "lm.cfg"] + settings)
      let found = try workspace.lastCheckpoint()
      #expect(found.parameters == expected.parameters, "\(settings)")
      #expect(found.moments == expected.moments, "\(settings)")
      #expect(found.carriedStates == expected.carriedStates, "\(settings)")
      #expect(found.state.step == expected.state.step, "\(settings)")
      // What is measured with other streams is another number, and the rest of the metrics the same.
      let isMeasuredAlike = !settings.contains("evaluation.streams=3")
      // And where there is no test split, there is no line about it.
      let metrics = try (workspace.metrics(), seldom.metrics())
      let lines = settings == ["data.test=null"] ? (metrics.0, metrics.1.dropLast()) : (metrics.0, metrics.1[...])
      #expect((lines.0[...] == lines.1) == isMeasuredAlike, "\(settings)")
    }
  }

  @Test func onlySoManyCheckpointsStay() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "output.checkpoint_every=3", "output.keep=3"])
    let steps = try workspace.names(in: "run/checkpoints").filter { $0.hasPrefix("step-") }
    #expect((3...4).contains(steps.count), "\(steps)")
  }
}
