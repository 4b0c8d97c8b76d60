import Compute
import ModelTestSupport
import Models
import Testing

/// Every phase of a model says what it writes: where each of its jobs is done by two, the watchdog has to see it.
@Suite(.enabled(if: Watchdog.isOn, "only debug builds have a watchdog"))
struct PhaseWatchdogTests {
  enum Network: Int, CaseIterable, Codable {
    /// Both directions, characters, readers, dropout, residual connections.
    case tagger
    /// Projections shared by rows, recurrences shared out by units, and a tied embedding.
    case languageModel
    case sampled, wordClasses, adaptive

    /// A model with a minibatch.
    var model: TestModel {
      var random = TestRandom(seed: 3)
      switch self {
      case .tagger:
        let sizes = NetworkCase(
          .lstm, layers: 2, isBidirectional: true, .ragged,
          [.residual, .inputDropout, .layerDropout, .characters, .readers])
        let test = TestModel(
          sizes.shape, lengths: sizes.lengths, dropout: sizes.dropout, penalties: sizes.penalties, carriesState: false,
          workers: 2)
        test.load(Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random))
        return test
      case .languageModel:
        let sizes = NetworkCase(.lstm, layers: 2, isBidirectional: false, .uniform, [.tied])
        let test = TestModel(
          sizes.shape, lengths: sizes.lengths, dropout: sizes.dropout, penalties: sizes.penalties, carriesState: true,
          workers: 3)
        test.model.sharingTrial.settle(on: 0)
        test.load(Sentences(lengths: sizes.lengths, of: sizes.shape, using: &random))
        return test
      case .sampled: return OutputTest.model(OutputCase(output: .sampled(samples: 9)).shape, OutputTest.lengths[0]).0
      case .wordClasses: return OutputTest.model(OutputCase(output: .wordClasses(5)).shape, OutputTest.lengths[0]).0
      case .adaptive:
        let output = OutputCase(output: .adaptive(cutoffs: [4, 9], divValue: 2))
        return OutputTest.model(output.shape, OutputTest.lengths[0]).0
      }
    }

    /// The phases up to the one that is meant, which is one of those that have jobs; that one with every job twice.
    ///
    /// - Returns: nil if there are no more.
    func phases(of test: TestModel, doubling number: Int) -> [Phase]? {
      let phases = test.gradientPhases
      var active = 0
      for (index, phase) in phases.enumerated() {
        if phase.jobs() > 0 {
          if active == number {
            return phases[..<index] + [Phase(phase.kind, jobs: { 2 * phase.jobs() }, run: { phase.run($0 / 2) })]
          }
          active += 1
        }
        Workers(count: 1).run(PhaseList([phase]))
      }
      return nil
    }
  }

  @Test(arguments: Network.allCases)
  func everyPhaseSaysWhatItWrites(_ network: Network) async {
    let test = network.model
    var number = 0
    while let kind = network.phases(of: test, doubling: number)?.last?.kind {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        [network, number = number as Int] in
        let test = network.model
        let phases = network.phases(of: test, doubling: number) ?? []
        // Phases keep no memory alive.
        withExtendedLifetime(test) { Workers(count: 1).run(PhaseList(phases)) }
      }
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains("(\(kind.rawValue)): job "), "phase \(number) of those with jobs")
      number += 1
    }
    #expect(number > 8)
  }

  @Test(arguments: Network.allCases)
  func noPhaseBreaksTheRule(_ network: Network) {
    let test = network.model
    withExtendedLifetime(test) { Workers(count: 2).run(PhaseList(test.gradientPhases)) }
  }
}
