import Configuration
import Datasets
import Files
import Keys
import Models

/// Where a run's first parameters are from.
package struct Origin: Sendable, Equatable, Encodable {
  /// The checkpoint's absolute path when the run began.
  package let path: String
  /// Steps that its model had been trained for.
  package let step: Int
  /// The hash of the file's bytes.
  package let sha256: String

  private enum CodingKeys: String, CodingKey {
    case path = "checkpoint"
    case step, sha256
  }
}

/// A checkpoint whose parameters a new run begins with: what must be the same for that, and what follows from it.
package struct ParentCheckpoint {
  package let origin: Origin
  /// What people are to know of the choice among a run's checkpoints; nil where there is nothing to it.
  package let notice: String?
  /// Without moments.
  private let checkpoint: Checkpoint

  /// - Parameters:
  ///   - path: a checkpoint, or the directory of a run: its best checkpoint, else its last.
  ///   - acceptsLostSeal: whether a checkpoint will do that another program has taken the seal off.
  ///   - probe: throws what is wrong with a file, before it is read here.
  package init(_ path: String, acceptsLostSeal: Bool = false, probe: (InputFile) throws -> Void = { _ in }) throws {
    let chosen = try ChosenCheckpoint(path, acceptsLostSeal: acceptsLostSeal, probe: probe)
    checkpoint = try CheckpointFile.read(chosen.file, .model, acceptsLostSeal: acceptsLostSeal)
    let hash = try chosen.file.contentHash(of: 0..<chosen.file.byteCount)
    origin = Origin(
      path: Path.real(chosen.file.path) ?? chosen.file.path, step: checkpoint.state.step, sha256: hash)
    notice = chosen.notice
  }

  /// What the new run's datasets keep the ids of.
  package var known: KnownVocabulary {
    KnownVocabulary(
      words: checkpoint.vocabulary, tokenization: checkpoint.tokenization, tagging: checkpoint.tagging)
  }

  /// Refuses a configuration whose layers can't be those of the checkpoint, or whose tokens are of another kind: before its
  /// data is read.
  package func check(_ configuration: RunConfiguration) throws(TrainingError) {
    let kind: TokenKind? = if case .text(let corpus) = configuration.data { corpus.tokens.kind } else { nil }
    try check(configuration, kind)
  }

  /// What people are to know where a new run reads its text the other way round; nil where it doesn't.
  package func caveat(about configuration: RunConfiguration) -> String? {
    let (old, new) = (checkpoint.configuration.direction, configuration.direction)
    return old == new
      ? nil : "the model that the run begins with has data.direction \(old.rawValue), and the run \(new.rawValue)"
  }

  /// - Parameter kind: of the new run's tokens; nil where it isn't known yet.
  private func check(_ configuration: RunConfiguration, _ kind: TokenKind?) throws(TrainingError) {
    var differences = configuration.layerDifferences(from: checkpoint.configuration)
    if let kind, !configuration.takesTokens(kind, of: checkpoint) {
      differences.append(
        RunConfiguration.Difference(
          key: "data.tokens", own: kind.rawValue, other: checkpoint.tokenization.kind.rawValue))
    }
    if !differences.isEmpty { throw .otherLayers(file: origin.path, differences) }
    let isLowercase = checkpoint.vocabulary.isLowercase
    guard case .text(let corpus) = configuration.data, corpus.vocabulary.isLowercase != isLowercase else { return }
    throw .unsuitable(
      Objection(
        key: "data.vocabulary.lowercase",
        reason: "the model of \(origin.path) looks words up "
          + (!isLowercase
            ? "as they are written, and so must this run: give data.vocabulary.lowercase=false"
            : configuration.task.learnsTags
              ? "in lower case, and so must this run: give data.vocabulary.lowercase=true"
              : "in lower case, which a language model can't: its words are what it predicts")))
  }

  /// What a model of a configuration takes over, by the names of its parameters: the embeddings and layers, and the output
  /// layer where it stays what it is. All other parameters are drawn.
  ///
  /// - Parameter characterModels: what reads the words of the new run.
  /// - Throws: what keeps it from that, words included that would change the clusters of others.
  package func takeover(
    by configuration: RunConfiguration, _ dataset: SequenceDataset, _ characterModels: TrainedCharacterModels?
  ) throws(TrainingError) -> Takeover {
    try check(configuration, dataset.tokenization.kind)
    for (direction, own) in checkpoint.characterModels.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      guard let other = characterModels?.checkpoints[direction], own.hasParameters(of: other) else {
        throw .unsuitable(
          Objection(
            key: "model.character_model.\(direction.rawValue)",
            reason: "another model than the one that read the words of \(origin.path)"))
      }
    }
    guard known.isKept(in: dataset), dataset.tokenization.subwords == checkpoint.tokenization.subwords else {
      throw .otherIds(file: origin.path)
    }
    let tagging = configuration.task.tagging(of: dataset)
    let old = try checkpoint.shape
    let new = try ModelShape(
      configuration, vocabulary: dataset.vocabulary, tagging: tagging, characterModels: characterModels?.models)
    // Those that mean the same classes: of taggers, columns at the same place.
    var outputs = zip(old.classesOfOutputs.indices, new.classesOfOutputs.indices).map(\.0).filter {
      checkpoint.tagging?.columns[$0].column == tagging?.columns[$0].column && old.tiesEmbeddings == new.tiesEmbeddings
    }
    if !outputs.isEmpty, try !Self.keepsClusters(of: old, in: new) { outputs = [] }
    return Takeover(of: checkpoint, origin, from: old, to: new, outputs: outputs)
  }

  /// Whether an output layer has each class in the cluster that it was in; one without clusters, where neither had any.
  private static func keepsClusters(of old: ModelShape, in new: ModelShape) throws(TrainingError) -> Bool {
    let (oldClusters, newClusters) = (old.output.clusters(of: old), new.output.clusters(of: new))
    guard let clusters = oldClusters, let newClusters else { return oldClusters == nil && newClusters == nil }
    if clusters.isKept(by: newClusters) { return true }
    let added = new.classes - old.classes
    // With other settings it is another output layer.
    guard added > 0, OutputKey(wrappedValue: old.output) == OutputKey(wrappedValue: new.output) else { return false }
    let remedy =
      new.output.setting(keeping: clusters).map { "give model.output.\($0), so that they come into the last one" }
      ?? "leave data.vocabulary.extend out"
    throw .unsuitable(
      Objection(
        key: "model.output",
        reason:
          "the clusters of the output layer \(new.output.name) follow from the number of words, and \(added) more "
          + "would move words that the model knows into other clusters; \(remedy), or choose another output layer, which "
          + "is drawn anew"))
  }
}

extension RunConfiguration {
  /// Whether tokens of a kind can be those of a checkpoint. Words that a file says itself may be those of any text of
  /// words.
  fileprivate func takesTokens(_ kind: TokenKind, of checkpoint: Checkpoint) -> Bool {
    if kind == checkpoint.tokenization.kind { return true }
    return (format.hasTokens || checkpoint.configuration.format.hasTokens)
      && !kind.isSeamless && !checkpoint.tokenization.kind.isSeamless
  }
}
