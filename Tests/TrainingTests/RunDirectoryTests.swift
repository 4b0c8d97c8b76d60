import Compute
import Configuration
import ConfigurationFiles
import Datasets
import Foundation
import HDF5
import Models
import Optimizers
import Tasks
import Testing
import Training

/// Checkpoints in a run directory: which are kept, what the links say, and what a damaged one costs.
@Suite struct RunDirectoryTests {
  private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)").path

  private static let configuration = {
    var configuration = RunConfiguration(
      data: .dataset(path: "/nowhere.h5"), output: RunConfiguration.Output(directory: "run"))
    configuration.model.hidden = 3
    configuration.model.embedding = 2
    configuration.output.keep = 1
    return configuration
  }()

  /// A checkpoint of a small model after some steps of epochs of ten steps.
  private func checkpoint(
    step: Int, losses: [Double], configuration: RunConfiguration = configuration, rollback: (Int, Int) = (0, 0),
    optimizer: any Optimizer = configuration.training.optimizer
  ) throws -> Checkpoint {
    let dataset = SequenceDataset(
      tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>", "</s>", "a"]),
      splits: [
        .train: TokenSequence(tokens: [2, 1], offsets: [0, 2], extent: TextExtent(characters: 2), sourceSHA256: "abc")
      ])
    let parameters = Parameters(
      try ModelShape(Self.configuration, vocabulary: dataset.vocabulary, tagging: nil, characterModels: nil),
      kernels: Kernels.available[0])
    parameters.initialize(seed: UInt64(step))
    let gradients = Gradients(
      parameters.layout, SequenceModel.Capacity(Timeline.Capacity(sequences: 2, timesteps: 3)))
    let model = SequenceModel(parameters, streams: 2, timesteps: 3, gradients: gradients, workers: 1)
    let optimizer = OptimizerStep(optimizer, clipNorm: 5, parameters: parameters, gradients: gradients)
    var state = TrainingState()
    (state.step, state.epoch, state.minibatch) = (step, step / 10, step % 10)
    state.validationMeasures = losses
    (state.rollbackSteps.last, state.rollbackSteps.earlier) = rollback
    return Checkpoint(
      of: ShardedModel(model, gradients), optimizer: optimizer, state: state, configuration: configuration,
      dataset: dataset)
  }

  private func path(_ name: String) -> String { "\(directory)/checkpoints/\(name)" }
  private func link(_ name: String) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: path(name))
  }
  private var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: "\(directory)/checkpoints")
        .filter { $0.hasPrefix("step-") }.sorted()
    }
  }

  /// A run with checkpoints of the steps 0, 10 (the best) and 15.
  private func makeRun() throws -> RunDirectory {
    let run = try RunDirectory.create(directory, configuration: Self.configuration)
    _ = try run.save(checkpoint(step: 0, losses: []))
    _ = try run.save(checkpoint(step: 10, losses: [2]))
    _ = try run.save(checkpoint(step: 15, losses: [2]))
    return run
  }

  private func damage(_ name: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path(name)))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path(name)))
  }

  @Test func aCheckpointComesBackAsItWas() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    let result = try run.newestCheckpoint()
    let (found, file, refused) = (result.checkpoint, result.path, result.notices)
    let saved = try checkpoint(step: 15, losses: [2])
    #expect(refused == [] && file.hasSuffix("step-00000015.h5"))
    #expect(found.state == saved.state && found.configuration == saved.configuration)
    #expect(found.vocabulary == saved.vocabulary && found.sources == saved.sources)
    // A file lists its objects by name.
    func byName(_ tensors: [Checkpoint.Tensor]) -> [Checkpoint.Tensor] { tensors.sorted { $0.name < $1.name } }
    #expect(found.parameters == byName(saved.parameters) && found.carriedStates == byName(saved.carriedStates))
    #expect(found.moments == saved.moments.mapValues(byName))
  }

  @Test func aModelIsReadWithoutItsMoments() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let adam = Adam(.coupled)
    let path = try makeRun().save(checkpoint(step: 16, losses: [2], optimizer: adam))
    let (model, all) = (try CheckpointFile.read(path, .model), try CheckpointFile.read(path))
    #expect(all.moments.count == 2 && model.moments.isEmpty)
    #expect(model.parameters == all.parameters && model.state == all.state)
  }

  @Test func theNewestAndTheBestStay() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    #expect(try names == ["step-00000010.h5", "step-00000015.h5"])
    _ = try run.save(checkpoint(step: 20, losses: [2, 3]))
    #expect(try names == ["step-00000010.h5", "step-00000020.h5"])
    #expect(try link("best.h5") == "step-00000010.h5" && link("last.h5") == "step-00000020.h5")
    #expect(try ChosenCheckpoint(directory).file.path == path("best.h5"))
  }

  @Test func thoseThatARollbackMayReturnToStay() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    var configuration = Self.configuration
    configuration.training.onDivergence = .rollback(limit: 1)
    for step in [16, 17, 18] {
      let checkpoint = try checkpoint(step: step, losses: [2], configuration: configuration, rollback: (16, 15))
      _ = try run.save(checkpoint)
    }
    #expect(try names == [10, 15, 16, 18].map { "step-000000\($0).h5" })
    let found = try run.newestCheckpoint().checkpoint.state.rollbackSteps
    #expect(found.last == 16 && found.earlier == 15)
    _ = try run.save(checkpoint(step: 19, losses: [2]))
    #expect(try names == [10, 19].map { "step-000000\($0).h5" })
  }

  @Test func aDamagedCheckpointIsPutAsideAndCostsNoLaterOne() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    try damage("step-00000015.h5")
    let result = try run.newestCheckpoint()
    let (found, refused) = (result.checkpoint, result.notices)
    #expect(found.state.step == 10 && refused.count == 1 && refused[0].contains("step-00000015.h5"))
    #expect(try link("last.h5") == "step-00000010.h5")
    _ = try run.save(checkpoint(step: 12, losses: [2]))
    #expect(try names == ["step-00000010.h5", "step-00000012.h5", "step-00000015.h5.damaged"])
    #expect(try link("last.h5") == "step-00000012.h5")
  }

  @Test func linksThatWereNotMovedAreMovedOnResuming() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    try CheckpointFile.write(checkpoint(step: 20, losses: [2, 1]), to: path("step-00000020.h5"))
    #expect(try run.newestCheckpoint().checkpoint.state.step == 20)
    #expect(try link("last.h5") == "step-00000020.h5" && link("best.h5") == "step-00000020.h5")
    // That one lost, the best is the one that the next newest says is.
    try damage("step-00000020.h5")
    #expect(try run.newestCheckpoint().checkpoint.state.step == 15)
    #expect(try link("best.h5") == "step-00000010.h5")
    #expect(try ChosenCheckpoint(directory).file.path == path("best.h5"))
  }

  /// A whole file that can't be used is another matter than a damaged one: a newer program's, or memory is short.
  @Test func whatIsWholeIsNeverPutAside() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    let before = try names
    struct NoMemory: Error {}
    #expect(throws: NoMemory.self) { try run.newestCheckpoint { _ in throw NoMemory() } }
    #expect(try names == before)
    let image = try HDF5Image.build { root in
      try root.setAttribute("format", "rnn-train checkpoint")
      try root.setAttribute("format_version", 2)
    }
    try image.save(to: path("step-00000020.h5"))
    let error = #expect(throws: TrainingError.self) { try run.newestCheckpoint() }
    #expect(error?.description.contains("its format is version 2, and this program reads version 1") == true)
    #expect(try names == before + ["step-00000020.h5"])
    #expect(try link("last.h5") == "step-00000015.h5")
  }

  @Test func copiesUnderOtherNamesAreNoCheckpointsOfTheRun() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let run = try makeRun()
    for name in ["step-900.h5", "step--5.h5", "step-+0000016.h5", "step-00000016 (copy).h5"] {
      try FileManager.default.copyItem(atPath: path("step-00000015.h5"), toPath: path(name))
    }
    #expect(try run.newestCheckpoint().checkpoint.state.step == 15)
    try FileManager.default.copyItem(atPath: path("step-00000015.h5"), toPath: path("step-00000016.h5"))
    #expect(throws: TrainingError.misnamed(file: path("step-00000016.h5"), step: 15)) { try run.newestCheckpoint() }
  }

  @Test func aCheckpointThatContradictsItselfIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    _ = try makeRun()
    let whole = try checkpoint(step: 15, losses: [2])
    func with(parameters: [Checkpoint.Tensor], state: TrainingState, vocabulary: Vocabulary) -> Checkpoint {
      Checkpoint(
        configuration: whole.configuration, vocabulary: vocabulary, tokenization: whole.tokenization,
        tagging: nil, sources: whole.sources, state: state, parameters: parameters, moments: whole.moments,
        carriedStates: whole.carriedStates)
    }
    func tagger(
      _ tags: [String], characters: [String] = ["<unk>"], combinations: [[Int32]] = [], task: any Task = Tagging()
    ) -> Checkpoint {
      var configuration = whole.configuration
      configuration.task = task
      var tagging = TaggingVocabulary(
        columns: [TagSet(.upos, tags)], characters: Vocabulary(tokens: characters), trainingWords: TokenTable(["a"]))
      tagging.combinations = combinations
      return Checkpoint(
        configuration: configuration, vocabulary: whole.vocabulary, tokenization: whole.tokenization, tagging: tagging,
        sources: whole.sources, state: whole.state, parameters: whole.parameters, moments: whole.moments,
        carriedStates: [])
    }
    var backwards = whole.state
    backwards.minibatch = -1
    let short = whole.parameters.map {
      $0.name == "decoder.bias" ? Checkpoint.Tensor(name: $0.name, shape: [2], elements: [0, 0]) : $0
    }
    let cases: [(Checkpoint, String)] = [
      (with(parameters: short, state: whole.state, vocabulary: whole.vocabulary), "decoder.bias [3]"),
      (with(parameters: whole.parameters, state: backwards, vocabulary: whole.vocabulary), "counters"),
      (with(parameters: whole.parameters, state: whole.state, vocabulary: Vocabulary(tokens: [])), "vocabulary"),
      (tagger(["X"], task: LanguageModel()), "another task"), (tagger([]), "no tags"),
      (tagger(["\u{E9}", "e\u{301}"]), "twice"), (tagger(["X"], characters: ["a"]), "lack <unk>"),
      (tagger(["X"], combinations: [[1]]), "combinations"), (tagger(["X"], combinations: [[-2]]), "combinations"),
      (tagger(["X"], combinations: [[0, 0]]), "combinations"), (tagger(["X", "Y"]), "decoder.bias [2]"),
    ]
    for (checkpoint, part) in cases {
      try CheckpointFile.write(checkpoint, to: path("odd.h5"))
      let error = #expect(throws: TrainingError.self) { try CheckpointFile.read(path("odd.h5")) }
      #expect(error?.description.contains(part) == true && error?.description.contains("odd.h5") == true)
    }
  }
}
