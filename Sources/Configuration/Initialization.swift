import Keys

extension RunConfiguration {
  /// The parameters before the first step.
  package struct Initialization: Sendable, Equatable {
    /// Of every layer's input weights, and of the output layer's.
    package var weights = WeightInitialization.uniform
    package var recurrent = RecurrentInitialization.uniform
    /// What an LSTM's forget gates have for a bias.
    package var forgetBias = 0.0
    /// The standard deviation of embeddings.
    package var embeddingScale = 1.0

    package init() {}
  }

  package enum WeightInitialization: String, CaseIterable, Sendable {
    /// Within 1/sqrt(hidden) of zero.
    case uniform
    /// Within sqrt(6 / (inputs + outputs)) of zero.
    case glorot
  }

  package enum RecurrentInitialization: String, CaseIterable, Sendable {
    /// Within 1/sqrt(hidden) of zero.
    case uniform
    /// Within sqrt(6 / (inputs + outputs)) of zero.
    case glorot
    /// A random orthogonal matrix for each gate.
    case orthogonal
    /// The hidden state stays as it is (an Elman cell with relu).
    case identity
  }
}

extension RunConfiguration.Initialization: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("weights", &weights, .choice, "input and output weights: uniform is within 1/sqrt(hidden), as PyTorch")
    keys.value("recurrent", &recurrent, .choice, "recurrent weights; identity is for an elman cell with relu")
    keys.value("forget_bias", &forgetBias, .number(.any), "bias of an LSTM's forget gates")
    keys.value("embedding_scale", &embeddingScale, .number(.positive), "standard deviation of embeddings")
  }
}
