import Diagnostics
import Keys
import Optimizers

extension RunConfiguration {
  /// How the network learns.
  package struct Training: Sendable, Equatable {
    /// Passes over the training split.
    package var epochs = 10
    /// Streams (language model) or sentences (tagging) in a minibatch.
    package var batchSize = 32
    /// Parts of a minibatch with a gradient of their own, which are summed.
    package var shards = 1
    /// Timesteps in a window of truncated BPTT; a tagger's sentences are read whole.
    package var bptt = 35
    /// Absent: every window has `bptt` timesteps.
    package var randomWindows: RandomWindows?
    @OptimizerKey package var optimizer: any Optimizer = SGD()
    /// What the loss of each of a tagger's columns counts for, in the order of `data.tags`; absent: 1.
    package var tagWeights: [Double]?
    /// Whether rows of an embedding that a minibatch doesn't have keep weights and moments as they are.
    package var sparseUpdates = false
    package var schedule = Schedule.constant
    /// Absent: the model is what the last step made of it.
    package var averaging: Averaging?
    /// Names of parameters that stay as they are, or of groups of them; absent: all are trained.
    package var freeze: [String]?
    /// The weight of the mean square of the last layer's outputs in what is minimized.
    package var activationRegularization = 0.0
    /// That of the mean square of how much the last layer's hidden states change from timestep to timestep.
    package var temporalActivationRegularization = 0.0
    /// The largest norm of the gradient; 0: no clipping.
    package var clipNorm = 5.0
    /// What to do when the loss or the gradient is no longer finite.
    package var onDivergence = DivergencePolicy.stop
    /// Absent: train for all epochs.
    package var earlyStopping: EarlyStopping?
    /// How long one process trains; absent: to the end.
    package var timeLimit: Duration?

    package init() {}
  }

  /// Windows whose lengths are drawn from normal distributions, most around `bptt`, and a learning rate that follows the length
  /// (Merity, Keskar and Socher: Regularizing and Optimizing LSTM Language Models, ICLR 2018, section 4.1).
  package struct RandomWindows: Sendable, Equatable {
    /// The share of windows that are around half of `bptt`.
    package var halved = 0.05
    /// In timesteps.
    package var deviation = 5.0
    package var shortest = 5

    package init() {}
  }

  /// What a run does when its loss or its gradient is no longer finite.
  package enum DivergencePolicy: Sendable, Equatable {
    case stop
    /// Goes back to the last checkpoint and on with half the learning rate, up to so many times.
    case rollback(limit: Int)
  }

  /// Ends training when the validation loss has stopped falling.
  package struct EarlyStopping: Sendable, Equatable {
    /// Epochs to wait for a better validation loss.
    package var patience = 3

    package init() {}
  }

  /// How the network is measured.
  package struct Evaluation: Sendable, Equatable {
    /// Streams that a split is read as; 1 is the textbook perplexity.
    package var streams = 10

    package init() {}
  }

  /// What is kept of a run.
  package struct Output: Sendable, Equatable {
    /// The run directory, relative to the working directory.
    package var directory: String
    /// Steps between checkpoints; an epoch's end always makes one too.
    package var checkpointEvery = 1000
    /// Checkpoints to keep beside the best one.
    package var keep = 2
    /// Whether TensorBoard gets an event file.
    package var tensorboard = false

    package init(directory: String) { self.directory = directory }
  }
}

