/// How fast a run trains: targets in a second, over the steps of this process alone. Neither evaluation nor checkpoints
/// count, nor the time between two processes, nor while the machine slept.
struct Speedometer {
  private let clock = SuspendingClock()
  private var time = Duration.zero
  private var targets = 0

  mutating func measure(_ step: () throws -> TrainingStep.Result) rethrows -> TrainingStep.Result {
    let begin = clock.now
    let result = try step()
    time += clock.now - begin
    targets += result.targets
    return result
  }

  /// The rate since this was asked last.
  mutating func takeRate() -> Int {
    defer { (time, targets) = (.zero, 0) }
    return Int((Double(targets) / max(time / .seconds(1), 1e-9)).rounded())
  }
}
