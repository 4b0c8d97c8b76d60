import Compute
import Configuration
import Files
import Inference
import Keys

extension RunConfiguration {
  /// Reads the language models that read a tagger's words, and names the very checkpoints where runs are named, whose best ones may
  /// be others by and by.
  ///
  /// - Parameter probe: throws what is wrong with a file, before it is read here.
  /// - Returns: nil where there are none.
  /// - Throws: `TrainingError.unsuitable`, by its key, for a model of another task, direction or kind of tokens, and for one that
  ///   isn't there.
  package mutating func takeCharacterModels(
    kernels: Kernels, probe: (InputFile) throws -> Void = { _ in }
  ) throws -> CharacterModels? {
    guard let pair = model.characterModel else { return nil }
    let read = try pair.models.map { key, path, direction in
      let (model, file) = try Self.characterModel(key, path, kernels: kernels, probe: probe)
      guard model.direction == direction else {
        throw Self.unsuitable(key, file, "a model of data.direction \(direction.rawValue)", model.direction.rawValue)
      }
      return (model, Path.real(file) ?? file, direction)
    }
    for (_, path, direction) in read {
      switch direction {
      case .forward: model.characterModel?.forward = path
      case .backward: model.characterModel?.backward = path
      }
    }
    return CharacterModels(read.map(\.0))
  }

  private static func characterModel(
    _ key: String, _ path: String, kernels: Kernels, probe: (InputFile) throws -> Void
  ) throws -> (model: TrainedModel, file: String) {
    let chosen: ChosenCheckpoint
    do {
      chosen = try ChosenCheckpoint(path, probe: probe)
    } catch let error as FileError where error.isForWantOfFile {
      throw TrainingError.unsuitable(
        Objection(key: key, reason: "\(error); words are read by that model: put it back where it was"))
    }
    let checkpoint = try CheckpointFile.read(chosen.file, .model)
    let (file, kind) = (chosen.file.path, checkpoint.tokenization.kind)
    guard checkpoint.tagging == nil else { throw unsuitable(key, file, "a language model", "a tagger") }
    guard CharacterModels.suits(kind) else {
      throw unsuitable(key, file, "a model of data.tokens character or grapheme", kind.rawValue)
    }
    return (try checkpoint.model(file: file, kernels: kernels), file)
  }

  private static func unsuitable(_ key: String, _ file: String, _ expected: String, _ found: String) -> TrainingError {
    .unsuitable(Objection(key: key, reason: "\(file): expected \(expected), found \(found)"))
  }
}
