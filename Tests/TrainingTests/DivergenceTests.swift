import Compute
import Configuration
import Datasets
import Files
import Foundation
import ModelTestSupport
import Models
import Optimizers
import Tasks
import Testing
import Training

/// Numbers that give out in the middle of a run: whatever parameter it happens to and whenever, no file ever has one.
@Suite struct DivergenceTests {
  private static func names(_ cell: any CellKind) throws -> [String] {
    ParameterLayout(try ModelShape(configuration(cell).model, vocabulary: words, classes: words)).parameters.map(\.name)
  }
  private static let cells: [any CellKind] = [.elman(.tanh), .elman(.relu), .gru, .lstm]
  private static let words = 7
  private static let epochSteps = 20

  private static func configuration(_ cell: any CellKind) -> RunConfiguration {
    var configuration = RunConfiguration(
      data: .dataset(path: "/nowhere.h5"), output: RunConfiguration.Output(directory: "run"))
    configuration.model.cell = cell
    (configuration.model.embedding, configuration.model.hidden, configuration.model.layers) = (3, 5, 2)
    (configuration.training.batchSize, configuration.training.bptt, configuration.training.epochs) = (3, 5, 2)
    configuration.training.optimizer = Adam(.coupled)
    configuration.evaluation.streams = 2
    configuration.output.checkpointEvery = 8
    return configuration
  }

  /// The last word never occurs.
  private static let dataset = {
    func sequence(_ count: Int, _ factor: Int) -> TokenSequence {
      TokenSequence(
        tokens: Column((0..<count).map { Int32($0 * $0 * factor % 11 % (words - 1)) }), offsets: [0, Int64(count)],
        extent: TextExtent(characters: count), sourceSHA256: "\(factor)")
    }
    return SequenceDataset(
      tokenization: .whitespace, vocabulary: Vocabulary(tokens: (0..<words).map { "w\($0)" }),
      splits: [.train: sequence(3 * 5 * epochSteps + 1, 3), .validation: sequence(60, 7)])
  }()

  /// Makes one row of a parameter something else after a step, or the beginnings of all rows; once.
  private final class Saboteur: UntroubledReporter {
    let parameter: String
    let row: Int?
    let value: Float
    var fault: Int?
    weak var trainer: Trainer?
    private(set) var divergences: [Divergence] = []

    init(_ parameter: String, row: Int? = nil, value: Float = .nan, afterStep step: Int) {
      (self.parameter, self.row, self.value, fault) = (parameter, row, value, step)
    }

    func step(_ state: TrainingState, targets: Int) {
      guard state.step == fault else { return }
      guard let view = trainer?.engine.model.parameters.view(parameter) else { return }
      for row in row.map({ $0..<$0 + 1 }) ?? 0..<view.rows { view[row, 0] = value }
      fault = nil
    }

    func rolledBack(after divergence: Divergence, to state: TrainingState) { divergences.append(divergence) }
  }

  /// A run in a directory of its own.
  private static func train(_ configuration: RunConfiguration, _ saboteur: Saboteur, in directory: String) throws {
    let trainer = try Trainer(
      configuration, dataset: dataset, directory: RunDirectory.create(directory, configuration: configuration),
      path: directory, resuming: nil, workers: Workers(count: 1), kernels: Kernels.available[0], reporter: saboteur)
    saboteur.trainer = trainer
    #expect(try trainer.train(heeding: RunRequests()) == .allEpochs)
  }

  private static func withDirectory<R>(_ body: (String) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
  }

  /// Reads every checkpoint of a run, and returns the newest.
  @discardableResult
  private static func expectFinite(_ directory: String, _ comment: Comment) throws -> Checkpoint? {
    let paths = try RunContents(of: directory).checkpoints.map(\.path)
    let checkpoints = try paths.map { try CheckpointFile.read($0) }
    for checkpoint in checkpoints {
      let tensors = checkpoint.parameters + checkpoint.carriedStates + checkpoint.moments.values.flatMap(\.self)
      #expect(try tensors.allSatisfy { try $0.elements.allSatisfy(\.isFinite) }, comment)
    }
    return checkpoints.last
  }

  /// After the first step, between two checkpoints, right before a checkpoint, right before an epoch's end, in the next.
  private static let faults = [1, 11, 16, 20, 29]

  @Test(arguments: cells, faults)
  func stoppingNamesStepParameterAndMinibatch(cell: any CellKind, fault: Int) throws {
    let configuration = Self.configuration(cell)
    for name in try Self.names(cell) {
      try Self.withDirectory { directory in
        let divergence = try #require(
          throws: Divergence.self, "\(name)",
          performing: { try Self.train(configuration, Saboteur(name, afterStep: fault), in: directory) })
        let isSaved = fault % 8 == 0
        // An epoch's end meets the validation loss first.
        #expect(divergence.step == (isSaved || fault == 20 ? fault : fault + 1))
        #expect(divergence.exitCode == .diverged)
        if fault != 20 { #expect(divergence.description.contains("the parameter \(name)"), "\(divergence)") }
        if !isSaved && fault != 20 {
          let report = String(decoding: try FileContents.read("\(directory)/diverged-\(fault + 1).txt"), as: UTF8.self)
          #expect(report.hasPrefix(divergence.summary.components(separatedBy: "; the minibatch").first ?? "-"))
          #expect(report.contains("\nstream 3"))
        }
        let last = try Self.expectFinite(directory, "\(name)")
        #expect((last?.state.step ?? .max) < fault)
      }
    }
  }

