import Compute
import Foundation
import ModelTestSupport
import Models
import Testing

/// The output layer `crf`: against the reference, against sums over every sequence of tags, and its own invariants.
@Suite struct ConditionalRandomFieldTests {
  private static func shape(classes: Int, _ switches: Set<NetworkCase.Switch> = []) -> ModelShape {
    var shape = NetworkCase(.lstm, layers: 1, isBidirectional: true, .ragged, switches).shape
    shape.classes = classes
    shape.output = ConditionalRandomField()
    return shape
  }

  @Test(arguments: zip([2, 19], [1, 0]))
  func everythingIsTheReferences(classes: Int, lengths: Int) {
    OutputTest.expectReference(Self.shape(classes: classes), OutputTest.lengths[lengths]) { test, expected, kernels in
      let rows = 0..<test.model.minibatch.rows
      #expect(rows.map { Int(test.model.prediction(row: $0)) } == expected.predictions, "\(kernels): predictions")
    }
  }

  @Test(arguments: [2, 5]) func anyNumberOfWorkersOnAnyInstructionSet(workers: Int) {
    OutputTest.expectSameBits(Self.shape(classes: 19), workers: workers)
  }

  /// Every sequence of tags of a sentence with its score, for so few of both that all can be listed.
  @Test(arguments: [1, 2, 5]) func sumsAndMaximaAreOverAllSequences(length: Int) throws {
    let classes = 3
    let (test, sentences) = OutputTest.model(Self.shape(classes: classes, [.wholePanels]), [length, length])
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    let parameters = test.matrices(test.parameters.values)
    func values(_ name: String) throws -> [Double] { try #require(parameters["decoder.\(name)"]).values }
    let (weight, bias, transitions) = try (values("weight"), values("bias"), values("transitions"))
    let (start, end) = try (values("start_transitions"), values("end_transitions"))
    let rows = sentences.rows
    for sequence in 0..<2 {
      let places = rows.indices.filter { rows[$0].sequence == sequence }
      let emissions = places.map { row in
        let hidden = test.model.outputInput.rows(row..<row + 1).rowMajor().map(Double.init)
        return (0..<classes).map { tag in
          bias[tag] + hidden.indices.reduce(0) { $0 + weight[tag * hidden.count + $1] * hidden[$1] }
        }
      }
      var all: [(tags: [Int], score: Double)] = [([], 0)]
      for t in 0..<length {
        all = all.flatMap { tags, score in
          (0..<classes).map { tag in
            let from = tags.last.map { transitions[$0 * classes + tag] } ?? start[tag]
            return (tags + [tag], score + from + emissions[t][tag] + (t == length - 1 ? end[tag] : 0))
          }
        }
      }
      let sum = all.reduce(0) { $0 + exp($1.score) }
      let targets = sentences.sequences[sequence].map(\.target)
      let agreeing = all.filter { zip($0.tags, targets).allSatisfy { $1 == nil || $0 == $1 } }
      let loss = log(sum) - log(agreeing.reduce(0) { $0 + exp($1.score) })
      let found = places.reduce(0) { $0 + test.model.loss(row: $1) }
      #expect(abs(found - loss) < 1e-5 * max(loss, 1), "\(found), \(loss)")
      let best = all.max { $0.score < $1.score }?.tags
      #expect(places.map { Int(test.model.prediction(row: $0)) } == best)
      for (t, row) in places.enumerated() {
        for tag in 0..<classes {
          let marginal = all.reduce(0) { $0 + ($1.tags[t] == tag ? exp($1.score) : 0) } / sum
          #expect(abs(exp(Double(test.logits[row * classes + tag])) - marginal) < 1e-5)
        }
      }
    }
  }

  /// Scores that differ by hundreds of nats have sums still; what is no number is none in the loss either.
  @Test func scoresOfAnySizeHaveASum() throws {
    for (scale, isFinite) in [(Float(80), true), (Float(290), true), (.infinity, false), (.nan, false)] {
      let (test, _) = OutputTest.model(Self.shape(classes: 4), OutputTest.lengths[0])
      let layout = test.parameters.layout
      let transitions = try #require(layout.parameters.first { $0.name == "decoder.transitions" })
      let bias = try #require(layout.parameters.first { $0.name == "decoder.bias" })
      let values = (0..<16).map { Float($0 % 3 - 1) * scale }
      layout.setElements(of: transitions, in: test.parameters.values, to: values)
      layout.setElements(of: bias, in: test.parameters.values, to: [0, 1e4, -1e4, 3e4])
      Workers(count: 1).run(PhaseList(test.gradientPhases))
      #expect(test.model.lossSum.isFinite == isFinite, "\(scale)")
      #expect((test.model.lossSum >= 0) == isFinite)
      let gradient = test.gradientMatrices["decoder.transitions"]?.values ?? []
      #expect(gradient.allSatisfy(\.isFinite) == isFinite && gradient.count == 16, "\(scale)")
    }
  }

  /// As a treebank may have them, one to a minibatch: nothing is lost, learnt or no number.
  @Test func sentencesWithoutTagsTeachNothing() throws {
    let (test, sentences) = OutputTest.model(Self.shape(classes: 4), OutputTest.lengths[0])
    var untagged = sentences.sequences
    for sequence in untagged.indices {
      for token in untagged[sequence].indices { untagged[sequence][token].target = nil }
    }
    test.load(Sentences(sequences: untagged, spellings: []), step: OutputTest.step)
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    #expect(test.model.lossSum == 0)
    for (name, gradient) in test.gradientMatrices {
      #expect(gradient.values.allSatisfy { $0 == 0 }, "\(name)")
    }
  }

  /// Whose rounding must not make it below zero, since a loss never is.
  @Test func aCertainTagCostsNothing() throws {
    let (test, _) = OutputTest.model(Self.shape(classes: 1), OutputTest.lengths[1])
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    let losses = (0..<test.model.minibatch.rows).map(test.model.loss)
    #expect(losses.allSatisfy { $0 >= 0 && $0 < 1e-12 })
  }

  /// Where scores have no sums, tags are those of no minibatch before.
  @Test func scoresBeyondTheBoundHaveNoTags() throws {
    let (test, _) = OutputTest.model(Self.shape(classes: 4), OutputTest.lengths[0])
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    let rows = 0..<test.model.minibatch.rows
    #expect(rows.contains { test.model.prediction(row: $0) != 0 })
    let transitions = try #require(test.parameters.layout.parameters.first { $0.name == "decoder.transitions" })
    test.parameters.layout.setElements(
      of: transitions, in: test.parameters.values, to: [Float](repeating: -1e4, count: 16))
    Workers(count: 1).run(PhaseList(test.gradientPhases))
    #expect(rows.allSatisfy { test.model.prediction(row: $0) == 0 && test.model.loss(row: $0).isNaN })
  }
}
