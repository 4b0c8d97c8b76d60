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
      try self.init(configuration.model, vocabulary: vocabulary.count, classes: vocabulary.count)
    case .tagging:
      guard let tagging else { throw .noTags }
      try self.init(configuration.model, vocabulary: vocabulary.count, classes: tagging.tags.count)
      characters = configuration.model.characters.map {
        Characters(vocabulary: tagging.characters.count, embedding: $0.embedding, hidden: $0.hidden)
      }
    }
  }

  package init(_ model: RunConfiguration.Model, vocabulary: Int, classes: Int) throws(TrainingError) {
    self.init(
      vocabulary: vocabulary, embedding: model.embedding, cell: CellKind(model.cell), hidden: model.hidden,
      layers: model.layers, classes: classes)
    isBidirectional = model.bidirectional
    isResidual = model.residual
    tiesEmbeddings = model.tieEmbeddings
    output = try OutputKind(model.output, classes: classes)
  }
}

extension OutputKind {
  fileprivate init(_ output: RunConfiguration.OutputLayer, classes: Int) throws(TrainingError) {
    switch output {
    case .softmax: self = .softmax
    case .sampled(let settings): self = .sampled(samples: settings.samples)
    case .wordClasses(let settings):
      self = .wordClasses(settings.classes ?? Int(Double(classes).squareRoot().rounded()))
    case .adaptive(let settings):
      // As in PyTorch's examples; a small vocabulary has fewer clusters, down to none.
      let share = Double(classes) / 15
      let usual = [share.rounded(), 3 * share.rounded()].map { Int($0) }.filter { 0 < $0 && $0 < classes }
      let cutoffs = settings.cutoffs ?? usual
      guard cutoffs.allSatisfy({ $0 < classes }) else {
        throw .cutoffs(cutoffs, vocabulary: classes)
      }
      self = .adaptive(cutoffs: cutoffs, divValue: settings.divValue)
    }
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
