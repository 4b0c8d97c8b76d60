import Compute
import ModelTestSupport
import Models
import Optimizers
import Testing
import Training

/// What a step does to the parameters: the textbook's update, the clipped one, and none where the numbers gave out.
@Suite struct TrainingStepTests {
  static let sizes = ModelCase(
    .tanh, layers: 1, vocabulary: 23, embedding: 7, hidden: 13, classes: 19, streams: 3, timesteps: 11)

  private static func window(_ sizes: ModelCase = sizes, seed: UInt64 = 31) -> Window {
    var random = TestRandom(seed: seed)
    return Window(timesteps: sizes.timesteps, streams: sizes.streams, of: sizes.shape, using: &random)
  }

  @Test(arguments: Activation.allCases)
  func aStepOfSGDFollowsTheExplicitDoubleSum(_ activation: Activation) {
    let sizes = ModelCase(
      activation, layers: 1, vocabulary: 23, embedding: 7, hidden: 13, classes: 19, streams: 3, timesteps: 11)
    // A rate at which the step outweighs what it starts from.
    let rate = 50.0
    let run = TrainingRun(sizes, SGD(learningRate: rate), workers: 2)
    var random = TestRandom(seed: 32)
    let state = randomState(of: sizes.shape, streams: sizes.streams, using: &random)
    let before = run.test.reference
    let gradients = before.explicitGradients(Self.window(sizes), from: state)
    run.test.load(state)
    run.train(on: [Self.window(sizes)])

    for (name, after) in run.test.matrices(run.test.parameters.values) {
      let expected = zip(before.parameter(name).values, gradients[name]?.values ?? []).map { $0 - rate * $1 }
      #expect(relativeError(of: after.values, from: expected) < 2e-6, "\(name)")
    }
  }

  @Test func theGradientsNormIsThatOfAllTensorsTogether() {
    let run = TrainingRun(Self.sizes, SGD(learningRate: 1))
    let state = [Matrix(rows: Self.sizes.streams, columns: Self.sizes.shape.units[0])]
    let reference = run.test.reference
    let gradients = reference.gradients(Self.window(), reference.forward(Self.window(), from: state))
    let norm = gradients.values.flatMap(\.values).reduce(0) { $0 + $1 * $1 }.squareRoot()
    run.train(on: [Self.window()]) { #expect(abs($0.gradientNorm - norm) < 1e-6 * norm) }
  }

  @Test func clippingShortensTheStepToTheLimitAndNoFurther() {
    func distance(clipNorm: Double) -> Double {
      let run = TrainingRun(Self.sizes, SGD(learningRate: 1), clipNorm: clipNorm)
      let before = run.test.parameters.values.floats.map(Double.init)
      run.train(on: [Self.window()])
      return zip(before, run.test.parameters.values.floats).reduce(0) {
        $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1))
      }.squareRoot()
    }
    let whole = distance(clipNorm: 0)
    #expect(whole > 0.1)
    #expect(abs(distance(clipNorm: 0.01) - 0.01) < 1e-5)
    #expect(distance(clipNorm: 2 * whole) == whole)
  }

  @Test func aMinibatchWithoutTargetsChangesNothing() {
    let run = TrainingRun(Self.sizes, SGD(learningRate: 1, momentum: 0.9), clipNorm: 1)
    let before = Array(run.test.parameters.values.floats)
    let inputs = Self.window().inputs
    let window = Window(
      timesteps: Self.sizes.timesteps, streams: Self.sizes.streams, inputs: inputs, targets: inputs.map { _ in nil })
    run.train(on: [window]) {
      #expect($0.targets == 0 && $0.lossSum == 0 && $0.gradientNorm == 0 && !$0.diverged)
    }
    #expect(run.test.parameters.values.floats.elementsEqual(before))
  }

  // MARK: divergence

  /// Ways for the numbers to give out.
  enum Fault: CaseIterable {
    /// A parameter that is not a number.
    case notANumber
    /// Hidden states past the largest float.
    case overflow
    /// Logits so far apart that only the loss overflows, while the gradient is finite.
    case infiniteLoss

    var activation: Activation { self == .overflow ? .relu : .tanh }

    func put(into parameters: Parameters) {
      switch self {
      case .notANumber: parameters.view("decoder.weight")[3, 2] = .nan
      case .overflow: parameters.view("rnn.bias_ih_l0")[0, 0] = .greatestFiniteMagnitude
      case .infiniteLoss:
        for index in 0..<parameters.shape.classes {
          parameters.view("decoder.bias")[0, index] = index == 0 ? 3e38 : -3e38
        }
      }
    }
  }

  @Test(arguments: Fault.allCases, optimizers.map(\.name))
  func divergenceIsReportedAndLeavesTheParametersAlone(_ fault: Fault, optimizer name: String) throws {
    let configuration = try #require(optimizers.first { $0.name == name }).configuration
    let sizes = ModelCase(
      fault.activation, layers: 1, vocabulary: 23, embedding: 7, hidden: 13, classes: 19, streams: 3, timesteps: 11)
    for clipNorm in [0, 0.25] {
      let run = TrainingRun(sizes, configuration, clipNorm: clipNorm, workers: 2)
      run.train(on: [Self.window(sizes)]) { #expect(!$0.diverged) }
      fault.put(into: run.test.parameters)
      let before = run.snapshot
      run.train(on: [Self.window(sizes, seed: 33)]) { #expect($0.diverged) }
      let differences = Set(run.snapshot.differences(from: before))
      let kept = ["parameters"] + run.optimizer.moments.map(\.name)
      #expect(differences.isDisjoint(with: kept), "clip norm \(clipNorm)")
    }
  }

  // MARK: learning

  @Test(arguments: Activation.allCases, [1, 2])
  func oneMinibatchIsLearntByHeart(_ activation: Activation, layers: Int) {
    let sizes = ModelCase(
      activation, layers: layers, vocabulary: 23, embedding: 15, hidden: 40, classes: 23, streams: 4, timesteps: 9)
    var window = Self.window(sizes)
    // Streams that begin alike could not be told apart at first.
    for stream in 0..<sizes.streams { window.inputs[stream] = stream }
    let run = TrainingRun(sizes, Adam(.coupled, learningRate: 0.01, beta1: 0.9, beta2: 0.999, weightDecay: 0))
    var losses: [Double] = []
    run.test.load(window)
    for step in 1...400 {
      run.test.model.resetState()
      losses.append(run.step.run(step: step, learningRate: 0.01) { _ in }.lossSum)
    }
    #expect((losses.last ?? .infinity) < 0.01 * losses[0])
  }
}
