extension RunConfiguration {
  /// How the distribution over the vocabulary or the tags is computed.
  package enum OutputLayer: Sendable, Equatable {
    /// One softmax over everything.
    case softmax
    /// A softmax over word classes, then one over the words of a class.
    case wordClasses(WordClasses)
    /// A softmax over frequent words and clusters of rarer ones, then one over the words of a cluster.
    case adaptive(AdaptiveSoftmax)
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

extension RunConfiguration.OutputLayer: KeySection, KeyVariant {
  static let selector = VariantSelector.value(
    ofKey: "kind", noun: "output layer", help: "how the distribution is computed: all at once, or in two steps")

  static let alternatives: [Self] = [
    .softmax, .wordClasses(RunConfiguration.WordClasses()), .adaptive(RunConfiguration.AdaptiveSoftmax()),
  ]

  package var name: String {
    switch self {
    case .softmax: "softmax"
    case .wordClasses: "class"
    case .adaptive: "adaptive"
    }
  }

  mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .softmax: break
    case .wordClasses(var settings):
      settings.visitKeys(&keys)
      self = .wordClasses(settings)
    case .adaptive(var settings):
      settings.visitKeys(&keys)
      self = .adaptive(settings)
    }
  }
}

extension RunConfiguration.WordClasses: KeySection {
  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional(
      "classes", &classes, .whole(1...1_000_000), "word classes, by frequency; absent: the vocabulary's square root")
  }
}

extension RunConfiguration.AdaptiveSoftmax: KeySection {
  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional(
      "cutoffs", &cutoffs, .ascendingWhole(1...Int.max),
      "where clusters begin, in words by frequency; absent: at 1/15 and 1/5 of the vocabulary")
    keys.value(
      "div_value", &divValue, .number(.atLeastOne), "how much narrower each cluster's inputs are than the one before's")
  }
}
