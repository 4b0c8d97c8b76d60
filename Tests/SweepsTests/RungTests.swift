import Configuration
import ConfigurationFiles
import Sweeps
import Testing

/// Successive halving: how many trials train how far, and which.
struct RungTests {
  private static func asha(_ minEpochs: Int, _ factor: Int) -> SweepConfiguration.Method {
    var halving = SweepConfiguration.Halving()
    halving.minEpochs = minEpochs
    halving.reductionFactor = factor
    return .asha(halving)
  }

  private static func ladder(_ method: SweepConfiguration.Method, _ trials: Int, _ epochs: Int) -> [[Int?]] {
    Rung.ladder(method, trials: trials, epochs: epochs).map { [$0.count, $0.epochs] }
  }

  @Test func ladders() {
    #expect(Self.ladder(.grid, 7, 12) == [[7, nil]])
    #expect(Self.ladder(.random, 7, 12) == [[7, nil]])
    #expect(Self.ladder(Self.asha(1, 3), 9, 9) == [[9, 1], [3, 3], [1, nil]])
    #expect(Self.ladder(Self.asha(1, 3), 10, 10) == [[10, 1], [3, 3], [1, 9], [1, nil]])
    #expect(Self.ladder(Self.asha(2, 2), 20, 7) == [[20, 2], [10, 4], [5, nil]])
    #expect(Self.ladder(Self.asha(5, 2), 20, 5) == [[20, nil]])
  }

  @Test func theBestGoOn() {
    let rung = Rung(epochs: 3, count: 3)
    let values = [0: 2.5, 1: 2.1, 2: 2.1, 3: 1.9, 5: 2.1]
    #expect(rung.promoted(from: values, goal: .minimize) == [1, 2, 3])
    #expect(rung.promoted(from: values, goal: .maximize) == [0, 1, 2])
    #expect(rung.promoted(from: [4: 1], goal: .minimize) == [4])
    #expect(rung.promoted(from: [:], goal: .minimize) == [])
  }
}

/// The processors that trials get.
struct ProcessorSharesTests {
  @Test(arguments: [1, 2, 3, 7, 8, 16])
  func sharesArePartsOfTheBudget(cores: Int) throws {
    let available = (0..<16).map { 2 * $0 + 1 }
    for jobs in 1...cores {
      let shares = try ProcessorShares(available: available, cores: cores, jobs: jobs)
      for trials in 1...20 {
        let found = shares.shares(ofTrials: trials)
        #expect(found.count == min(jobs, trials))
        #expect(found.flatMap(\.self) == Array(available.prefix(cores)), "every processor, once")
        #expect(found.allSatisfy { !$0.isEmpty })
        let sizes = found.map(\.count)
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
    }
  }

  @Test func moreThanThereIsIsRefused() {
    #expect(throws: SweepError.tooManyJobs(3, processors: 2)) {
      try ProcessorShares(available: [0, 1], cores: nil, jobs: 3)
    }
    #expect(throws: SweepError.tooManyProcessors(3, available: 2)) {
      try ProcessorShares(available: [0, 1], cores: 3, jobs: 1)
    }
  }
}
