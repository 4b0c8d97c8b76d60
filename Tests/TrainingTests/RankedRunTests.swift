import Collectives
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

/// Whole runs by several ranks: the files of one process, whoever is asked to stop, and whoever goes on.
@Suite struct RankedRunTests {
  private static let words = 7
  private static let configuration: RunConfiguration = {
    var configuration = RunConfiguration(
      data: .dataset(path: "/nowhere.h5"), output: RunConfiguration.Output(directory: "run"))
    configuration.model.cell = LSTM()
    // Of so many blocks that each rank has a slice.
    (configuration.model.embedding, configuration.model.hidden, configuration.model.layers) = (3, 72, 2)
    (configuration.training.batchSize, configuration.training.bptt, configuration.training.epochs) = (5, 4, 2)
    (configuration.training.shards, configuration.training.optimizer) = (5, Adam(.coupled))
    configuration.evaluation.streams = 2
    (configuration.output.checkpointEvery, configuration.output.keep) = (6, 100)
    return configuration
  }()

  private static let dataset: SequenceDataset = {
    func sequence(_ count: Int, _ factor: Int) -> TokenSequence {
      TokenSequence(
        tokens: Column((0..<count).map { Int32($0 * $0 * factor % 11 % words) }), offsets: [0, Int64(count)],
        extent: TextExtent(characters: count), sourceSHA256: "\(factor)")
    }
    return SequenceDataset(
      tokenization: .whitespace, vocabulary: Vocabulary(tokens: (0..<words).map { "w\($0)" }),
      splits: [.train: sequence(5 * 4 * 10 + 1, 3), .validation: sequence(60, 7)])
  }()

  /// Asks for something after a step.
  private final class Asker: UntroubledReporter {
    private let body: (TrainingState) -> Void

    init(_ body: @escaping (TrainingState) -> Void) { self.body = body }

    func step(_ state: TrainingState, targets: Int) { body(state) }
  }

  private enum Request { case stop, checkpoint }

  private struct End: Equatable, Sendable {
    let outcome: Trainer.Outcome
    let step: Int
  }

  /// Trains in a directory, and goes on with what is there.
  ///
  /// - Parameter request: what the last rank is asked for after a step.
  private static func train(
    _ configuration: RunConfiguration = Self.configuration, in directory: String, ranks: Int,
    asking request: (Request, step: Int)? = nil
  ) throws -> [End] {
    let isNew = !FileManager.default.fileExists(atPath: directory)
    return try onRanks(ranks) { communicator in
      Result {
        let isFirst = communicator.rank == 0
        let run: RunDirectory? =
          try isFirst
          ? isNew ? .create(directory, configuration: configuration) : .resume(directory) : nil
        // Others read what the first has found.
        let step = communicator.first(isNew ? nil : try run?.newestCheckpoint().checkpoint.state.step)
        let checkpoint = try step.map { step in
          let path = RunDirectory.checkpointPath(directory, ofStep: step)
          return (checkpoint: try CheckpointFile.read(path), path: path)
        }
        let requests = RunRequests()
        let asker = Asker { state in
          guard let request, state.step == request.step, communicator.rank == ranks - 1 else { return }
          if request.0 == .stop { requests.requestStop() } else { requests.requestCheckpoint() }
        }
        let trainer = try Trainer(
          configuration, dataset: dataset, directory: run, path: directory, ranks: communicator, resuming: checkpoint,
          workers: Workers(count: 1), kernels: Kernels.available[0], reporter: asker)
        return End(outcome: try trainer.train(heeding: requests), step: trainer.state.step)
      }
    }.map { try $0.get() }
  }

  private static func withDirectory<R>(_ body: (String) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
  }

