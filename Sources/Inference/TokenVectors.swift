import Datasets
import Models

/// The vectors by which a model reads its tokens: the rows of `embedding.weight`.
///
/// Of a tagger that reads characters as well they are what it knows of a word beside its spelling.
package struct TokenVectors: Sendable {
  package let vocabulary: Vocabulary
  package let width: Int
  /// [vocabulary, width]
  private let values: [Float]

  /// Cost: O(vocabulary * width).
  package init(_ model: TrainedModel) {
    let parameters = model.parameters
    vocabulary = model.vocabulary
    width = parameters.shape.embedding
    values = parameters.layout.elements(of: parameters.layout[parameters.layout.embedding], in: parameters.values)
  }

  package subscript(id: Int) -> ArraySlice<Float> { values[id * width..<(id + 1) * width] }

  /// A token and how near it is to another one.
  package struct Neighbour: Sendable, Equatable {
    package let id: Int
    /// The cosine of the angle between both vectors: 1 for the same direction, 0 where a vector is zero.
    package let similarity: Double
  }

  /// The other tokens whose vectors are nearest by their angle, the nearest first; of equals, the smaller id.
  /// Cost: O(vocabulary * (width + log(vocabulary))).
  package func nearest(to id: Int, count: Int) -> [Neighbour] {
    let norm = dot(id, id).squareRoot()
    let all = vocabulary.tokens.indices.filter { $0 != id }.map { other in
      let norms = norm * dot(other, other).squareRoot()
      return Neighbour(id: other, similarity: norms > 0 ? dot(id, other) / norms : 0)
    }
    return Array(
      all.sorted { $0.similarity > $1.similarity || ($0.similarity == $1.similarity && $0.id < $1.id) }.prefix(count))
  }

  private func dot(_ a: Int, _ b: Int) -> Double {
    zip(self[a], self[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
