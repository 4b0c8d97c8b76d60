import Datasets
import Keys
import Models

extension RunConfiguration {
  /// What is wrong with keys that contradict each other.
  package var objections: [Objection] {
    let own = task.objections(to: self)
    // What the task has no use for at all needs no second reason.
    let general = (layerConflicts + wordConflicts + trainingConflicts + dataConflicts).filter { conflict in
      !own.contains { $0.key == conflict.key }
    }
    return own + general
  }

  /// Of the network's layers.
  private var layerConflicts: [Objection] {
    var objections: [Objection] = []
    if case .each(let counts) = model.hidden, counts.count != model.layers {
      objections.append(
        Objection(
          key: "model.layers",
          reason: "hidden has a number for each of \(counts.count) layers, found \(model.layers); leave layers out",
          otherKeys: ["model.hidden"]))
    }
    let widths = [model.inputWidth] + model.layerWidths
    if model.residual, zip(widths, widths.dropFirst()).allSatisfy(!=) {
      let found =
        model.layers == 1
        ? "a single layer with \(widths[0]) and \(widths[1])" : widths.map(String.init).joined(separator: " > ")
      objections.append(
        Objection(
          key: "model.residual",
          reason: "needs a layer with an input and an output of one width, found \(found)",
          otherKeys: ["model.embedding", "model.hidden", "model.layers", "model.bidirectional", "model.characters"]))
    }
    if model.variationalDropout, !dropout.dropsActivations {
      objections.append(
        Objection(
          key: "model.variational_dropout", reason: "needs a dropout, embedding_dropout or output_dropout above 0",
          otherKeys: ["model.dropout", "model.embedding_dropout", "model.output_dropout"]))
    }
    if model.initialization.recurrent == .identity, !model.cell.suitsIdentity {
      objections.append(
        Objection(
          key: "model.initialization.recurrent", reason: "identity is for the cell elman with the activation relu",
          otherKeys: ["model.cell", "model.activation"]))
    }
    if model.initialization.forgetBias != 0, model.cell.forgetGate == nil {
      let names = CellKey.alternatives.filter { $0.wrappedValue.forgetGate != nil }.map(\.name)
      objections.append(
        Objection(
          key: "model.initialization.forget_bias",
          reason: "the cell \(model.cell.name) has no forget gate; only \(enumeration(of: names, conjunction: "and")) "
            + (names.count == 1 ? "has" : "have") + " one", otherKeys: ["model.cell"]))
    }
    return objections
  }

  /// Of how the network reads words, and gives them out.
  private var wordConflicts: [Objection] {
    var objections: [Objection] = []
    if model.tieEmbeddings, model.embedding != model.outputWidth {
      objections.append(
        Objection(
          key: "model.tie_embeddings",
          reason: "needs an embedding as wide as the last layer, found \(model.embedding) and \(model.outputWidth)",
          otherKeys: ["model.embedding", "model.hidden"]))
    }
    if !model.output.canTieEmbeddings, model.tieEmbeddings {
      let names = OutputKey.alternatives.filter(\.wrappedValue.canTieEmbeddings).map(\.name)
      objections.append(
        Objection(
          key: "model.tie_embeddings",
          reason: "is for the output layer \(enumeration(of: names, conjunction: "or")), found \(model.output.name)",
          otherKeys: ["model.output"]))
    }
    if model.from != nil, model.vectors != nil {
      objections.append(
        Objection(
          key: "model.vectors", reason: "embeddings begin with those of model.from; leave one of the two out",
          otherKeys: ["model.from"]))
    }
    if model.vectors != nil {
      if case .text(let corpus) = data, corpus.tokens.kind.isSeamless {
        objections.append(
          Objection(
            key: "model.vectors", reason: "has vectors of words; the tokens are characters",
            otherKeys: ["data.tokens"]))
      }
      if case .synthetic = data {
        objections.append(
          Objection(key: "model.vectors", reason: "has vectors of words; synthetic ids are none"))
      }
    }
    return objections
  }

