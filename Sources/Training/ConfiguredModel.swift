import Configuration
import Datasets
import Inference
import Models
import Optimizers

extension ModelShape {
  /// The model that a configuration describes over a vocabulary, and over tags for a tagger.
  ///
  /// - Parameter characterModels: what reads the words beside it; nil: nothing does.
  package init(
    _ configuration: RunConfiguration, vocabulary: Vocabulary, tagging: TaggingVocabulary?,
    characterModels: CharacterModels?
  ) throws(TrainingError) {
    let classes: [Int]
    do {
      classes = try configuration.task.classes(vocabulary: vocabulary, tagging: tagging)
    } catch {
      throw .task(error)
    }
    try self.init(
      configuration.model, vocabulary: vocabulary.count, classes: classes[0], characters: tagging?.characters.count)
    furtherClasses = Array(classes.dropFirst())
    guard let characterModels else { return }
    if configuration.model.trainsCharacterModels {
      readers = characterModels.readers
    } else {
      features = characterModels.width
    }
  }

  /// - Parameter characters: that words are spelled with; nil where they aren't.
  package init(
    _ model: RunConfiguration.Model, vocabulary: Int, classes: Int, characters: Int? = nil
  ) throws(TrainingError) {
    if let objection = model.objections(classes: classes).first { throw .unsuitable(objection) }
    self = model.shape(vocabulary: vocabulary, classes: classes, characters: characters)
  }
}

extension RunConfiguration {
  /// Character models that are trained on go at a share of the learning rate.
  func rateShares(of layout: ParameterLayout) -> RateShares {
    let share = model.characterModel?.learningRateShare ?? 1
    let handles = layout.parameters[layout.parametersOfReaders].map(\.handle)
    return RateShares(Dictionary(uniqueKeysWithValues: handles.map { ($0, share) }), of: layout)
  }

  /// What the losses of each of a model's output layers count for in what is minimized.
  func lossWeights(of shape: ModelShape) throws(TrainingError) -> [Double] {
    let outputs = shape.classesOfOutputs.count
    guard let weights = training.tagWeights else { return Array(repeating: 1, count: outputs) }
    guard weights.count == outputs else { throw .unsuitable(training.objection(toWeightsOf: outputs)) }
    return weights
  }
}
