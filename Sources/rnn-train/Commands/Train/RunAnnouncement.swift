import Configuration
import Datasets
import Keys
import Optimizers
import Presentation
import Training

extension PreparedRun {
  /// Its name and learning rate, and every other setting that isn't the usual one.
  private static func summary(of optimizer: any Optimizer) -> String {
    func settings(_ optimizer: OptimizerKey) -> [(key: String, text: String)] {
      (KeyWriter.tree(of: optimizer).entries ?? []).map { ($0.key, $0.value.text ?? "") }
    }
    let usual = OptimizerKey.alternatives.first { $0.name == optimizer.name }.map(settings) ?? []
    let chosen = settings(OptimizerKey(wrappedValue: optimizer)).filter { setting in
      setting.key != "learning_rate" && !usual.contains { $0 == setting }
    }
    let facts = chosen.map { "\($0.key.replacing("_", with: " ")) \($0.text)" }
    return (["\(optimizer.name), learning rate \(optimizer.learningRate)"] + facts).joined(separator: ", ")
  }

  /// Its name and all of its settings.
  private static func summary(of averaging: RunConfiguration.Averaging) -> String {
    let settings = (KeyWriter.tree(of: averaging).entries ?? []).dropFirst().map { "\($0.key) \($0.value.text ?? "")" }
    return ([averaging.name] + settings).joined(separator: ", ")
  }

  /// From this share of a run on its mean is of parameters that have hardly learnt.
  private static let longMemory = 0.2

  /// What is to be said of an exponential mean that reaches back over much of a run of so many steps; nil if nothing is.
  private func longMemory(of steps: Int) -> String? {
    guard case .exponential(let averaging) = configuration.training.averaging else { return nil }
    let memory = 1 / (1 - averaging.decay)
    guard memory > Self.longMemory * Double(steps) else { return nil }
    return
      "the mean is of about \(Format.count(Int(memory.rounded()))) steps, and the run has \(Format.count(steps)): it drags behind; "
      + "a smaller training.averaging.decay makes it follow"
  }

  /// From this share of a run on its learning rate rises for too long.
  private static let longWarmup = 0.5

  /// What is to be said of a learning rate that hardly comes to fall again in so many steps; nil if nothing is.
  private func longWarmup(of steps: Int) -> String? {
    guard Double(warmup) > Self.longWarmup * Double(steps) else { return nil }
    return
      "the learning rate rises for \(Format.count(warmup, "step")), and the run has \(Format.count(steps)): it learns little; "
      + "a smaller training.schedule.warmup gives it more"
  }

  /// Rows below which a product over them takes longer for each.
  private static let fewRows = 128

  /// What is to be said of shards of few rows, on average; nil if nothing is.
  private func fewRows(_ summary: RunSummary) -> String? {
    let shards = configuration.training.shards
    let rows = summary.targetsPerEpoch / max(1, summary.stepsPerEpoch * shards)
    guard shards > 1, rows < Self.fewRows else { return nil }
    return
      "a shard has about \(Format.count(rows, "row")) of a minibatch, and each takes longer than where there are \(Self.fewRows) "
      + "or more; a larger training.batch_size or fewer training.shards are faster"
  }

  /// From this share of the configured learning rate on a run that goes on hardly learns.
  private static let littleLearning = 0.02

  /// Steps in which the learning rate is low since it has just begun to rise.
  private var warmup: Int {
    if case .cosine(let schedule) = configuration.training.schedule { schedule.warmup } else { 0 }
  }

