import Compute
import Datasets
import Files
import Models

/// A model's parameters with what its ids mean: all that using it takes.
package struct TrainedModel: Sendable {
  package let parameters: Parameters
  package let vocabulary: Vocabulary
  package let tokenization: Tokenization
  /// What a tagger knows beside the vocabulary; nil for other models.
  package let tagging: TaggingVocabulary?
  /// In which a language model reads.
  package let direction: ReadingDirection
  /// What reads a tagger's words beside it; nil: nothing does.
  package let characterModels: CharacterModels?

  package init(
    _ parameters: Parameters, vocabulary: Vocabulary, tokenization: Tokenization, tagging: TaggingVocabulary?,
    direction: ReadingDirection = .forward, characterModels: CharacterModels? = nil
  ) {
    self.parameters = parameters
    self.vocabulary = vocabulary
    self.tokenization = tokenization
    self.tagging = tagging
    self.direction = direction
    self.characterModels = characterModels
  }

  /// Sentences as the model reads them.
  ///
  /// - Parameters:
  ///   - forms: what the words are spelled as; those of the training split come first.
  ///   - keeps: whether the same sentences are going to be read again.
  ///   - workers: that character models read by.
  package func sentences(
    _ sequence: TokenSequence, forms: [String], keeps: Bool = false, workers: Workers
  ) throws(FileError) -> TaggedSentences {
    let shape = parameters.shape
    let context = try characterModels?.context(
      of: sequence, forms: forms, trainsOn: !shape.readers.isEmpty, keeps: keeps, workers: workers)
    return try TaggedSentences(
      sequence, forms: forms, characters: shape.characters == nil ? nil : tagging?.characters,
      features: context?.features, readings: context?.readings ?? [])
  }
}
