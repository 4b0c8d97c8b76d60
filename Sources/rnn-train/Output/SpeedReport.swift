import Compute
import Configuration
import Presentation
import Training

/// Where a training step's time goes, against what the machine could do, and what to change about it.
struct SpeedReport: CustomStringConvertible {
  /// Of the arithmetic of all steps.
  let gflops: Double
  /// What the kernels reach alone.
  let peak: Double
  let phases: [PhaseTotal]
  let steps: Int
  /// Between phases, if it was measured.
  let serialTime: Duration
  let workers: Workers
  let batchSize: Int
  let directions: Int

  init(
    gflops: Double, phases: [PhaseTotal], steps: Int, serialTime: Duration = .zero, configuration: RunConfiguration,
    workers: Workers, kernels: Kernels
  ) {
    self.gflops = gflops
    peak = ProductRate.measure(workers, kernels, for: .milliseconds(300))
    self.phases = phases
    self.steps = max(steps, 1)
    self.serialTime = serialTime
    self.workers = workers
    batchSize = configuration.training.batchSize
    directions = configuration.model.bidirectional ? 2 : 1
  }

  /// Of the steps that an engine has made.
  ///
  /// - Parameter targets: how many they had together.
  init(of engine: Engine, targets: Int, configuration: RunConfiguration, workers: Workers, kernels: Kernels) {
    let phases = engine.phaseTotals
    let seconds = phases.reduce(.zero) { $0 + $1.time } / Duration.seconds(1)
    self.init(
      gflops: 6 * Double(engine.model.parameters.shape.multipliedWeights) * Double(targets) / max(seconds, 1e-9) / 1e9,
      phases: phases, steps: engine.steps, configuration: configuration, workers: workers, kernels: kernels)
  }

  private var total: Duration { phases.reduce(serialTime) { $0 + $1.time } }

  private func share(_ kinds: Set<Phase.Kind>) -> Double {
    phases.reduce(0) { $0 + (kinds.contains($1.kind) ? $1.time / total : 0) }
  }

  var description: String {
    let times = phases.map { (name: $0.kind.rawValue, time: $0.time, meaning: $0.kind.meaning) }
    let serial = (name: "between", time: serialTime, meaning: "minibatch, sum of the losses and states, by one thread")
    let table = Table(
      ["phase", "share", "ms a step", "what"],
      (times + [serial]).filter { $0.time > .zero }.map { row in
        [row.name, Format.percent(row.time / total), Format.fixed(row.time / .milliseconds(steps), 3), row.meaning]
      },
      alignments: [.left, .right, .right, .left])
    let rate =
      "\(Format.fixed(gflops, 1)) GFLOP/s: \(Format.percent(gflops / peak)) of the \(Format.fixed(peak, 1)) that "
      + "the product kernels reach alone on \(workers.parallelism) "
      + "\(workers.parallelism == 1 ? "thread" : "threads")"
    return ([rate, "", table.description, ""] + advice).joined(separator: "\n")
  }

  private var advice: [String] {
    var lines: [String] = []
    if workers.count > workers.parallelism {
      lines.append(
        "- \(workers.count) threads were asked for, and this machine runs \(workers.parallelism) at a time: the others "
          + "bring nothing.")
    }
    let rows = Double(batchSize * directions) / Double(workers.parallelism)
    if rows < 12, share([.forward, .backward]) > 0.3 {
      lines.append(
        "- Recurrences have about \(Format.fixed(rows, 1)) rows a thread; products are at their best with 12 or more: a "
          + "larger training.batch_size makes more of the threads.")
    }
    let update = share([.norm, .update, .average, .renew])
    if update > 0.15 {
      lines.append(
        "- The update takes \(Format.percent(update)), whatever a minibatch holds: a larger "
          + "training.batch_size or training.bptt spreads it over more tokens.")
    }
    if share([.output]) > 0.6 {
      lines.append("- Most of the time goes into the output layer: a smaller data.vocabulary.size is what would help.")
    }
    return lines.isEmpty ? ["Nothing stands out that a setting would change."] : lines
  }
}

extension Phase.Kind {
  /// What is done in it, for people.
  fileprivate var meaning: String {
    switch self {
    case .characters: "the character encoder, forward"
    case .charactersBackward: "the character encoder, back"
    case .input: "embeddings and input projections"
    case .forward: "recurrences, forward"
    case .output: "logits, softmax, loss and their gradient"
    case .backward: "recurrences, back through time"
    case .inputGradient: "back through projections to the embeddings"
    case .reduce: "gradients of the weights, summed over timesteps"
    case .exchange: "gradients summed with those of others"
    case .norm: "the gradient's norm"
    case .update: "the optimizer, and transposed copies of what it has changed"
    case .average: "means of the parameters"
    case .renew: "copies of weights with dropout, and of those that other processes changed"
    case .product: "a product alone"
    }
  }
}
