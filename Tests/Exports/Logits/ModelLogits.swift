import Compute
import Datasets
import Exports
import Files
import Foundation
import Inference
import Models

/// Prints the logits of a model, as JSON, [sentence][word][class]:
///
///     model-logits MODEL.safetensors < SENTENCES
///
/// A line is a sentence of words with spaces between them, read from the zero state.
@main
enum ModelLogits {
  static func main() throws {
    let model = try SafetensorsFile(InputFile(CommandLine.arguments[1])).model(kernels: Kernels.available[0]).model
    var forms = TokenTable()
    var (tokens, numbers, offsets): ([Int32], [Int32], [Int64]) = ([], [], [0])
    while let line = readLine() {
      for word in line.split(separator: " ").map(String.init) {
        numbers.append(forms.insert(word))
        tokens.append(model.vocabulary.id(of: word) ?? 0)
      }
      offsets.append(Int64(tokens.count))
    }
    let sequence = TokenSequence(
      tokens: Column(tokens), offsets: Column(offsets), forms: Column(numbers), extent: TextExtent(), sourceSHA256: "")
    let sentences = try model.sentences(sequence, forms: forms.tokens, workers: Workers(count: 1))
    let minibatches = try SentenceMinibatches(sentences, size: offsets.count - 1)
    let sequenceModel = SequenceModel(
      model.parameters, minibatches.capacity, gradients: nil, workers: 1, carriesState: false)
    let runner = ModelRunner(sequenceModel, sequenceModel.forwardPhases(), workers: Workers(count: 1))
    var result = [[[Float]]](repeating: [], count: offsets.count - 1)
    try runner.run(over: minibatches) { network, index in
      for (b, sentence) in minibatches.sentences(ofMinibatch: index).enumerated() {
        result[sentence] = (0..<sentences.lengths[sentence]).map { t in
          var logits = [Float](repeating: 0, count: model.parameters.shape.classes)
          logits.withUnsafeMutableBufferPointer {
            network.logits(row: network.minibatch.timeline.row(t, b), into: $0)
          }
          return logits
        }
      }
    }
    print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
  }
}
