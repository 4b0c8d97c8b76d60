import Compute
import Datasets
import Foundation
import Inference
import ModelTestSupport
import Models
import Testing

/// What may come next, against numpy: see Golden/make_golden.py.
@Suite struct NextTests {
  private struct Golden: Decodable {
    struct Output: Decodable {
      let parameters: [String: [Float]]
      let logProbabilities: [Double]
    }
    let vocabulary, embedding, hidden, divValue, classes: Int
    let prompt, cutoffs: [Int]
    let outputs: [String: Output]

    func kind(_ name: String) -> any OutputKind {
      switch name {
      case "class": .wordClasses(classes)
      case "adaptive": .adaptive(cutoffs: cutoffs, divValue: Double(divValue))
      case "sampled": .sampled(samples: 7)
      default: .softmax
      }
    }
  }

  @Test(arguments: ["softmax", "sampled", "class", "adaptive"])
  func probabilitiesAreThoseOfEveryOutputLayer(_ name: String) throws {
    let file = try #require(Bundle.module.url(forResource: "next", withExtension: "json"))
    let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    let output = try #require(golden.outputs[name])
    var shape = ModelShape(
      vocabulary: golden.vocabulary, embedding: golden.embedding, cell: .lstm, hidden: golden.hidden, layers: 1,
      classes: golden.vocabulary)
    shape.output = golden.kind(name)
    let test = TestModel(shape, streams: 1, timesteps: 1)
    #expect(Set(test.tensors.keys) == Set(output.parameters.keys))
    test.putParameters(output.parameters)
    let words = (2..<golden.vocabulary).map { "w\($0)" }
    let model = TrainedModel(
      test.parameters, vocabulary: Vocabulary(tokens: ["<unk>", "</s>"] + words), tokenization: .whitespace,
      tagging: nil)

    let prompt = golden.prompt.map { model.vocabulary.tokens[$0] }.joined(separator: " ")
    let next = try TextGenerator(model).next(after: prompt, count: golden.vocabulary)
    let expected = output.logProbabilities
    #expect(next.map { Int($0.id) } == expected.indices.sorted { expected[$0] > expected[$1] })
    for token in next { #expect(abs(token.logProbability - expected[Int(token.id)]) < 1e-5, "\(token)") }
    #expect(abs(next.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
    #expect(try TextGenerator(model).next(after: prompt, count: 4) == Array(next.prefix(4)))
  }

  @Test func equalsComeInTheOrderOfTheirIds() {
    let logits: [Float] = [1, 5, -.infinity, 5, 2, 1, 5, 2]
    logits.withUnsafeBufferPointer { logits in
      func ids(_ count: Int, _ excluded: Int32? = nil) -> [Int32] {
        RankedClass.likeliest(count, by: logits, excluding: excluded).map(\.id)
      }
      let all: [Int32] = [1, 3, 6, 4, 7, 0, 5, 2]
      for count in 1...9 { #expect(ids(count) == Array(all.prefix(count))) }
      #expect(ids(3, 3) == [1, 6, 4])
      #expect(RankedClass.likeliest(8, by: logits).last?.probability == 0)
    }
  }
}
