import Configuration
import ConfigurationFiles
import Datasets
import Keys
import Models
import Optimizers
import Tasks

extension RunConfiguration {
  /// A configuration that can be trained, different for every seed.
  static func sample(seed: UInt64) -> RunConfiguration {
    var dice = Dice(state: seed)
    var configuration = RunConfiguration(data: dice.data(), output: Output(directory: dice.path()))
    configuration.seed = dice.roll() ? Int.max : Int.random(in: 0...99, using: &dice)
    if dice.roll() { configuration.task = Tagging() }
    dice.adapt(&configuration.data, to: configuration.task)
    if configuration.task is LanguageModel, dice.roll() { configuration.direction = .backward }
    if case .text(let corpus) = configuration.data, configuration.task is Tagging {
      configuration.training.tagWeights = dice.roll() ? corpus.tags.map { _ in dice.positive() } : nil
    }
    configuration.model = dice.model(of: configuration)
    if configuration.task is Tagging, dice.roll() {
      if case .synthetic = configuration.data {
      } else {
        var pair = RunConfiguration.CharacterModelPair()
        pair.forward = "/" + dice.path()
        pair.backward = dice.roll() ? nil : "/" + dice.path()
        configuration.model.characterModel = pair
      }
    }
    configuration.training.batchSize = Int.random(in: 1...65_536, using: &dice)
    if dice.roll() {
      configuration.training.shards = Int.random(in: 1...configuration.training.batchSize, using: &dice)
    }
    if dice.roll(), configuration.task is LanguageModel {
      configuration.training.bptt = Int.random(in: 5...99, using: &dice)
      configuration.training.randomWindows = RandomWindows()
      configuration.training.randomWindows?.halved = dice.share()
    }
    configuration.training.optimizer = dice.optimizer()
    configuration.training.schedule = dice.schedule()
    configuration.training.sparseUpdates = dice.roll()
    configuration.training.activationRegularization = dice.roll() ? 0 : dice.positive()
    configuration.training.temporalActivationRegularization = dice.roll() ? 0 : dice.positive()
    configuration.training.clipNorm = dice.roll() ? 0 : dice.positive()
    if dice.roll() { configuration.training.onDivergence = .rollback(limit: Int.random(in: 1...30, using: &dice)) }
    if dice.roll() { configuration.training.timeLimit = .seconds(Int.random(in: 1...9_999_999, using: &dice)) }
    if dice.roll(), configuration.validates {
      configuration.training.earlyStopping = EarlyStopping()
      configuration.training.earlyStopping?.patience = Int.random(in: 1...9, using: &dice)
    }
    if dice.roll() { configuration.training.averaging = dice.averaging(validates: configuration.validates) }
    if case .halving = configuration.training.schedule, !configuration.validates {
      configuration.training.schedule = .constant
    }
    configuration.evaluation.streams = Int.random(in: 1...20, using: &dice)
    configuration.output.checkpointEvery = Int.random(in: 1...Int.max, using: &dice)
    dice.start(&configuration)
    return configuration
  }

  /// Whether the schedule and early stopping can expect a validation loss.
  private var validates: Bool {
    if case .text(let corpus) = data { corpus.validation != nil } else { true }
  }
}