  private static func files(_ directory: String) throws -> [String: Data] {
    let checkpoints = directory + "/checkpoints"
    let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints).filter { $0.hasPrefix("step-") }
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(checkpoints)/\($0)"))) })
  }

  private static let alone = Result {
    try withDirectory { directory in
      _ = try train(in: directory, ranks: 1)
      return try files(directory)
    }
  }

  @Test(arguments: [2, 3, 5])
  func ranksWriteTheFilesOfOneProcess(ranks: Int) throws {
    let expected = try Self.alone.get()
    try Self.withDirectory { directory in
      let ends = try Self.train(in: directory, ranks: ranks)
      #expect(ends == Array(repeating: End(outcome: .allEpochs, step: 20), count: ranks))
      let found = try Self.files(directory)
      #expect(found.count > 3 && found == expected)
    }
  }

  /// In the middle of an epoch, and at its end.
  @Test(arguments: [4, 10])
  func oneThatIsAskedToStopStopsAllAtOneStep(step: Int) throws {
    let expected = try Self.alone.get()
    try Self.withDirectory { directory in
      let ends = try Self.train(in: directory, ranks: 3, asking: (.stop, step))
      #expect(ends == Array(repeating: End(outcome: .interrupted, step: step), count: 3))
      #expect(try Self.train(in: directory, ranks: 2, asking: (.stop, step + 3)).map(\.step) == [step + 3, step + 3])
      #expect(try Self.train(in: directory, ranks: 1).map(\.outcome) == [.allEpochs])
      let found = try Self.files(directory)
      #expect(expected.allSatisfy { found[$0.key] == $0.value })
    }
  }

  @Test func aRankWithOtherParametersEndsTheRunBeforeTheyAreSaved() throws {
    try Self.withDirectory { directory in
      let errors = onRanks(2) { communicator in
        Result { () throws -> TrainingError? in
          let run: RunDirectory? =
            try communicator.rank == 0 ? .create(directory, configuration: Self.configuration) : nil
          var parameters: Parameters?
          // A bit of one number that another rank updates, as bad memory has it, after the step that is saved.
          let saboteur = Asker { state in
            guard state.step == 6, let number = parameters?.values.base else { return }
            number.pointee = Float(bitPattern: number.pointee.bitPattern ^ 1)
          }
          let trainer = try Trainer(
            Self.configuration, dataset: Self.dataset, directory: run, path: directory, ranks: communicator,
            resuming: nil, workers: Workers(count: 1), kernels: Kernels.available[0],
            reporter: saboteur)
          if communicator.rank == 1 { parameters = trainer.engine.model.parameters }
          do {
            _ = try trainer.train(heeding: RunRequests())
            return nil
          } catch let error as TrainingError {
            return error
          }
        }
      }
      let found = try errors.map { try $0.get() }
      #expect(found == Array(repeating: .differingRanks(rank: 1, step: 6), count: 2))
      let files = try Self.files(directory)
      #expect(Array(files.keys) == ["step-00000000.h5"])
    }
  }

  /// With the rows of all ranks, and the place in the network that one process finds.
  @Test func aDivergenceIsReportedAsByOneProcess() throws {
    var configuration = Self.configuration
    configuration.model.cell = Elman(.relu)
    configuration.training.clipNorm = 0
    configuration.training.optimizer = SGD(learningRate: 1e18)
    var reports: [String] = []
    for ranks in [1, 2, 5] {
      try Self.withDirectory { directory in
        let error = #expect(throws: Divergence.self) {
          try Self.train(configuration, in: directory, ranks: ranks)
        }
        let file = try #require(error?.report)
        reports.append(try String(contentsOfFile: file, encoding: .utf8).replacing(directory, with: ""))
        reports[reports.count - 1] += error?.place ?? ""
      }
    }
    #expect(reports[0].contains("whose loss is not finite"))
    #expect(Set(reports).count == 1, "\(reports)")
  }

  @Test func oneThatIsAskedForACheckpointHasItOfAll() throws {
    let expected = try Self.alone.get()
    try Self.withDirectory { directory in
      _ = try Self.train(in: directory, ranks: 3, asking: (.checkpoint, 4))
      let found = try Self.files(directory)
      #expect(Set(found.keys).subtracting(expected.keys) == ["step-00000004.h5"])
      #expect(expected.allSatisfy { found[$0.key] == $0.value })
    }
  }
}
