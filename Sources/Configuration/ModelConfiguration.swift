extension RunConfiguration {
  /// The network.
  package struct Model: Sendable, Equatable {
    /// Width of a token's embedding.
    package var embedding = 128
    package var cell = Cell.elman(.tanh)
    /// Width of the hidden state.
    package var hidden = 128
    package var layers = 1
    package var bidirectional = false
    /// The share of a layer's outputs that is set to zero in training.
    package var dropout = 0.0
    /// Whether the output layer's weights are those of the embedding.
    package var tieEmbeddings = false

    package init() {}
  }

  /// How a new hidden state is made of an input and the hidden state before.
  package enum Cell: Sendable, Equatable {
    case elman(Activation)
    case gru
    case lstm
  }

  /// The non-linearity of an Elman cell.
  package enum Activation: String, CaseIterable, Sendable {
    case tanh, relu, sigmoid
  }
}

extension RunConfiguration.Model: KeySection {
  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("embedding", &embedding, .whole(1...65_536), "width of a token's embedding")
    keys.variant(&cell)
    keys.value("hidden", &hidden, .whole(1...65_536), "width of the hidden state")
    keys.value("layers", &layers, .whole(1...64), "recurrent layers on top of each other")
    keys.value("bidirectional", &bidirectional, .flag, "whether to read each sentence backwards too (tagging)")
    keys.value("dropout", &dropout, .number(.partialShare), "share of each layer's outputs dropped in training")
    keys.value("tie_embeddings", &tieEmbeddings, .flag, "whether the output layer shares the embedding's weights")
  }
}

extension RunConfiguration.Cell: KeyVariant {
  static let selector = VariantSelector.value(
    ofKey: "cell", noun: "cell", help: "how a hidden state follows from the one before")

  static let alternatives: [Self] = [.elman(.tanh), .gru, .lstm]

  package var name: String {
    switch self {
    case .elman: "elman"
    case .gru: "gru"
    case .lstm: "lstm"
    }
  }

  mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .elman(var activation):
      keys.value("activation", &activation, .choice, "non-linearity of the hidden state")
      self = .elman(activation)
    case .gru, .lstm: break
    }
  }
}
