import Configuration
import Datasets
import Models

extension ModelShape {
  /// The model that a configuration describes over a vocabulary, and over tags for a tagger.
  ///
  /// - Parameter features: numbers that character models give for each word.
  package init(
    _ configuration: RunConfiguration, vocabulary: Vocabulary, tagging: TaggingVocabulary?, features: Int
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
    self.features = features
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
  /// What the losses of each of a model's output layers count for in what is minimized.
  func lossWeights(of shape: ModelShape) throws(TrainingError) -> [Double] {
    let outputs = shape.classesOfOutputs.count
    guard let weights = training.tagWeights else { return Array(repeating: 1, count: outputs) }
    guard weights.count == outputs else { throw .unsuitable(training.objection(toWeightsOf: outputs)) }
    return weights
  }
}