  /// What a user wants to know before the first step.
  func announcement(_ summary: RunSummary, _ state: TrainingState, threads: Int, ranks: Int) -> String {
    let (model, training) = (configuration.model, configuration.training)
    let splits = Split.allCases.compactMap { split in
      dataset.splits[split].map { "\(split.rawValue) \(Format.count($0.tokens.count))" }
    }
    let input =
      [String(model.embedding)] + (model.characters.map { ["2 x \($0.hidden)"] } ?? [])
      + (characterModels.map { [String($0.models.width)] } ?? [])
    let layers = model.hidden.counts(layers: model.layers).map { model.bidirectional ? "2 x \($0)" : String($0) }
    let widths =
      [input.count > 1 ? "(\(input.joined(separator: " + ")))" : input[0]] + layers + [
        summary.classes.map(String.init).joined(separator: " + ")
      ]
    var facts = [
      (
        "corpus",
        "tokens: \(splits.joined(separator: ", ")); vocabulary "
          + Format.vocabulary(summary.vocabulary, isLowercase: dataset.vocabulary.isLowercase)
          + (configuration.direction == .backward ? "; read from right to left" : "")
      ),
      (
        "model",
        "\(model.cell.summary), \(widths.joined(separator: " > ")), "
          + "\(Format.count(summary.parameters)) parameters"
      ),
      (
        "training",
        "\(Format.count(summary.epochs, "epoch")) of \(Format.count(summary.stepsPerEpoch, "step")), "
          + configuration.task.minibatchSize(training)
          + (training.shards > 1 ? ", in \(Format.count(training.shards, "shard"))" : "")
      ),
      ("optimizer", Self.summary(of: training.optimizer)),
      ("compute", "\(ranks > 1 ? "\(ranks) ranks of " : "")\(Format.count(threads, "thread")), \(kernels.name)"),
      ("run", path),
    ]
    if let characterModels {
      let paths = (model.characterModel?.models ?? []).map(\.path)
      facts.append(
        (
          "words",
          "with \(characterModels.models.width) numbers each by \(paths.joined(separator: " and "))"
            + (model.trainsCharacterModels ? ", which are trained on" : "")
        ))
    }
    if let averaging = training.averaging { facts.append(("averaging", Self.summary(of: averaging))) }
    facts += fewRows(summary).map { [("notice", $0)] } ?? []
    let steps = summary.epochs * summary.stepsPerEpoch
    facts += [longMemory(of: steps), longWarmup(of: steps)].compactMap { $0 }.map { ("notice", $0) }
    facts += (summary.takeover?.facts ?? []).map { ($0.name, $0.value) }
    if let frozen = training.freeze, !frozen.isEmpty { facts.append(("frozen", frozen.joined(separator: ", "))) }
    if let vectors = summary.vectors {
      let found = vectors.exact + vectors.lowercase
      facts.append(
        (
          "vectors",
          "of \(Format.count(found)) of \(Format.count(vectors.words, "word")) "
            + "(\(Format.percent(found, of: vectors.words))), \(Format.count(vectors.lowercase)) by their lower case"
        ))
    }
    if state.step > 0 {
      let place =
        state.epoch < summary.epochs
        ? "\(Format.count(state.minibatch)) of \(Format.count(summary.stepsPerEpoch, "step")) of epoch \(state.epoch + 1) done"
        : "all epochs done"
      // What the schedule makes of it, which may have been stretched over more epochs: where it jumps, so does the loss.
      let rate = Format.significant(summary.learningRateShare * training.optimizer.learningRate, 3)
      let remainder =
        state.epoch < summary.epochs && summary.learningRateShare != 1
        ? "; \(training.schedule.name) goes on at a learning rate of \(rate)" : ""
      facts.append(("resumed", "at step \(Format.count(state.step)), \(place)\(remainder)"))
      if state.epoch < summary.epochs, summary.learningRateShare < Self.littleLearning, state.step >= warmup {
        let share = Format.significant(100 * summary.learningRateShare, 2)
        facts.append(
          (
            "notice",
            "the schedule \(training.schedule.name) has left \(share)% of the learning rate, so little more will be learnt; "
              + "training.schedule.name=constant with a training.optimizer.learning_rate of your choice goes on as you like"
          ))
      }
    }
    return Format.facts(facts)
  }
}

extension Takeover.Summary {
  /// What a user wants to know of it.
  fileprivate var facts: [Fact] {
    let added = [(words, "word"), (tags, "tag"), (characters, "character")].filter { $0.0 > 0 }
    let rows = added.map { Format.count($0, $1) }
    var facts = [
      Fact("from", "\(origin.path), step \(Format.count(origin.step))"),
      Fact(
        "taken over",
        taken.joined(separator: ", ") + (rows.isEmpty ? "" : "; rows added for \(rows.joined(separator: ", "))")),
    ]
    if !drawn.isEmpty { facts.append(Fact("drawn anew", drawn.joined(separator: ", "))) }
    return facts
  }
}
