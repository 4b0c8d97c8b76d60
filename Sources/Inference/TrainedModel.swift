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

  package init(
    _ parameters: Parameters, vocabulary: Vocabulary, tokenization: Tokenization, tagging: TaggingVocabulary?,
    direction: ReadingDirection = .forward
  ) {
    self.parameters = parameters
    self.vocabulary = vocabulary
    self.tokenization = tokenization
    self.tagging = tagging
    self.direction = direction
  }

  /// Sentences as the model reads them.
  ///
  /// - Parameter forms: what the words are spelled as; those of the training split come first.
  package func sentences(_ sequence: TokenSequence, forms: [String]) throws(FileError) -> TaggedSentences {
    try TaggedSentences(
      sequence, forms: forms, characters: parameters.shape.characters == nil ? nil : tagging?.characters)
  }
}
