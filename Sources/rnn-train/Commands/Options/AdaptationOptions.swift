import ArgumentParser
import Compute
import Configuration
import Datasets
import Diagnostics
import Foundation
import Inference
import Presentation
import Training

/// How a language model follows the text that it reads.
struct AdaptationOptions: ParsableArguments {
  @Flag(help: "Let the parameters follow the text: dynamic evaluation. The checkpoint stays as it is.")
  var dynamic = false

  @Option("How far they follow it.", unlessGiven: Self.defaultRate)
  var dynamicRate: Double?

  @Option(
    "What share of their way from the trained parameters they go back after each segment.",
    unlessGiven: Self.defaultDecay)
  var dynamicDecay: Double?

  @Option("Timesteps of a segment, after each of which they change.", unlessGiven: Self.defaultSegment)
  var dynamicSegment: Int?

  @Flag(
    help: ArgumentHelp(
      "Leave the gradients as they are, for want of the training text: plain SGD, which takes a rate of about 0.1."))
  var dynamicSgd = false

  @Option(
    help: ArgumentHelp(
      "The text whose gradients rates are relative to. (default: what the model was trained on)", valueName: "file"),
    completion: .file())
  var trainingText: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Make what came after similar states among the last n timesteps likelier: a neural cache.", valueName: "n"))
  var cache: Int?

  @Option("How similar the states have to be.", unlessGiven: Self.defaultTheta)
  var cacheTheta: Double?

  @Option("The cache's share of the probabilities.", unlessGiven: Self.defaultWeight)
  var cacheWeight: Double?

  private static let (defaultRate, defaultSGDRate, defaultDecay, defaultSegment) = (5e-5, 0.1, 0.002, 5)
  private static let (defaultTheta, defaultWeight) = (0.5, 0.2)

  /// Those in use that make a model follow the text.
  var names: [String] { (dynamic ? ["--dynamic"] : []) + (cache == nil ? [] : ["--cache"]) }

  func validate() throws {
    let ofDynamic: [(String, Bool)] = [
      ("--dynamic-rate", dynamicRate != nil), ("--dynamic-decay", dynamicDecay != nil),
      ("--dynamic-segment", dynamicSegment != nil), ("--dynamic-sgd", dynamicSgd),
      ("--training-text", trainingText != nil),
    ]
    if !dynamic, let (name, _) = ofDynamic.first(where: \.1) { throw ValidationError("\(name) needs --dynamic") }
    let ofCache = [("--cache-theta", cacheTheta != nil), ("--cache-weight", cacheWeight != nil)]
    if cache == nil, let (name, _) = ofCache.first(where: \.1) { throw ValidationError("\(name) needs --cache N") }
    if dynamicSgd && trainingText != nil {
      throw ValidationError("expected one of --dynamic-sgd and --training-text: plain SGD needs no training text")
    }
    func require(_ name: String, _ value: Double?, _ expected: String, _ isRight: (Double) -> Bool) throws {
      guard let value, !(value.isFinite && isRight(value)) else { return }
      throw ValidationError("\(name) \(value): expected \(expected)")
    }
    try require("--dynamic-rate", dynamicRate, "a number from 0 on") { $0 >= 0 }
    try require("--dynamic-decay", dynamicDecay, "a number from 0 to 1") { (0...1).contains($0) }
    // Scores are in single precision: more of it, and they are infinite.
    try require("--cache-theta", cacheTheta, "a number from 0 to 1000000") { (0...1_000_000).contains($0) }
    try require("--cache-weight", cacheWeight, "a number from 0 on, below 1") { (0..<1).contains($0) }
    if let dynamicSegment, !(1...1000).contains(dynamicSegment) {
      throw ValidationError("--dynamic-segment \(dynamicSegment): expected a number from 1 to 1000")
    }
    if let cache, !(1...1_000_000).contains(cache) {
      throw ValidationError("--cache \(cache): expected a number from 1 to 1000000")
    }
  }