  private var trainingConflicts: [Objection] {
    var objections = training.optimizer.objections.map { $0.below("training.optimizer") }
    if training.shards > training.batchSize {
      objections.append(
        Objection(
          key: "training.shards", reason: "is above batch_size, which is \(training.batchSize)",
          otherKeys: ["training.batch_size"]))
    }
    objections += training.averaging?.objections(epochs: training.epochs) ?? []
    objections += training.randomWindows?.objections(bptt: training.bptt) ?? []
    if case .text(let corpus) = data, corpus.validation == nil {
      let reason = "follows the validation loss; give data.validation"
      if training.earlyStopping != nil {
        objections.append(
          Objection(key: "training.early_stopping", reason: reason, otherKeys: ["data.validation"]))
      }
      if case .halving = training.schedule {
        objections.append(Objection(key: "training.schedule.name", reason: reason, otherKeys: ["data.validation"]))
      }
      if let averaging = training.averaging, averaging.followsValidation {
        objections.append(Objection(key: "training.averaging.name", reason: reason, otherKeys: ["data.validation"]))
      }
    }
    return objections
  }

  private var dataConflicts: [Objection] {
    guard case .text(let corpus) = data else { return [] }
    var objections = format.objections.map { $0.below("data") }
    objections += subwordConflicts(corpus)
    if corpus.standardInputs > 1 {
      objections.append(
        Objection(
          key: "data.train", reason: "standard input comes once, and is named \(corpus.standardInputs) times",
          otherKeys: ["data.validation", "data.test"]))
    }
    let vocabulary = corpus.vocabulary
    if vocabulary.extends, model.from == nil, vocabulary.file == nil {
      objections.append(
        Objection(
          key: "data.vocabulary.extend",
          reason:
            "adds to what the model knows that a run begins with; give model.from, or --from, or data.vocabulary.file",
          otherKeys: ["model.from", "data.vocabulary.file"]))
    }
    if vocabulary.file != nil, model.from != nil {
      objections.append(
        Objection(
          key: "data.vocabulary.file", reason: "a model of model.from keeps its own ids; leave one of the two out",
          otherKeys: ["model.from"]))
    }
    if vocabulary.file != nil, !vocabulary.extends, let key = vocabulary.keyOfChoice {
      objections.append(
        Objection(
          key: key,
          reason:
            "chooses among the text's tokens, but the vocabulary is that of data.vocabulary.file; leave one of the two out",
          otherKeys: ["data.vocabulary.file"]))
    }
    if format.hasTokens, corpus.tokens != .kind(.word) {
      objections.append(
        Objection(
          key: "data.tokens", reason: "\(format.title) says itself what a token is", otherKeys: ["task", "data.format"])
      )
    }
    return objections
  }

  /// Of subwords, which have their vocabulary from a tokenizer.
  private func subwordConflicts(_ corpus: TextCorpus) -> [Objection] {
    guard corpus.tokens.kind == .bpe else { return [] }
    var objections: [Objection] = []
    func object(_ key: String, _ reason: String) {
      objections.append(Objection(key: "data.vocabulary.\(key)", reason: reason, otherKeys: ["data.tokens"]))
    }
    let vocabulary = corpus.vocabulary
    if vocabulary.file != nil { object("file", "is for other tokens than subwords, whose ids are their tokenizer's") }
    if corpus.tokens == .kind(.bpe), model.from == nil, corpus.readsStandardInput {
      objections.append(
        Objection(
          key: "data.tokens",
          reason: "bpe reads the training text twice, and standard input comes once; write it to a file first",
          otherKeys: ["data.train"]))
    }
    if vocabulary.extends { object("extend", "has nothing to add: subwords make up every text") }
    if case .tokenizer = corpus.tokens, let key = vocabulary.keyOfChoice {
      objections.append(
        Objection(
          key: key, reason: "is for tokens that are learnt here, not for those of a file", otherKeys: ["data.tokens"]))
    }
    return objections
  }
}

extension VocabularySettings {
  /// The key that chooses among the tokens of a text; nil if none is given.
  fileprivate var keyOfChoice: String? {
    size != nil ? "data.vocabulary.size" : minimumCount != 1 ? "data.vocabulary.min_count" : nil
  }
}
