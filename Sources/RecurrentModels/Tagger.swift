import Compute
import Inference

/// A tagger: it gives every word of a sentence a tag.
///
/// A value that never changes. Copies share the weights, and any number of threads or tasks may use it at the same time.
public struct Tagger: Sendable {
  private let model: TrainedModel
  /// The tags that it chooses from.
  public let tags: [String]

  /// Loads a tagger that `rnn-train export --format safetensors` has written.
  ///
  /// Cost: the file is read once. Memory is that of the weights, twice for those of recurrent layers.
  ///
  /// - Throws: ``ModelError`` of the kinds `unreadableFile`, `notModel` and `otherTask`.
  public init(contentsOf path: String) throws(ModelError) {
    model = try TrainedModel(contentsOf: path)
    guard let tagging = model.tagging else {
      throw ModelError(.otherTask, "\(path): expected a tagger, found a language model")
    }
    // No file has more than one column.
    tags = tagging.columns[0].tags
  }

  /// The likeliest tag of every word. A sentence's tags depend neither on the sentences beside it nor on the number of threads.
  ///
  /// Cost: O(words). Each call takes memory of its own for 32 sentences as long as the longest, so that it is best given many
  /// sentences at once.
  ///
  /// - Parameters:
  ///   - sentences: words and punctuation marks, as the treebank has them that the tagger has learnt from.
  ///   - threads: that share the work, at least 1.
  public func tag(_ sentences: [[String]], threads: Int = 1) -> [[String]] {
    guard let tagger = Inference.Tagger(model, workers: Workers(count: threads)) else {
      preconditionFailure("a model with tags is a tagger")
    }
    return tagger.tag(sentences).map { $0.compactMap(\.first) }
  }
}