  /// How the model is going to follow the text; reads the training text where that takes it.
  ///
  /// - Parameter path: the checkpoint's file.
  func adaptation(
    of model: TrainedModel, _ checkpoint: Checkpoint, path: String, workers: Workers, _ console: Console
  ) throws -> Adaptation {
    if let option = names.first { try checkpoint.configuration.task.requireStreams(for: option) }
    var adaptation = Adaptation(
      cache: cache.map {
        NeuralCache(size: $0, theta: cacheTheta ?? Self.defaultTheta, weight: cacheWeight ?? Self.defaultWeight)
      })
    guard dynamic else { return adaptation }
    let segment = dynamicSegment ?? Self.defaultSegment
    let statistics =
      dynamicSgd ? nil : try statistics(of: model, checkpoint, path: path, segment: segment, workers: workers, console)
    adaptation.dynamic = DynamicEvaluation(
      rate: dynamicRate ?? (dynamicSgd ? Self.defaultSGDRate : Self.defaultRate),
      decay: dynamicDecay ?? Self.defaultDecay, segment: segment, statistics: statistics)
    return adaptation
  }

  /// Says so where the model foretells the text no better than by guessing: parameters that run away stay finite for long.
  ///
  /// - Parameter loss: in nats per target.
  func noteWorseThanGuessing(loss: Double, of model: TrainedModel, _ console: Console) {
    let guessing = log(Double(model.vocabulary.count))
    guard dynamic, !(loss < guessing) else { return }
    console.warn(
      "the model is worse than guessing: \(Format.loss(loss)) nats per target, where guessing among its "
        + "\(Format.count(model.vocabulary.count)) tokens has \(Format.loss(guessing)); unless it is so without --dynamic, too, lower "
        + "--dynamic-rate")
  }

  private func statistics(
    of model: TrainedModel, _ checkpoint: Checkpoint, path: String, segment: Int, workers: Workers, _ console: Console
  ) throws -> GradientStatistics {
    let text = try text(checkpoint, path: path, model, console)
    return try GradientStatisticsCache().statistics(of: model, on: text, segment: segment) {
      console.say("reading \(Format.count(text.tokens.count)) tokens of training text for the RMS of its gradients")
      let progress = ReadingProgress("training text", console)
      defer { progress.end() }
      return try GradientStatistics(of: model, on: text, segment: segment, workers: workers, check: progress.show)
    } notice: {
      console.warn($0)
    }
  }

  private func text(
    _ checkpoint: Checkpoint, path: String, _ model: TrainedModel, _ console: Console
  ) throws -> TokenSequence {
    if let trainingText {
      let configuration = checkpoint.configuration
      return try configuration.task.read(trainingText, format: configuration.format, for: model).sequence
    }
    do {
      return try checkpoint.split([.train], file: path, remedy: "it is what rates are relative to", console).1
    } catch let error as any DiagnosedError {
      throw TrainingTextMissing(cause: error)
    }
  }
}

extension Option {
  /// A number that only counts where something else was given.
  ///
  /// - Parameter standard: what it is unless it is given: `nil` tells whether it was.
  fileprivate init<Number: ExpressibleByArgument & CustomStringConvertible>(
    _ purpose: String, unlessGiven standard: Number
  ) where Value == Number? {
    self.init(
      parsing: .unconditional,
      help: ArgumentHelp("\(purpose) (default: \(standard))", valueName: Number.self is Int.Type ? "n" : "x"))
  }
}

extension Task {
  /// - Parameter option: one that was given and is for language models.
  func requireStreams(for option: String) throws {
    guard !carriesState else { return }
    throw ValidationError("\(option) is for language models; a \(title.lowercased()) reads sentence by sentence")
  }
}

/// What dynamic evaluation can't have its rates relative to.
private struct TrainingTextMissing: DiagnosedError {
  let cause: any DiagnosedError

  var exitCode: Diagnostics.ExitCode { cause.exitCode }
  var description: String {
    "\(cause); dynamic evaluation needs the training text: say where it is by --training-text FILE, or do without by "
      + "--dynamic-sgd"
  }
}
