import Datasets
import Models

/// The vectors by which a model reads its tokens: the rows of `embedding.weight`.
///
/// Of a tagger that reads characters as well they are what it knows of a word beside its spelling.
package struct TokenVectors: Sendable {
  package let vocabulary: Vocabulary
  package let width: Int
  private let parameters: Parameters

  /// Cost: O(1). The vectors stay where the model has them.
  package init(_ model: TrainedModel) {
    parameters = model.parameters
    vocabulary = model.vocabulary
    width = parameters.shape.embedding
  }

  /// Cost: O(width).
  package subscript(id: Int) -> [Float] {
    let layout = parameters.layout
    return layout.elements(of: layout[layout.embedding], outputs: id..<id + 1, in: parameters.values)
  }

  /// A token and how near it is to another one.
  package struct Neighbour: Sendable, Equatable {
    package let id: Int
    /// The cosine of the angle between both vectors: 1 for the same direction, 0 where a vector is zero.
    package let similarity: Double
  }

  /// The other tokens whose vectors are nearest by their angle, the nearest first; of equals, the smaller id.
  /// Cost: O(vocabulary * (width + log(vocabulary))).
  package func nearest(to id: Int, count: Int) -> [Neighbour] {
    let vector = self[id]
    let norm = dot(vector, vector).squareRoot()
    let all = vocabulary.tokens.indices.filter { $0 != id }.map { id in
      let other = self[id]
      let norms = norm * dot(other, other).squareRoot()
      return Neighbour(id: id, similarity: norms > 0 ? dot(vector, other) / norms : 0)
    }
    return Array(
      all.sorted { $0.similarity > $1.similarity || ($0.similarity == $1.similarity && $0.id < $1.id) }.prefix(count))
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
