import Training

/// Shows a run's progress: on a terminal a line that is updated, elsewhere a line now and then; after each epoch a line
/// with its result.
final class ProgressReporter: TrainingReporter {
  private let console: Console
  private let announcement: (RunSummary) -> String
  private let clock = ContinuousClock()

  private var summary: RunSummary?
  /// When the process began to train, the epoch began (in this process), and progress was last shown.
  private var begun = Mark()
  private var epochBegun = Mark()
  private var shown: ContinuousClock.Instant
  /// Targets trained by this process.
  private(set) var targets = 0
  private(set) var lastState = TrainingState()
  /// The step of the newest checkpoint.
  private(set) var savedStep = 0

  private static let updateInterval = Duration.milliseconds(100)
  private static let lineInterval = Duration.seconds(10)

  /// - Parameter announcement: what to say at the beginning.
  init(console: Console, announcement: @escaping (RunSummary) -> String) {
    self.console = console
    self.announcement = announcement
    shown = clock.now
  }

  /// A moment, and the counters that a rate since then needs.
  private struct Mark {
    var time = ContinuousClock.now
    var targets = 0
    var step = 0
  }

  private func mark(_ state: TrainingState) -> Mark { Mark(time: clock.now, targets: targets, step: state.step) }

  /// How long this process has trained, validation and checkpoints included.
  var elapsed: Duration { clock.now - begun.time }

  func begin(_ summary: RunSummary, state: TrainingState) {
    self.summary = summary
    console.say(announcement(summary))
    if state.step > 0 {
      let windows = "\(Format.count(state.window)) of \(Format.count(summary.stepsPerEpoch)) steps"
      let place = state.epoch < summary.epochs ? "epoch \(state.epoch + 1), \(windows) done" : "all epochs done"
      console.say("resumed   at step \(Format.count(state.step)): \(place)")
    }
    lastState = state
    begun = mark(state)
    epochBegun = begun
  }

  func step(_ state: TrainingState, targets: Int) {
    self.targets += targets
    lastState = state
    guard let summary else { return }
    let isEpochEnd = state.window == summary.stepsPerEpoch
    if console.hasStatus {
      guard isEpochEnd || clock.now - shown > Self.updateInterval else { return }
      console.update { width in progress(state, summary).text(width: width) }
    } else {
      guard !isEpochEnd, clock.now - shown > Self.lineInterval else { return }
      let line = progress(state, summary)
      console.say(
        ([line.head, Format.percent(state.window, of: summary.stepsPerEpoch)] + line.details).joined(separator: "  "))
    }
    shown = clock.now
  }

  private func progress(_ state: TrainingState, _ summary: RunSummary) -> ProgressLine {
    let loss = state.epochLoss.mean
    let perStep = elapsed / Double(max(state.step - begun.step, 1))
    let left = perStep * Double(summary.epochs * summary.stepsPerEpoch - state.step)
    return ProgressLine(
      head: "epoch \(state.epoch + 1)/\(summary.epochs)",
      fraction: Double(state.window) / Double(summary.stepsPerEpoch),
      details: [
        "loss \(Format.loss(loss))", "\(Format.duration(left)) left",
        Format.rate(targets - epochBegun.targets, in: clock.now - epochBegun.time),
        "perplexity \(Format.perplexity(Evaluation.perplexity(ofLoss: loss)))", "step \(Format.count(state.step))",
      ])
  }

  func epoch(_ state: TrainingState, trainLoss: Double, validation: Evaluation?, isBest: Bool) {
    lastState = state
    let epochs = summary?.epochs ?? state.epoch
    let number = String(state.epoch)
    let padding = String(repeating: " ", count: max(0, String(epochs).count - number.count))
    var fields = ["epoch \(padding)\(number)/\(epochs)", "train loss \(Format.loss(trainLoss))"]
    if let validation {
      fields.append("validation loss \(Format.loss(validation.natsPerTarget))")
      fields.append("perplexity \(Format.perplexity(validation.perplexity))")
    }
    fields.append(Format.rate(targets - epochBegun.targets, in: clock.now - epochBegun.time))
    if isBest { fields.append("best") }
    console.say(fields.joined(separator: "  "))
    epochBegun = mark(state)
    shown = clock.now
  }

  func saved(_ path: String, step: Int) { savedStep = step }
}
