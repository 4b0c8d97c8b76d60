import Configuration
import Datasets
import Models

// What a configuration says of the network, in the terms of the network.

extension ModelShape {
  /// The model that a configuration describes over a vocabulary, and over tags for a tagger.
  package init(
    _ configuration: RunConfiguration, vocabulary: Vocabulary, tagging: TaggingVocabulary?
  ) throws(TrainingError) {
    switch configuration.task {
    case .languageModel:
      self.init(configuration.model, vocabulary: vocabulary.count, classes: vocabulary.count)
    case .tagging:
      guard let tagging else { throw .noTags }
      self.init(configuration.model, vocabulary: vocabulary.count, classes: tagging.tags.count)
      characters = configuration.model.characters.map {
        Characters(vocabulary: tagging.characters.count, embedding: $0.embedding, hidden: $0.hidden)
      }
    }
  }

  package init(_ model: RunConfiguration.Model, vocabulary: Int, classes: Int) {
    self.init(
      vocabulary: vocabulary, embedding: model.embedding, cell: CellKind(model.cell), hidden: model.hidden,
      layers: model.layers, classes: classes)
    isBidirectional = model.bidirectional
    isResidual = model.residual
    tiesEmbeddings = model.tieEmbeddings
  }
}

extension CellKind {
  fileprivate init(_ cell: RunConfiguration.Cell) {
    self =
      switch cell {
      case .elman(.tanh): .elman(.tanh)
      case .elman(.relu): .elman(.relu)
      case .elman(.sigmoid): .elman(.sigmoid)
      case .gru: .gru
      case .lstm: .lstm
      }
  }
}

extension DropoutRates {
  init(_ configuration: RunConfiguration) {
    self.init()
    input = configuration.model.embeddingDropout
    layers = configuration.model.dropout
    isVariational = configuration.model.variationalDropout
    seed = UInt64(configuration.seed)
  }
}

extension Initialization {
  init(_ settings: RunConfiguration.Initialization) {
    self.init()
    weights =
      switch settings.weights {
      case .uniform: .uniform
      case .glorot: .glorot
      }
    recurrentWeights =
      switch settings.recurrent {
      case .uniform: .uniform
      case .glorot: .glorot
      case .orthogonal: .orthogonal
      case .identity: .identity
      }
    forgetBias = Float(settings.forgetBias)
    embeddingScale = Float(settings.embeddingScale)
  }
}