extension RunConfiguration.Training: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("epochs", &epochs, .whole(1...1_000_000), "passes over the training split")
    keys.value(
      "batch_size", &batchSize, .whole(1...65_536), "streams (language model) or sentences (tagging) in a minibatch")
    keys.value(
      "shards", &shards, .whole(1...65_536),
      "parts of a minibatch that have a gradient of their own each, summed in a fixed order; one is fastest")
    keys.value(
      "bptt", &bptt, .whole(1...65_536),
      "timesteps in a window of truncated BPTT (language model; a tagger reads sentences whole)")
    keys.optionalSection(
      "random_windows", &randomWindows, defaults: RunConfiguration.RandomWindows(),
      "draws the length of each window anew, and scales the learning rate by length / bptt (Merity et al. 2018); absent: off"
    )
    keys.optional(
      "tag_weights", &tagWeights, .numbers(.positive),
      "what the loss of each column counts for, in the order of data.tags (tagging); absent: 1 each")
    keys.section("optimizer", &_optimizer, "how parameters follow the gradient")
    keys.value(
      "sparse_updates", &sparseUpdates, .flag,
      "whether moments and decay wait: of embeddings and a sampled output's words until the word occurs, of word classes and "
        + "an adaptive output's clusters until one of their words is a target")
    keys.section("schedule", &schedule, "how the learning rate changes")
    keys.optionalSection(
      "averaging", &averaging, defaults: .exponential(RunConfiguration.ExponentialAveraging()),
      "for validation, checkpoints and all commands the model is a mean of many steps' parameters, while steps go on "
        + "without it (Polyak and Juditsky 1992); absent: off")
    keys.optional(
      "freeze", &freeze, .names,
      "parameters that stay as they are, as checkpoints name them or by the beginnings of names: [embedding, rnn.l0]")
    keys.value(
      "activation_regularization", &activationRegularization, .number(.nonNegative),
      "weight of the mean square of the last layer's outputs, after dropout, beside the loss (AR, Merity et al. 2018)")
    keys.value(
      "temporal_activation_regularization", &temporalActivationRegularization, .number(.nonNegative),
      "weight of the mean square of the change of its hidden states between timesteps (TAR, Merity et al. 2018)")
    keys.value("clip_norm", &clipNorm, .number(.nonNegative), "largest norm of the gradient; 0: no clipping")
    keys.variant(&onDivergence)
    keys.optionalSection(
      "early_stopping", &earlyStopping, defaults: RunConfiguration.EarlyStopping(),
      "ends training when the validation loss has stopped falling; absent: off")
    keys.optional(
      "time_limit", &timeLimit, .duration, "how long one process trains before it saves and stops; absent: to the end")
  }
}

extension RunConfiguration.Training {
  /// What is wrong with weights of other columns than so many.
  package func objection(toWeightsOf columns: Int) -> Objection {
    Objection(
      key: "training.tag_weights",
      reason: "expected a number for each of \(counted(columns, "column")), found \(tagWeights?.count ?? 0)",
      otherKeys: ["data.tags"])
  }
}

extension RunConfiguration.RandomWindows: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("halved", &halved, .number(.share), "share of the windows whose mean length is half of bptt, not bptt")
    keys.value("deviation", &deviation, .number(.nonNegative), "standard deviation of a window's length, in timesteps")
    keys.value("shortest", &shortest, .whole(1...65_536), "fewest timesteps of a window")
  }

  /// What doesn't go with the windows' usual length.
  func objections(bptt: Int) -> [Objection] {
    var objections: [Objection] = []
    func object(_ key: String, _ reason: String) {
      objections.append(
        Objection(key: "training.random_windows.\(key)", reason: reason, otherKeys: ["training.bptt"]))
    }
    if shortest > bptt { object("shortest", "is above bptt, which is \(bptt)") }
    if deviation > Double(bptt) { object("deviation", "is above bptt, which is \(bptt)") }
    return objections
  }
}

extension RunConfiguration.DivergencePolicy: KeyVariant {
  package static let selector = VariantSelector.value(
    ofKey: "on_divergence", noun: "policy", help: "what to do when the loss is no longer finite")

  package static let alternatives: [Self] = [.stop, .rollback(limit: 5)]

  package var name: String {
    switch self {
    case .stop: "stop"
    case .rollback: "rollback"
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .stop: break
    case .rollback(var limit):
      keys.value(
        "rollbacks", &limit, .whole(1...30), "times to go back to the last checkpoint, on with half the learning rate")
      self = .rollback(limit: limit)
    }
  }
}

extension RunConfiguration.EarlyStopping: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("patience", &patience, .whole(1...1_000_000), "epochs to wait for a better validation loss")
  }
}

extension RunConfiguration.Evaluation: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("streams", &streams, .whole(1...65_536), "streams that a split is read as; 1: the textbook perplexity")
  }
}

extension RunConfiguration.Output: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("directory", &directory, .outputDirectory, "the run directory, relative to the working directory")
    keys.value(
      "checkpoint_every", &checkpointEvery, .whole(1...Int.max),
      "steps between checkpoints; always at an epoch's end too")
    keys.value("keep", &keep, .whole(1...1_000_000), "checkpoints to keep beside the best one")
    keys.value("tensorboard", &tensorboard, .flag, "whether to write an event file for TensorBoard too")
  }
}
