import Configuration
import Datasets
import Models

extension ModelShape {
  /// The model that a configuration describes over a vocabulary, and over tags for a tagger.
  package init(
    _ configuration: RunConfiguration, vocabulary: Vocabulary, tagging: TaggingVocabulary?
  ) throws(TrainingError) {
    let classes: Int
    do {
      classes = try configuration.task.classes(vocabulary: vocabulary, tagging: tagging)
    } catch {
      throw .task(error)
    }
    try self.init(
      configuration.model, vocabulary: vocabulary.count, classes: classes, characters: tagging?.characters.count)
  }

  /// - Parameter characters: that words are spelled with; nil where they aren't.
  package init(
    _ model: RunConfiguration.Model, vocabulary: Int, classes: Int, characters: Int? = nil
  ) throws(TrainingError) {
    if let objection = model.objections(classes: classes).first { throw .unsuitable(objection) }
    self = model.shape(vocabulary: vocabulary, classes: classes, characters: characters)
  }
}
