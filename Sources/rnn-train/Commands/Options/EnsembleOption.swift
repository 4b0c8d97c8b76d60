import ArgumentParser
import Compute
import Datasets
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

  /// The model of the command, and behind it the others, which have learnt the same tags.
  ///
  /// - Parameter path: the first one's file.
  func models(
    _ model: TrainedModel, path: String, _ seal: SealOption, kernels: Kernels
  ) throws -> [TrainedModel] {
    if others.isEmpty { return [model] }
    func columns(_ model: TrainedModel, _ path: String) throws(TrainingError) -> [TagSet] {
      guard let tagging = model.tagging else { throw .otherTask(file: path, expected: "a tagger") }
      return tagging.columns
    }
    let expected = try columns(model, path)
    return try [model]
      + others.map { other in
        let (checkpoint, otherPath) = try seal.read(other)
        let other = try checkpoint.model(file: otherPath, kernels: kernels)
        let found = try columns(other, otherPath)
        if found != expected {
          throw TrainingError.otherTags(
            file: otherPath, than: path, difference: Self.difference(of: found, from: expected))
        }
        return other
      }
  }

  /// What there is first that isn't the same.
  private static func difference(of found: [TagSet], from expected: [TagSet]) -> String {
    func names(_ columns: [TagSet]) -> String { columns.map(\.column.rawValue).joined(separator: ", ") }
    guard found.map(\.column) == expected.map(\.column) else { return "\(names(found)) instead of \(names(expected))" }
    for (found, expected) in zip(found, expected) {
      if let tag = found.tags.first(where: { !expected.tags.contains($0) }) {
        return "\(found.column.rawValue) \(tag), which isn't among them"
      }
      if let tag = expected.tags.first(where: { !found.tags.contains($0) }) {
        return "none that is \(expected.column.rawValue) \(tag)"
      }
    }
    return "them in another order"
  }
}
