import Configuration
import Presentation
import Training

/// How far a run has come, in a few facts.
struct RunProgress {
  let facts: [Fact]

  /// - Parameter lastStep: of the newest checkpoint; nil if there is none.
  init(_ configuration: RunConfiguration, metrics: RunMetrics, lastStep: Int?) {
    let (task, epochs) = (configuration.task, metrics.epochs)
    let step = max(metrics.last?.step ?? 0, lastStep ?? 0)
    var facts: [Fact] = []
    func add(_ name: String, _ value: String) { facts.append(Fact(name, value)) }

    add("State", Self.state(configuration, metrics, step: step))
    add("Epochs", "\(Format.count(epochs.last?.epoch ?? 0)) of \(Format.count(configuration.training.epochs))")
    add("Steps", Format.count(step))
    if let best = metrics.bestEpoch(by: task.measure) {
      add("Best epoch", Format.count(best.epoch))
      if let figure = best[task.measure.field].flatMap({ task.figures(of: $0).last }) {
        add("Validation \(figure.name)", figure.text)
      }
      if let caveat = task.caveat(about: .validation, metrics: { best[$0] }) { add("Validation notice", caveat) }
      if let loss = best.validationLoss { add("Validation loss", Format.loss(loss)) }
      if let loss = best.trainLoss { add("Training loss then", Format.loss(loss)) }
    } else if let loss = epochs.last?.trainLoss ?? metrics.last?.loss {
      add("Training loss", Format.loss(loss))
    }
    if let test = metrics.test {
      let value = test[task.measure.field(on: .test)]
      facts += (value.map(task.figures) ?? []).map { Fact("Test \($0.name)", $0.text) }
      if let caveat = task.caveat(about: .test, metrics: { test[$0] }) { add("Test notice", caveat) }
    }
    let rates = metrics.lines.compactMap(\.tokensPerSecond).sorted()
    if !rates.isEmpty { add("Median speed", "\(Format.count(rates[rates.count / 2])) tokens/s") }
    let times = metrics.lines.compactMap(\.seconds)
    if let first = times.first, let last = times.last {
      add("Logged since", Format.time(first))
      add("Logged until", Format.time(last))
    }
    self.facts = facts
  }

  private static func state(_ configuration: RunConfiguration, _ metrics: RunMetrics, step: Int) -> String {
    if step == 0 { return "not trained yet" }
    let done = metrics.epochs.last?.epoch ?? 0
    if done >= configuration.training.epochs { return "done" }
    let sinceBest = metrics.bestEpoch(by: configuration.task.measure).map { done - $0.epoch } ?? 0
    if let patience = configuration.training.earlyStopping?.patience, sinceBest >= patience { return "stopped early" }
    return "under way, or interrupted"
  }
}

extension RunMetrics {
  /// The epoch whose checkpoint is the best one: the first of equals.
  func bestEpoch(by measure: Measure) -> Line? {
    let costs = epochs.compactMap { line in line[measure.field].map { (line, cost: measure.cost(of: $0)) } }
    return costs.min { $0.cost < $1.cost }?.0
  }
}
