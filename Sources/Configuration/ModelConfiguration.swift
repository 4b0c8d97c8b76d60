import Datasets
import Keys
import Models

extension RunConfiguration {
  /// The network.
  package struct Model: Sendable, Equatable {
    /// Width of a token's embedding.
    package var embedding = 128
    @CellKey package var cell: any CellKind = Elman(.tanh)
    package var hidden: HiddenUnits = 128
    package var layers = 1
    package var bidirectional = false
    /// Whether a layer's input is added to its output where both have one width.
    package var residual = false
    /// The share of a layer's outputs that is set to zero in training.
    package var dropout = 0.0
    /// That of the last layer's outputs; absent: as `dropout`.
    package var outputDropout: Double?
    /// The share of what goes into the first layer that is set to zero in training.
    package var embeddingDropout = 0.0
    /// The share of the recurrent weights that is zero in a step.
    package var weightDropout = 0.0
    /// The share of the vocabulary whose embeddings are zero in a step.
    package var vocabularyDropout = 0.0
    /// Whether all timesteps of a sequence share one mask.
    package var variationalDropout = false
    /// The share of tokens that are read as `<unk>` in training.
    package var wordDropout = 0.0
    @OutputKey package var output: any OutputKind = Softmax()
    /// Whether the output layer's weights are those of the embedding.
    package var tieEmbeddings = false
    package var initialization = Initialization()
    /// The absolute path of word vectors that embeddings begin with.
    package var vectors: String?
    /// The absolute path of a checkpoint, or of a run's directory, whose parameters the model begins with.
    package var from: String?
    /// Absent: words have embeddings only.
    package var characters: CharacterEncoder?
    /// Absent: no language model reads the words' characters.
    package var characterModel: CharacterModelPair?

    package init() {}
  }

  /// Language models that read each sentence's characters, and whose states at a word's ends go beside its embedding: absolute
  /// paths of checkpoints, or of runs' directories; at least one.
  package struct CharacterModelPair: Sendable, Equatable {
    package var forward: String?
    /// Of a run with `data.direction: backward`.
    package var backward: String?
    /// At what share of the learning rate they are trained on; 0: they stay as they are.
    package var learningRateShare = 0.0

    package init() {}

    /// With the direction that each is to have, and the key that names it.
    package var models: [(key: String, path: String, direction: ReadingDirection)] {
      [("forward", forward, ReadingDirection.forward), ("backward", backward, .backward)].compactMap {
        key, path, direction in
        path.map { ("model.character_model.\(key)", $0, direction) }
      }
    }

    /// Names the models that another pair names, of each direction in which both have one.
    package mutating func take(_ other: Self?) {
      if forward != nil, let path = other?.forward { forward = path }
      if backward != nil, let path = other?.backward { backward = path }
    }

    /// The paths of this pair in whose places another one has models of other runs.
    package func others(in other: Self?) -> [(own: String, other: String)] {
      [(forward, other?.forward), (backward, other?.backward)].compactMap { own, other in
        guard let own, let other, own != other, !other.hasPrefix(own.hasSuffix("/") ? own : "\(own)/") else {
          return nil
        }
        return (own, other)
      }
    }
  }

  /// Reads the characters of each word in both directions; its two last hidden states go beside the word's embedding.
  package struct CharacterEncoder: Sendable, Equatable {
    /// Width of a character's embedding.
    package var embedding = 32
    /// Width of the hidden state in each direction.
    package var hidden = 50

    package init() {}
  }
}

extension RunConfiguration.Model {
  /// Whether the language models that read the words are trained on with the tagger.
  package var trainsCharacterModels: Bool { characterModel.map { $0.learningRateShare > 0 } ?? false }

  /// Width of what goes into the first layer.
  var inputWidth: Int { embedding + (characters.map { 2 * $0.hidden } ?? 0) }

  /// [layer] the width of what comes out of it.
  var layerWidths: [Int] { hidden.counts(layers: layers).map { bidirectional ? 2 * $0 : $0 } }

  /// Width of what the output layer reads.
  var outputWidth: Int { layerWidths.last ?? 0 }

  /// What is wrong with the output layer for so many classes.
  package func objections(classes: Int) -> [Objection] {
    output.objections(classes: classes).map { $0.below("model.output") }
  }

