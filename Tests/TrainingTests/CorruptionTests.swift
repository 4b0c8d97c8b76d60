import Compute
import Configuration
import DatasetFiles
import Datasets
import Diagnostics
import Files
import Foundation
import Models
import Optimizers
import Tasks
import Testing
import Training

/// Any changed byte of a tiny checkpoint or dataset, and any truncation, is refused by name.
@Suite struct CorruptionTests {
  private let path = FileManager.default.temporaryDirectory.appendingPathComponent("damaged-\(UUID().uuidString).h5")
    .path

  private static let dataset = SequenceDataset(
    tokenization: .whitespace, vocabulary: Vocabulary(tokens: ["<unk>", "</s>", "a"]),
    splits: [
      .train: TokenSequence(tokens: [2, 1], offsets: [0, 2], extent: TextExtent(characters: 2), sourceSHA256: "abc")
    ])

  private static func checkpoint() throws -> Checkpoint {
    var configuration = RunConfiguration(
      data: .dataset(path: "/nowhere.h5"), output: RunConfiguration.Output(directory: "run"))
    (configuration.model.hidden, configuration.model.embedding) = (1, 1)
    let parameters = Parameters(
      try ModelShape(configuration, vocabulary: dataset.vocabulary, tagging: nil, characterModels: nil),
      kernels: Kernels.available[0])
    parameters.initialize(seed: 1)
    let gradients = Gradients(
      parameters.layout, SequenceModel.Capacity(Timeline.Capacity(sequences: 1, timesteps: 1)))
    return Checkpoint(
      of: ShardedModel(
        SequenceModel(parameters, streams: 1, timesteps: 1, gradients: gradients, workers: 1), gradients),
      optimizer: OptimizerStep(
        configuration.training.optimizer, clipNorm: 5, parameters: parameters, gradients: gradients),
      state: TrainingState(), configuration: configuration, dataset: dataset)
  }

  /// Changes the file in place, which is quicker than writing it anew some ten thousand times.
  private func expectRefusals(_ read: () throws -> Void) throws {
    defer { unlink(path) }
    let bytes = try FileContents.read(path)
    let descriptor = open(path, O_RDWR)
    defer { close(descriptor) }
    func expectRefusal(_ damage: String) {
      do {
        try read()
        Issue.record("\(damage): accepted")
      } catch {
        let refusal = error as? any DiagnosedError
        #expect(refusal?.description.hasPrefix(path) == true && refusal?.exitCode == .badInput, "\(damage): \(error)")
      }
    }
    for (index, byte) in bytes.enumerated() {
      var changed = byte ^ UInt8(1 << (index % 8))
      pwrite(descriptor, &changed, 1, off_t(index))
      expectRefusal("byte \(index)")
      changed = byte
      pwrite(descriptor, &changed, 1, off_t(index))
    }
    try read()
    for count in bytes.indices.reversed() {
      ftruncate(descriptor, off_t(count))
      expectRefusal("\(count) bytes")
    }
  }

  @Test func checkpoints() throws {
    try CheckpointFile.write(Self.checkpoint(), to: path)
    try expectRefusals { _ = try CheckpointFile.read(path) }
  }

  @Test func datasets() throws {
    try DatasetFile.write(Self.dataset, settings: "", to: path)
    try expectRefusals { _ = try DatasetFile.read(path) }
  }

  /// The same on the way that a run takes: it goes on from the checkpoint before, and says so.
  @Test func aRunFallsBackFromAnyDamage() throws {
    let directory = path + ".run"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let older = try Self.checkpoint()
    var state = older.state
    state.step = 7
    let newer = Checkpoint(
      configuration: older.configuration, vocabulary: older.vocabulary, tokenization: older.tokenization,
      tagging: nil, sources: older.sources, state: state, parameters: older.parameters, moments: older.moments,
      carriedStates: older.carriedStates)
    let run = try RunDirectory.create(directory, configuration: older.configuration)
    _ = try run.save(older)
    let damaged = try run.save(newer)
    let whole = try FileContents.read(damaged)
    for index in stride(from: 0, to: whole.count, by: 97) {
      var bytes = whole
      bytes[index] ^= 0x10
      try DurableFile.write(index % 2 == 0 ? bytes : Array(whole[..<index]), to: damaged)
      let found = try run.newestCheckpoint()
      #expect(found.checkpoint.state.step == 0, "byte \(index)")
      #expect(found.notices.count == 1 && found.notices[0].hasPrefix("passed over: \(damaged)"), "byte \(index)")
    }
  }
}
