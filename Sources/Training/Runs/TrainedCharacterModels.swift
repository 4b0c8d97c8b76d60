import Compute
import Configuration
import Datasets
import Files
import Inference
import Keys

/// The language models of characters that read a tagger's words: as they run, and as its checkpoints hold them, so that it
/// can be used and gone on with wherever those that they were read from have gone.
package struct TrainedCharacterModels: Sendable {
  package let models: CharacterModels
  /// Without moments; their tensors are those of the models.
  let checkpoints: [ReadingDirection: Checkpoint]

  /// Reads those that a configuration names, and has it name the very checkpoints where it names runs, whose best ones may be
  /// others by and by.
  ///
  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  /// - Returns: nil where there are none.
  /// - Throws: `TrainingError.unsuitable`, by its key, for a model of another task, direction or kind of tokens, and for one that
  ///   isn't there.
  package init?(
    of configuration: inout RunConfiguration, kernels: Kernels, probe: (InputFile) throws -> Void = { _ in }
  ) throws {
    guard let pair = configuration.model.characterModel else { return nil }
    let found = try pair.models.map { key, path, direction in
      let file = try Self.file(key, path, probe: probe)
      return (key, Path.real(file.path) ?? file.path, direction, try CheckpointFile.read(file, .model))
    }
    try self.init(found, kernels: kernels)
    for (_, path, direction, _) in found {
      switch direction {
      case .forward: configuration.model.characterModel?.forward = path
      case .backward: configuration.model.characterModel?.backward = path
      }
    }
  }

  /// Those of a tagger's checkpoint. Older versions kept only where they are.
  ///
  /// - Parameter file: what errors call the checkpoint.
  package init?(in checkpoint: Checkpoint, file: String, kernels: Kernels) throws {
    guard let pair = checkpoint.configuration.model.characterModel else { return nil }
    if checkpoint.characterModels.isEmpty {
      var configuration = checkpoint.configuration
      try self.init(of: &configuration, kernels: kernels)
    } else {
      let kept = try pair.models.map { key, path, direction in
        guard let model = checkpoint.characterModels[direction] else {
          throw TrainingError.notCheckpoint(file: file, found: "no character model that reads \(direction.rawValue)")
        }
        return (key, "\(file):/\(CheckpointFile.characterModels)/\(direction.rawValue)", direction, model)
      }
      try self.init(kept, kernels: kernels)
    }
  }

  private init(
    _ found: [(key: String, file: String, direction: ReadingDirection, checkpoint: Checkpoint)], kernels: Kernels
  ) throws {
    let read = try found.map { key, file, direction, checkpoint in
      let kind = checkpoint.tokenization.kind
      guard checkpoint.tagging == nil else { throw Self.unsuitable(key, file, "a language model", "a tagger") }
      guard CharacterModels.suits(kind) else {
        throw Self.unsuitable(key, file, "a model of data.tokens character or grapheme", kind.rawValue)
      }
      guard checkpoint.configuration.direction == direction else {
        throw Self.unsuitable(
          key, file, "a model of data.direction \(direction.rawValue)", checkpoint.configuration.direction.rawValue)
      }
      let model = try checkpoint.model(file: file, kernels: kernels)
      return (direction, checkpoint.alone(of: model), model)
    }
    models = CharacterModels(read.map(\.2))
    checkpoints = Dictionary(uniqueKeysWithValues: read.map { ($0.0, $0.1) })
  }

  /// A hash of the parameters of all.
  package func parameterHash() throws(FileError) -> String {
    var hash = ContentHash()
    for (_, checkpoint) in checkpoints.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      for tensor in checkpoint.parameters { try tensor.elements.withUnsafeBytes { hash.update($0) } }
    }
    return hash.hex
  }

  private static func file(
    _ key: String, _ path: String, probe: (InputFile) throws -> Void
  ) throws -> InputFile {
    do {
      return try ChosenCheckpoint(path, probe: probe).file
    } catch let error as FileError where error.isForWantOfFile {
      throw TrainingError.unsuitable(
        Objection(key: key, reason: "\(error); words are read by that model: put it back where it was"))
    }
  }

  private static func unsuitable(_ key: String, _ file: String, _ expected: String, _ found: String) -> TrainingError {
    .unsuitable(Objection(key: key, reason: "\(file): expected \(expected), found \(found)"))
  }
}
