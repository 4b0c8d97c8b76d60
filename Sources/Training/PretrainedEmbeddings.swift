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

extension Parameters {
  /// Makes the embeddings of those words that a file of word vectors has these vectors.
  func setEmbeddings(from path: String, of vocabulary: Vocabulary) throws(CorpusError) -> VectorCoverage {
    let vectors = try WordVectors.read(path, words: vocabulary, width: shape.embedding)
    let embedding = view("embedding.weight")
    for id in 0..<vocabulary.count {
      guard let vector = vectors.vector(ofId: id) else { continue }
      for (column, value) in vector.enumerated() { embedding[id, column] = value }
    }
    return VectorCoverage(
      words: vocabulary.count, exact: vectors.exactCount, lowercase: vectors.lowercaseCount)
  }
}
