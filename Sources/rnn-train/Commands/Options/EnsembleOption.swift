import ArgumentParser
import Compute
import Inference
import Training

/// Taggers that tag together with the one of the command.
struct EnsembleOption: ParsableArguments {
  @Option(
    name: .customLong("with"),
    help: ArgumentHelp(
      "Another tagger that has learnt the same tags, a run or a checkpoint, to tag together with: each word's probabilities "
        + "are the means of all taggers'. May be given several times.", valueName: "run"),
    completion: .file())
  var others: [String] = []

  /// The model of the command, and behind it the others.
  ///
  /// - Parameter path: the first one's file.
  func models(
    _ model: TrainedModel, path: String, _ seal: SealOption, kernels: Kernels
  ) throws -> [TrainedModel] {
    let others = try others.map { other in
      let (checkpoint, path) = try seal.read(other)
      return (model: try checkpoint.model(file: path, kernels: kernels), path: path)
    }
    for (other, otherPath) in [(model, path)] + others {
      guard let tagging = other.tagging else { throw TrainingError.otherTask(file: otherPath, expected: "a tagger") }
      guard tagging.columns == model.tagging?.columns else {
        throw TrainingError.otherTags(file: otherPath, than: path)
      }
    }
    return [model] + others.map(\.model)
  }
}
