import Configuration
import Training

/// How far a run has come, in a few facts.
struct RunProgress {
  let facts: [ReportPage.Fact]

  /// - Parameter lastStep: of the newest checkpoint; nil if there is none.
  init(_ configuration: RunConfiguration, metrics: RunMetrics, lastStep: Int?) {
    let epochs = metrics.epochs
    let step = max(metrics.last?.step ?? 0, lastStep ?? 0)
    var facts: [ReportPage.Fact] = []
    func add(_ name: String, _ value: String) { facts.append(ReportPage.Fact(name: name, value: value)) }

    add("State", Self.state(configuration, epochs: epochs, step: step))
    add("Epochs", "\(Format.count(epochs.last?.epoch ?? 0)) of \(Format.count(configuration.training.epochs))")
    add("Steps", Format.count(step))
    if let best = Self.best(of: epochs, task: configuration.task) {
      add("Best epoch", Format.count(best.epoch))
      if let accuracy = best.validationAccuracy { add("Validation accuracy", Format.percent(accuracy)) }
      if configuration.task == .languageModel, let loss = best.validationLoss {
        add("Validation perplexity", Format.perplexity(LanguageEvaluation.perplexity(ofLoss: loss)))
      }
      if let loss = best.validationLoss { add("Validation loss", Format.loss(loss)) }
      if let loss = best.trainLoss { add("Training loss then", Format.loss(loss)) }
    } else if let loss = epochs.last?.trainLoss ?? metrics.last?.loss {
      add("Training loss", Format.loss(loss))
    }
    let rates = metrics.lines.compactMap(\.tokensPerSecond).sorted()
    if !rates.isEmpty { add("Median speed", "\(Format.count(Int(rates[rates.count / 2]))) tokens/s") }
    let times = metrics.lines.compactMap(\.seconds)
    if let first = times.first, let last = times.last {
      add("Logged since", Format.time(first))
      add("Logged until", Format.time(last))
    }
    self.facts = facts
  }

  private static func state(_ configuration: RunConfiguration, epochs: [RunMetrics.Line], step: Int) -> String {
    if step == 0 { return "not trained yet" }
    let done = epochs.last?.epoch ?? 0
    if done >= configuration.training.epochs { return "done" }
    let sinceBest = best(of: epochs, task: configuration.task).map { done - $0.epoch } ?? 0
    if let patience = configuration.training.earlyStopping?.patience, sinceBest >= patience { return "stopped early" }
    return "under way, or interrupted"
  }

  /// The epoch whose checkpoint is the best one: the first of equals.
  static func best(of epochs: [RunMetrics.Line], task: RunConfiguration.Task) -> RunMetrics.Line? {
    func measure(_ line: RunMetrics.Line) -> Double? {
      task == .tagging ? line.validationAccuracy.map { 1 - $0 } : line.validationLoss
    }
    return epochs.filter { measure($0) != nil }.min { measure($0) ?? 0 < measure($1) ?? 0 }
  }
}