  @Test(arguments: cells, faults)
  func rollingBackGivesTheSameWhateverGaveOut(cell: any CellKind, fault: Int) throws {
    var configuration = Self.configuration(cell)
    configuration.training.onDivergence = .rollback(limit: 1)
    var results: Set<Data> = []
    for name in try Self.names(cell) {
      try Self.withDirectory { directory in
        let saboteur = Saboteur(name, afterStep: fault)
        try Self.train(configuration, saboteur, in: directory)
        #expect(saboteur.divergences.count == 1)
        let last = try #require(try Self.expectFinite(directory, "\(name)"))
        #expect(last.state.step == 2 * Self.epochSteps && last.state.rollbacks == 1)
        results.insert(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/checkpoints/last.h5")))
        let metrics = String(decoding: try FileContents.read("\(directory)/metrics.jsonl"), as: UTF8.self)
        #expect(metrics.split(separator: "\n").count == 2, "\(metrics)")
      }
    }
    #expect(results.count == 1, "the final checkpoints differ")
  }

  /// With a checkpoint after each step, the means are those of all that the run has kept.
  @Test func meansAreOfTheStepsThatStayAfterARollback() throws {
    var configuration = Self.configuration(.lstm)
    configuration.training.onDivergence = .rollback(limit: 1)
    configuration.training.averaging = .mean(RunConfiguration.MeanAveraging())
    (configuration.output.checkpointEvery, configuration.output.keep) = (1, 1000)
    try Self.withDirectory { directory in
      let saboteur = Saboteur("rnn.weight_hh_l1", afterStep: Self.epochSteps + 9)
      try Self.train(configuration, saboteur, in: directory)
      #expect(saboteur.divergences.count == 1)
      let paths = try RunContents(of: directory).checkpoints.map(\.path)
      let checkpoints = try paths.map { try CheckpointFile.read($0) }
      #expect(checkpoints.map(\.state.step) == Array(0...2 * Self.epochSteps))
      var sums: [String: [Double]] = [:]
      for (step, checkpoint) in checkpoints.enumerated() {
        let count = step - Self.epochSteps
        guard let raw = checkpoint.moments[Checkpoint.unaveraged] else {
          #expect(count <= 0, "step \(step)")
          continue
        }
        for (tensor, mean) in zip(raw, checkpoint.parameters) {
          let elements = try tensor.elements.map(Double.init)
          let sum = sums[tensor.name].map { zip($0, elements).map(+) } ?? elements
          sums[tensor.name] = sum
          let error = try relativeError(of: mean.elements, from: sum.map { $0 / Double(count) })
          #expect(tensor.name == mean.name && error < 1e-6, "step \(step): \(tensor.name)")
        }
      }
      #expect(sums.count == checkpoints[0].parameters.count)
    }
  }

  @Test func rollbacksAreBounded() throws {
    var configuration = Self.configuration(.lstm)
    configuration.training.onDivergence = .rollback(limit: 3)
    try Self.withDirectory { directory in
      // It comes back with every rollback.
      final class Obstinate: UntroubledReporter {
        weak var trainer: Trainer?
        var steps: [Int] = []
        func step(_ state: TrainingState, targets: Int) {
          if state.step == 10 { trainer?.engine.model.parameters.view("decoder.bias")[0, 0] = .infinity }
        }
        func rolledBack(after divergence: Divergence, to state: TrainingState) {
          steps.append(state.step)
          #expect(state.rollbacks == steps.count)
        }
      }
      let reporter = Obstinate()
      let trainer = try Trainer(
        configuration, dataset: Self.dataset, directory: RunDirectory.create(directory, configuration: configuration),
        path: directory, resuming: nil, workers: Workers(count: 1), kernels: Kernels.available[0], reporter: reporter)
      reporter.trainer = trainer
      let divergence = try #require(throws: Divergence.self) { try trainer.train(heeding: RunRequests()) }
      // The second time in a row it isn't the same checkpoint again.
      #expect(reporter.steps == [8, 0, 8] && divergence.step == 11)
      #expect(divergence.description.contains("after 3 rollbacks"))
    }
  }

  /// An embedding that no step reads, and that no update has seen since, is found by the look at every checkpoint.
  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aParameterThatNothingReadsNeverReachesACheckpoint(value: Float) throws {
    try Self.withDirectory { directory in
      let saboteur = Saboteur("embedding.weight", row: Self.words - 1, value: value, afterStep: 16)
      let divergence = try #require(throws: Divergence.self) {
        try Self.train(Self.configuration(.gru), saboteur, in: directory)
      }
      #expect(divergence.step == 16 && divergence.quantity == "parameter embedding.weight")
      #expect(try Self.expectFinite(directory, "")?.state.step == 8)
    }
  }

  /// An update of finite numbers that ends beyond the largest one: a row that no step reads, which weight decay throws
  /// from side to side, and a second moment, from which nothing follows for the parameter.
  @Test(arguments: [
    (SGD(learningRate: 0.5, weightDecay: 5) as any Optimizer, Float(3e38), ", beginning with the parameter"),
    (Adam(.coupled, learningRate: 0.001, beta1: 0.9, beta2: 0.999, weightDecay: 0.1), 1e22, "; the minibatch"),
  ])
  func anUpdateThatOverflowsIsFoundAtOnce(
    optimizer: any Optimizer, value: Float, rest: String
  ) throws {
    var configuration = Self.configuration(.gru)
    configuration.training.optimizer = optimizer
    try Self.withDirectory { directory in
      let saboteur = Saboteur("embedding.weight", row: Self.words - 1, value: value, afterStep: 9)
      let divergence = try #require(throws: Divergence.self) {
        try Self.train(configuration, saboteur, in: directory)
      }
      #expect(divergence.step == 10 && divergence.quantity == "update")
      #expect(divergence.description.contains("the update is not finite\(rest)"), "\(divergence)")
      #expect(try Self.expectFinite(directory, "")?.state.step == 8)
    }
  }
}
