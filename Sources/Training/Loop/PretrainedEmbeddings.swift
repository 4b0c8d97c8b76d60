import Configuration
import Datasets
import Models

/// How many of a vocabulary's words had a vector to begin with.
package struct VectorCoverage: Sendable, Equatable {
  package let words: Int
  /// Words that the file of vectors has as they are.
  package let exact: Int
  /// Words that it has in lower case only.
  package let lowercase: Int
}

extension RunConfiguration {
  /// The word vectors that a new run's embeddings begin with, if the configuration names any.
  package func wordVectors(for dataset: SequenceDataset) throws(CorpusError) -> WordVectors? {
    guard let path = model.vectors else { return nil }
    return try WordVectors.read(path, words: dataset.vocabulary, width: model.embedding)
  }
}

extension Parameters {
  /// Makes the embeddings of those words that have a vector these vectors.
  func setEmbeddings(_ vectors: WordVectors, of vocabulary: Vocabulary) -> VectorCoverage {
    let embedding = view(layout.embedding)
    for id in 0..<vocabulary.count {
      guard let vector = vectors.vector(ofId: id) else { continue }
      for (column, value) in vector.enumerated() { embedding[id, column] = value }
    }
    return VectorCoverage(
      words: vocabulary.count, exact: vectors.exactCount, lowercase: vectors.lowercaseCount)
  }
}
