import Compute
import Datasets
import Exports
import Files
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// Runs `body` with a path that nothing is at, and removes what is there then.
func withTemporaryFile<R>(_ body: (String) throws -> R) throws -> R {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("exports-tests-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

func contents(_ parts: some Sequence<FilePart>) -> [UInt8] {
  var bytes: [UInt8] = []
  for part in parts { part.forEachPiece { bytes += $0 } }
  return bytes
}

/// Models of every kind of cell and output layer that has something of its own to be written, with random parameters.
func exampleModels() throws -> [ExportedModel] {
  let outputs: [any OutputKind] = [
    .softmax, .wordClasses(3), .adaptive(cutoffs: [3, 7], divValue: 1.5), .sampled(samples: 5),
  ]
  var shapes = everyCell.map {
    ModelShape(vocabulary: words.count, embedding: 5, cell: $0, hidden: 6, layers: 2, classes: words.count)
  }
  for output in outputs {
    var shape = ModelShape(
      vocabulary: words.count, embedding: 7, cell: .lstm, hidden: 7, layers: 1, classes: words.count)
    shape.output = output
    shape.isResidual = true
    shape.tiesEmbeddings = output.canTieEmbeddings
    shapes.append(shape)
  }
  return try shapes.map { try model(of: $0) } + [subwordModel(), taggerModel()]
}

/// A language model of subwords that reads from right to left.
func subwordModel() throws -> ExportedModel {
  let tokenizer = try BytePairTokenizer(
    json: #"{"model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}, "pre_tokenizer": {"type": "ByteLevel"}}"#
  )
  let shape = ModelShape(vocabulary: 3, embedding: 5, cell: .gru, hidden: 6, layers: 1, classes: 3)
  return try model(of: shape, vocabulary: tokenizer.vocabulary, .bpe(tokenizer), direction: .backward)
}

/// A tagger in both directions that looks at characters, and at words in lower case.
func taggerModel(_ output: any OutputKind = .softmax) throws -> ExportedModel {
  var shape = ModelShape(
    vocabulary: words.count, embedding: 5, cell: .gru, hidden: 6, layers: 2, classes: tagging.columns[0].tags.count)
  shape.isBidirectional = true
  shape.characters = ModelShape.Characters(vocabulary: tagging.characters.count, embedding: 3, hidden: 4)
  shape.output = output
  return try model(of: shape, vocabulary: Vocabulary(tokens: words, isLowercase: true), .word, tagging)
}

/// Tokens that JSON has to escape, and two that differ by their normalization only.
private let words = ["<unk>", "</s>", "a\"b", "back\\slash", "\u{1}", "é", "e\u{301}", "/", "🐑", "\u{2028}", "x"]
private let tagging = TaggingVocabulary(
  columns: [TagSet(.xpos, ["NOUN", "VERB", "X"])], trainingWords: TokenTable(words))

private func model(
  of shape: ModelShape, vocabulary: Vocabulary = Vocabulary(tokens: words), _ tokenization: Tokenization = .word,
  _ tagging: TaggingVocabulary? = nil, direction: ReadingDirection = .forward
) throws -> ExportedModel {
  let parameters = Parameters(shape, kernels: Kernels.available[0])
  parameters.initialize(seed: 3)
  return ExportedModel(
    TrainedModel(
      parameters, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging, direction: direction),
    from: ModelOrigin(
      task: tagging == nil ? "language-model" : "tagging", configuration: "seed: 1\n", checkpointSHA256: "00ff"))
}
