import Compute
import Configuration
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// Means of parameters: PyTorch's numbers, when they begin, what each step weighs, and the same bits everywhere.
@Suite struct AveragingTests {
  private static func exponential(decay: Double) -> RunConfiguration.Averaging {
    var averaging = RunConfiguration.ExponentialAveraging()
    averaging.decay = decay
    return .exponential(averaging)
  }

  private static let mean = RunConfiguration.Averaging.mean(RunConfiguration.MeanAveraging())

  private static func nonMonotone(interval: Int) -> RunConfiguration.Averaging {
    var averaging = RunConfiguration.NonMonotoneAveraging()
    averaging.interval = interval
    return .nonMonotone(averaging)
  }

  /// See Golden/make_golden_averaging.py.
  @Test func meansArePyTorchs() throws {
    let (model, golden) = try GoldenNumbers.read("averaging", of: GoldenWindows.self, GoldenAveraging.self)
    let averagings = [
      "exponential": Self.exponential(decay: 0.8), "mean": Self.mean, "nt-asgd": Self.nonMonotone(interval: 5),
    ]
    #expect(Set(golden.cases.map(\.averaging)) == Set(averagings.keys))
    for expected in golden.cases {
      let averaging = try #require(averagings[expected.averaging])
      let optimizer = try #require(optimizers.first { $0.name == expected.optimizer }).configuration
      let run = TrainingRun(try model.sizes, optimizer, workers: 2)
      run.test.putParameters(golden.parameters)
      run.train(
        on: model.windows,
        weight: { step in
          step < expected.first ? nil : averaging.weight(ofStep: step - expected.first + 1)
        })
      let layout = run.averages.mean.layout
      #expect(Set(expected.means.keys) == Set(layout.parameters.map(\.name)))
      for parameter in layout.parameters {
        let found = layout.elements(of: parameter, in: run.averages.mean.values).map(Double.init)
        let error = relativeError(of: found, from: expected.means[parameter.name] ?? [])
        #expect(error < GoldenNumbers.tolerance, "\(expected.averaging), \(expected.optimizer): \(parameter.name)")
      }
    }
  }

  /// Of plain numbers instead of parameters, in double precision.
  @Test func weightsAreThoseOfTheSums() {
    let values = (0..<40).map { Double($0 * $0 % 17) }
    for (averaging, decay) in [
      (Self.mean, 1), (Self.exponential(decay: 0.9), 0.9), (Self.nonMonotone(interval: 1), 1.0),
    ] {
      var mean = Double.nan
      for (step, value) in zip(1..., values) {
        let weight = averaging.weight(ofStep: step)
        mean = step == 1 ? value : mean + Double(weight) * (value - mean)
        #expect((weight == 1) == (step == 1))
        let weights = (0..<step).map { power(decay, step - 1 - $0) }
        let sum = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(mean - sum / weights.reduce(0, +)) < 1e-5, "\(averaging.name), step \(step)")
      }
    }
  }

  @Test func theFirstEpochOfFixedStarts() {
    #expect(Self.mean.firstEpoch(validationMeasures: []) == 1)
    #expect(Self.exponential(decay: 0.5).firstEpoch(validationMeasures: [3, 4, 5]) == 0)
  }

  /// As the authors' program has it: `len(best_val_loss) > nonmono and val_loss > min(best_val_loss[:-nonmono])`.
  @Test(arguments: [1, 2, 5])
  func theTriggerIsThePapers(interval: Int) {
    var random = TestRandom(seed: 5)
    for _ in 0..<200 {
      let measures = (0..<14).map { 5 - 0.2 * Double($0) + Double(random.next() % 1000) / 500 }
      var earlier: [Double] = []
      var expected: Int?
      for (epoch, measure) in zip(1..., measures) {
        #expect(Self.nonMonotone(interval: interval).firstEpoch(validationMeasures: earlier) == expected)
        if expected == nil, earlier.count > interval, let best = earlier.dropLast(interval).min(), measure > best {
          expected = epoch
        }
        earlier.append(measure)
      }
      #expect(Self.nonMonotone(interval: interval).firstEpoch(validationMeasures: measures) == expected)
    }
    // It never fires while validation falls.
    let falling = (0..<50).map { 100 - Double($0) }
    #expect(Self.nonMonotone(interval: interval).firstEpoch(validationMeasures: falling) == nil)
  }

  /// Rows that a step doesn't touch included; the parameters themselves are what they are without.
  @Test(arguments: [false, true])
  func anyNumberOfWorkersOnAnyInstructionSet(sparse: Bool) {
    let sizes = sparse ? SparseUpdateTests.sizes : SameStepsTests.sizes
    let optimizer = optimizers[0].configuration
    func train(workers: Int, kernels: Kernels, averages: Bool = true) -> (mean: Snapshot, trained: Snapshot) {
      let run = TrainingRun(sizes, optimizer, clipNorm: 0.25, sparse: sparse, workers: workers, kernels: kernels)
      run.train(
        on: SameStepsTests.windows(sizes),
        weight: { averages && $0 > 1 ? Self.exponential(decay: 0.7).weight(ofStep: $0 - 1) : nil })
      #expect(run.test.paddingIsZero(run.averages.mean.values))
      var mean = Snapshot()
      mean.add("mean", run.averages.mean.values)
      return (mean, run.snapshot)
    }
    let expected = train(workers: 1, kernels: Kernels.available[0])
    let without = train(workers: 1, kernels: Kernels.available[0], averages: false)
    #expect(without.trained.differences(from: expected.trained) == [])
    #expect(without.mean.differences(from: expected.mean) == ["mean"])
    for kernels in Kernels.available {
      for workers in [1, 2, 3, 16] {
        let found = train(workers: workers, kernels: kernels)
        #expect(found.mean.differences(from: expected.mean) == [], "\(workers) workers, \(kernels.name)")
      }
    }
  }
}

/// PyTorch's means of the parameters of the same steps.
private struct GoldenAveraging: Decodable {
  struct Case: Decodable {
    let averaging, optimizer: String
    /// The first step that counts, from 1.
    let first: Int
    let means: [String: [Double]]
  }

  let parameters: [String: [Float]]
  let cases: [Case]
}