/// A small generator of random numbers (SplitMix64) with what a configuration is made of.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  mutating func roll() -> Bool { Bool.random(using: &self) }

  /// A number with all the digits that there can be.
  mutating func share() -> Double { Double.random(in: 0.001..<0.499, using: &self) }

  mutating func positive() -> Double { share() * [1e-20, 1e-3, 1, 1e6, 1e20][Int.random(in: 0..<5, using: &self)] }

  /// A path made of what YAML gives a meaning to, and of what it has trouble with.
  mutating func path() -> String {
    let parts = [
      "a", "no", "null", "~", "1e3", "- ", ": ", " #", "'", "\"", "\\", "é", "日本", "😀", "\t", "\n", "\u{7F}", "\u{85}",
      "\u{2028}", "a\u{FEFF}", "\u{E000}", "{", "]", "&x", "*y", "!z", "%", "@", "`", " ", "true", ".inf", "\r",
      "\u{1B}",
    ]
    return (0..<Int.random(in: 1...4, using: &self)).map { _ in parts.randomElement(using: &self) ?? "a" }.joined()
  }

  mutating func columns() -> WordColumns {
    var format = WordColumns()
    format.wordColumn = Int.random(in: 1...500, using: &self)
    format.tagColumn = Int.random(in: 501...1000, using: &self)
    (format.separator, format.comments) = (roll() ? .tab : .space, roll())
    return format
  }

  mutating func heldOut() -> RunConfiguration.HeldOut? {
    switch Int.random(in: 0..<3, using: &self) {
    case 0: nil
    case 1: .file("/" + path())
    default: .split(share())
    }
  }

  mutating func data() -> RunConfiguration.Data {
    switch Int.random(in: 0..<4, using: &self) {
    case 0: return .dataset(path: "/" + path())
    case 1:
      var corpus = RunConfiguration.SyntheticCorpus()
      corpus.classes = roll() ? 7 : nil
      return .synthetic(corpus)
    default:
      let files = (0..<Int.random(in: 1...3, using: &self)).map { _ in "/" + path() }
      var corpus = RunConfiguration.TextCorpus(train: files)
      corpus.validation = heldOut()
      corpus.test = heldOut()
      corpus.tokens = roll() ? .tokenizer("/" + path()) : .kind(TokenKind.allCases.randomElement(using: &self) ?? .word)
      if corpus.tokens == .kind(.bpe) || corpus.tokens.kind != .bpe && roll() {
        corpus.vocabulary.size = 500
      } else if corpus.tokens.kind != .bpe, roll() {
        corpus.vocabulary.file = "/" + path()
      }
      if corpus.tokens == .kind(.word), roll() { corpus.format = RunConfiguration.Format(columns()) }
      return .text(corpus)
    }
  }

  /// A model to begin with, or none.
  mutating func start(_ configuration: inout RunConfiguration) {
    guard configuration.model.vectors == nil, configuration.countsVocabulary, roll() else { return }
    configuration.model.from = "/" + path()
    configuration.training.freeze =
      [nil, ["rnn.l0"], ["embedding", "rnn.weight_hh"]].randomElement(using: &self) ?? nil
    guard case .text(var corpus) = configuration.data else { return }
    corpus.vocabulary.extends = corpus.tokens.kind != .bpe && roll()
    configuration.data = .text(corpus)
  }

  /// Takes out of the data what the task doesn't allow.
  mutating func adapt(_ data: inout RunConfiguration.Data, to task: any Task) {
    guard case .text(var corpus) = data, task is Tagging else { return }
    corpus.tokens = .kind(.word)
    corpus.tags = roll() ? [.xpos] : roll() && corpus.format.format == nil ? [.feats, .upos] : [.upos]
    data = .text(corpus)
  }

  mutating func model(of configuration: RunConfiguration) -> RunConfiguration.Model {
    var model = RunConfiguration.Model()
    model.embedding = Int.random(in: 1...65_536, using: &self)
    model.layers = Int.random(in: 2...64, using: &self)
    var widths = Array(repeating: model.embedding, count: model.layers)
    // Two layers are left of one width, for a residual connection.
    if model.layers > 2, roll() { widths[0] = Int.random(in: 1...65_536, using: &self) }
    model.hidden = HiddenUnits(widths)
    model.residual = roll()
    model.dropout = share()
    model.outputDropout = roll() ? share() : nil
    model.weightDropout = roll() ? share() : 0
    model.vocabularyDropout = roll() ? share() : 0
    model.variationalDropout = roll()
    model.wordDropout = share()
    model.initialization.weights = roll() ? .glorot : .uniform
    model.initialization.embeddingScale = positive()
    if roll() {
      model.cell = roll() ? LSTM() : CIFG()
      model.initialization.forgetBias = roll() ? positive() : -positive()
    } else {
      model.cell = Elman(roll() ? .relu : .tanh)
      if model.cell == Elman(.relu) { model.initialization.recurrent = .identity }
    }
    if configuration.task is Tagging {
      model.bidirectional = roll()
      model.characters = RunConfiguration.CharacterEncoder()
      model.characters?.hidden = Int.random(in: 1...65_536, using: &self)
      if case .text = configuration.data, roll() { model.vectors = "/" + path() }
    } else {
      model.output = outputLayer()
      model.tieEmbeddings = model.output == Softmax() && roll()
    }
    return model
  }

  mutating func outputLayer() -> any OutputKind {
    switch Int.random(in: 0..<4, using: &self) {
    case 0: return Softmax()
    case 1:
      var settings = SampledSoftmax()
      settings.samples = Int.random(in: 1...1_000_000, using: &self)
      return settings
    case 2:
      var settings = WordClasses()
      settings.classes = roll() ? Int.random(in: 1...1_000_000, using: &self) : nil
      return settings
    default:
      var settings = AdaptiveSoftmax()
      settings.cutoffs = roll() ? [1, Int.random(in: 2...99, using: &self), Int.max] : nil
      settings.divValue = 1 + positive()
      return settings
    }
  }

  mutating func optimizer() -> any Optimizer {
    switch Int.random(in: 0..<5, using: &self) {
    case 0:
      var sgd = SGD()
      (sgd.learningRate, sgd.momentum, sgd.nesterov) = (positive(), share(), roll())
      return sgd
    case 1:
      var rmsprop = RMSProp()
      rmsprop.epsilon = positive()
      return rmsprop
    case 2:
      var lion = Lion()
      (lion.beta1, lion.beta2, lion.weightDecay) = (share(), share(), positive())
      return lion
    default:
      var adam = Adam(roll() ? .decoupled : .coupled)
      adam.weightDecay = positive()
      return adam
    }
  }

  /// For runs of the usual number of epochs.
  mutating func averaging(validates: Bool) -> RunConfiguration.Averaging {
    switch Int.random(in: 0..<3, using: &self) {
    case 0 where validates:
      var averaging = RunConfiguration.NonMonotoneAveraging()
      averaging.interval = Int.random(in: 1...7, using: &self)
      return .nonMonotone(averaging)
    case 1:
      var averaging = RunConfiguration.MeanAveraging()
      averaging.start = Int.random(in: 0...9, using: &self)
      return .mean(averaging)
    default:
      var averaging = RunConfiguration.ExponentialAveraging()
      (averaging.decay, averaging.start) = (share(), Int.random(in: 0...9, using: &self))
      return .exponential(averaging)
    }
  }

  mutating func schedule() -> RunConfiguration.Schedule {
    switch Int.random(in: 0..<4, using: &self) {
    case 0: return .constant
    case 1:
      var step = RunConfiguration.StepSchedule()
      step.factor = share()
      return .step(step)
    case 2:
      var halving = RunConfiguration.HalvingSchedule()
      halving.threshold = share()
      return .halving(halving)
    default:
      var cosine = RunConfiguration.CosineSchedule()
      cosine.minimum = share()
      return .cosine(cosine)
    }
  }
}