  /// The sizes of the network over a vocabulary.
  ///
  /// - Parameters:
  ///   - classes: what a distribution is over. There must be no objections to it.
  ///   - characters: that a character encoder knows; nil: words aren't spelled out.
  package func shape(vocabulary: Int, classes: Int, characters alphabet: Int? = nil) -> ModelShape {
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: cell, hidden: 0, layers: 0, classes: classes)
    shape.units = hidden.counts(layers: layers)
    shape.isBidirectional = bidirectional
    shape.isResidual = residual
    shape.tiesEmbeddings = tieEmbeddings
    shape.output = output
    if let characters, let alphabet {
      shape.characters = ModelShape.Characters(
        vocabulary: alphabet, embedding: characters.embedding, hidden: characters.hidden)
    }
    return shape
  }
}

extension RunConfiguration {
  /// What is dropped in training.
  package var dropout: DropoutRates {
    var rates = DropoutRates()
    rates.input = model.embeddingDropout
    rates.layers = model.dropout
    rates.output = model.outputDropout ?? model.dropout
    rates.weights = model.weightDropout
    rates.vocabulary = model.vocabularyDropout
    rates.isVariational = model.variationalDropout
    rates.seed = UInt64(seed)
    return rates
  }

  /// What training minimizes beside the loss.
  package var penalties: ActivationPenalties {
    var penalties = ActivationPenalties()
    penalties.activation = training.activationRegularization
    penalties.temporal = training.temporalActivationRegularization
    return penalties
  }
}

extension RunConfiguration.Model: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("embedding", &embedding, .whole(1...65_536), "width of a token's embedding")
    keys.variant(&_cell)
    HiddenUnits.visitKeys(&hidden, layers: &layers, &keys)
    keys.value("bidirectional", &bidirectional, .flag, "whether to read each sentence backwards too (tagging)")
    keys.value(
      "residual", &residual, .flag, "whether a layer's input is added to its output where both have one width")
    keys.value("dropout", &dropout, .number(.partialShare), "share of each layer's outputs dropped in training")
    keys.value(
      "embedding_dropout", &embeddingDropout, .number(.partialShare),
      "share of what goes into the first layer dropped in training")
    keys.optional(
      "output_dropout", &outputDropout, .number(.partialShare),
      "share of the last layer's outputs dropped in training; absent: as dropout")
    keys.value(
      "weight_dropout", &weightDropout, .number(.partialShare),
      "share of the layers' recurrent weights dropped for a minibatch, all its timesteps alike (DropConnect, Wan et al. 2013; "
        + "Merity et al. 2018)")
    keys.value(
      "vocabulary_dropout", &vocabularyDropout, .number(.partialShare),
      "share of the vocabulary whose embeddings are zero for a minibatch (embedding dropout, Merity et al. 2018)")
    keys.value(
      "variational_dropout", &variationalDropout, .flag,
      "whether all timesteps of a sequence share one dropout mask (Gal and Ghahramani 2016)")
    keys.value(
      "word_dropout", &wordDropout, .number(.partialShare), "share of tokens read as <unk> in training")
    keys.section("output", &_output, "the output layer")
    keys.value("tie_embeddings", &tieEmbeddings, .flag, "whether the output layer shares the embedding's weights")
    keys.section("initialization", &initialization, "the parameters before the first step")
    keys.optional(
      "vectors", &vectors, .inputFile, "word vectors (word2vec or GloVe text) that embeddings begin with")
    keys.optional(
      "from", &from, .checkpoint, "the run or checkpoint whose parameters the model begins with (`train --from`)")
    keys.optionalSection(
      "characters", &characters, defaults: RunConfiguration.CharacterEncoder(),
      "a bidirectional recurrent encoder of each word's characters, beside its embedding (tagging); absent: off")
    keys.optionalSection(
      "character_model", &characterModel, defaults: RunConfiguration.CharacterModelPair(),
      "language models of characters, whose states at each word's ends stand beside its embedding (tagging); absent: none"
    )
  }
}

extension RunConfiguration.CharacterEncoder: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("embedding", &embedding, .whole(1...65_536), "width of a character's embedding")
    keys.value("hidden", &hidden, .whole(1...65_536), "width of the encoder's hidden state in each direction")
  }
}

extension RunConfiguration.CharacterModelPair: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.optional("forward", &forward, .checkpoint, "the run or checkpoint of a model that reads forward")
    keys.optional(
      "backward", &backward, .checkpoint, "that of one which reads from right to left (data.direction: backward)")
    keys.value(
      "learning_rate_share", &learningRateShare, .number(.share),
      "at what share of the learning rate they are trained on with the tagger; 0: they stay as they are, which is fast")
  }
}
