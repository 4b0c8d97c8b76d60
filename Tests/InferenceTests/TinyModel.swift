import Compute
import Datasets
import Inference
import ModelTestSupport
import Models

/// A language model of a few words, with parameters that are drawn, and the same in double precision.
struct TinyModel {
  let model: TrainedModel
  private let reference: NetworkReference

  /// `<unk>` and `</s>` come first.
  init(words: [String], seed: UInt64 = 3) {
    let vocabulary = Vocabulary(tokens: [Vocabulary.unknownToken, Vocabulary.endOfLineToken] + words)
    let shape = ModelShape(
      vocabulary: vocabulary.count, embedding: 7, cell: .lstm, hidden: 11, layers: 2, classes: vocabulary.count)
    let test = TestModel(shape, streams: 1, timesteps: 1, seed: seed)
    // Far enough from uniform that rounding changes no order.
    for parameter in test.parameters.layout.parameters {
      let layout = test.parameters.layout
      let values = layout.elements(of: parameter, in: test.parameters.values).map { 3 * $0 }
      layout.setElements(of: parameter, in: test.parameters.values, to: values)
    }
    test.parameters.renewTransposedCopies()
    model = TrainedModel(test.parameters, vocabulary: vocabulary, tokenization: .whitespace, tagging: nil)
    reference = NetworkReference(shape: shape, parameters: test.matrices(test.parameters.values))
  }

  /// The log-probabilities of all tokens after some, which begin a line.
  func logProbabilities(after tokens: [Int]) -> [Double] {
    let sequence = ([1] + tokens).map { Sentences.Token(id: $0, form: 0, target: nil) }
    let logits = reference.results(Sentences(sequences: [sequence], spellings: [])).logits
      .suffix(model.vocabulary.count)
    let largest = logits.max() ?? 0
    let normalizer = largest + naturalLogarithm(logits.reduce(0) { $0 + exponential($1 - largest) })
    return logits.map { $0 - normalizer }
  }
}
