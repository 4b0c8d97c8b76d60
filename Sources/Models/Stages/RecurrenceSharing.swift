import Compute

/// Into how many shares the sequences of a recurrence are cut, and into how many its units.
package struct RecurrenceSharing: Sendable, Equatable {
  let sequences: Int
  /// 1: none, and a job goes through all timesteps. A layer of fewer panels has as many shares as panels.
  let units: Int

  /// Below so many rows to a share, kernels waste their time.
  private static let fewestRows = 6
  /// Rows of a share that kernels are at their best with.
  private static let goodRows = 12
  /// Past so many timesteps there would be too many phases.
  private static let mostPhases = 2048

  /// The sharings that come into question, the likeliest to be fast first.
  ///
  /// - Parameters:
  ///   - jobs: for each direction of a layer.
  ///   - panels: of units, of the widest layer.
  package static func all(_ capacity: Timeline.Capacity, jobs: Int, panels: Int) -> [RecurrenceSharing] {
    let bySequences = RecurrenceSharing(sequences: max(1, min(jobs, capacity.sequences)), units: 1)
    guard jobs > 1, capacity.timesteps <= mostPhases else { return [bySequences] }
    let shares = max(1, min(jobs, capacity.sequences / goodRows))
    let byBoth = RecurrenceSharing(sequences: shares, units: min(panels, (jobs + shares - 1) / shares))
    let byUnits = RecurrenceSharing(sequences: 1, units: min(panels, jobs))
    let areEnough = capacity.sequences >= jobs * fewestRows
    let all = areEnough ? [bySequences, byBoth, byUnits] : [byBoth, byUnits, bySequences]
    return all.enumerated().filter { index, sharing in !all[..<index].contains(sharing) }.map(\.element)
  }

  /// The same for the layers of a network.
  static func all(_ capacity: Timeline.Capacity, of shape: ModelShape, workers: Int) -> [RecurrenceSharing] {
    all(
      capacity, jobs: (workers + shape.directions - 1) / shape.directions,
      panels: ((shape.units.max() ?? 0) + PanelShape.width - 1) / PanelShape.width)
  }
}

/// Finds out which sharing of recurrences is the fastest here: the first steps try them in turn, and the second best time of
/// each counts. What else the machine does makes most times longer than they have to be; but the best one may be too short,
/// since phases are timed by one thread, which finds some over already where it comes late.
///
/// What it decides is never seen in a result.
package final class SharingTrial: @unchecked Sendable {
  // Unchecked: written between steps by the thread that runs them, read by workers within steps.

  package let candidates: [RecurrenceSharing]
  package private(set) var current = 0
  private var steps = 0
  private var timeBefore = Duration.zero
  /// The best of each and the second best, in nanoseconds a row.
  private var times: [(best: Double, second: Double)]

  /// Steps that aren't counted, at first: memory is touched for the first time, caches are cold.
  private static let warmUp = 2
  /// Steps for each candidate.
  private static let repetitions = 5
  /// What another candidate than the likeliest has to be faster by.
  private static let margin = 0.98

  package init(_ candidates: [RecurrenceSharing]) {
    self.candidates = candidates
    times = Array(repeating: (.infinity, .infinity), count: candidates.count)
  }

  func isCurrent(_ sharing: RecurrenceSharing) -> Bool { candidates[current] == sharing }

  package var isSettled: Bool { steps == Self.warmUp + Self.repetitions * candidates.count || candidates.count == 1 }

  /// Ends the trial with a candidate: for tests, which mean a certain one.
  package func settle(on candidate: Int) {
    current = candidate
    steps = Self.warmUp + Self.repetitions * candidates.count
  }

  /// Takes in how long the recurrences of all steps so far have taken, unless all is settled.
  ///
  /// - Parameter rows: of the last step.
  package func note(timeSoFar: Duration, rows: Int) {
    guard !isSettled else { return }
    let time = timeSoFar - timeBefore
    timeBefore = timeSoFar
    steps += 1
    guard steps >= Self.warmUp else { return }
    if steps > Self.warmUp { enter(time / .nanoseconds(max(rows, 1))) }
    current = (steps - Self.warmUp) % candidates.count
    if isSettled { current = fastest }
  }

  private func enter(_ time: Double) {
    let (best, second) = times[current]
    times[current] = time < best ? (time, best) : (best, min(second, time))
  }

  private var fastest: Int {
    let index = times.indices.min { times[$0].second < times[$1].second } ?? 0
    return times[index].second < times[0].second * Self.margin ? index : 0
  }
}
