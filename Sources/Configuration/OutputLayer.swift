import Keys

extension RunConfiguration {
  /// How the distribution over the vocabulary or the tags is computed.
  package enum OutputLayer: Sendable, Equatable {
    /// One softmax over everything.
    case softmax
    /// A softmax over word classes, then one over the words of a class.
    case wordClasses(WordClasses)
    /// A softmax over frequent words and clusters of rarer ones, then one over the words of a cluster.
    case adaptive(AdaptiveSoftmax)
    /// One softmax over everything, trained on the target and a sample of the rest.
    case sampled(SampledSoftmax)
  }

  package struct WordClasses: Sendable, Equatable {
    /// Absent: the square root of the vocabulary's size.
    package var classes: Int?

    package init() {}
  }

  package struct AdaptiveSoftmax: Sendable, Equatable {
    /// The first word of each cluster, counted by frequency. Absent: a fifteenth and a fifth of the vocabulary's size.
    package var cutoffs: [Int]?
    /// What the inputs of a cluster are narrower by than those of the one before.
    package var divValue = 4.0

    package init() {}
  }
}

extension RunConfiguration {
  package struct SampledSoftmax: Sendable, Equatable {
    /// Draws in a step; words that are drawn more than once count once.
    package var samples = 1000

    package init() {}
  }
}

extension RunConfiguration.OutputLayer: KeySection, KeyVariant {
  package static let selector = VariantSelector.value(
    ofKey: "kind", noun: "output layer",
    help: "how the distribution is computed: all at once, in two steps, or in training from a sample")

  package static let alternatives: [Self] = [
    .softmax, .wordClasses(RunConfiguration.WordClasses()), .adaptive(RunConfiguration.AdaptiveSoftmax()),
    .sampled(RunConfiguration.SampledSoftmax()),
  ]

  package var name: String {
    switch self {
    case .softmax: "softmax"
    case .wordClasses: "class"
    case .adaptive: "adaptive"
    case .sampled: "sampled"
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .softmax: break
    case .wordClasses(var settings):
      settings.visitKeys(&keys)
      self = .wordClasses(settings)
    case .adaptive(var settings):
      settings.visitKeys(&keys)
      self = .adaptive(settings)
    case .sampled(var settings):
      settings.visitKeys(&keys)
      self = .sampled(settings)
    }
  }
}

extension RunConfiguration.WordClasses: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional(
      "classes", &classes, .whole(1...1_000_000), "word classes, by frequency; absent: the vocabulary's square root")
  }
}

extension RunConfiguration.AdaptiveSoftmax: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional(
      "cutoffs", &cutoffs, .ascendingWhole(1...Int.max),
      "where clusters begin, in words by frequency; absent: at 1/15 and 1/5 of the vocabulary")
    keys.value(
      "div_value", &divValue, .number(.atLeastOne), "how much narrower each cluster's inputs are than the one before's")
  }
}

extension RunConfiguration.SampledSoftmax: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value(
      "samples", &samples, .whole(1...1_000_000),
      "words drawn in each training step, log-uniformly; the training loss is over these, evaluation over all words")
  }
}
