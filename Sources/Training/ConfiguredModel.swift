import Configuration
import Datasets
import Models

extension ModelShape {
  /// The model that a configuration describes over a vocabulary, and over tags for a tagger.
  package init(
    _ configuration: RunConfiguration, vocabulary: Vocabulary, tagging: TaggingVocabulary?
  ) throws(TrainingError) {
    switch configuration.task {
    case .languageModel:
      try self.init(configuration.model, vocabulary: vocabulary.count, classes: vocabulary.count)
    case .tagging:
      guard let tagging else { throw .noTags }
      try self.init(
        configuration.model, vocabulary: vocabulary.count, classes: tagging.tags.count,
        characters: tagging.characters.count)
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
