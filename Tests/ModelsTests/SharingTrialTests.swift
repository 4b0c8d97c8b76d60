import Models
import Testing

/// How a model finds the fastest way to share its recurrences out.
@Suite struct SharingTrialTests {
  /// Sharings for 50 sequences on some workers.
  private static func trial(jobs: Int = 8) -> SharingTrial {
    SharingTrial(RecurrenceSharing.all(Timeline.Capacity(sequences: 50, timesteps: 35), jobs: jobs, panels: 13))
  }

  /// Gives each step of a trial the time that its candidate takes.
  private static func settle(_ trial: SharingTrial, nanoseconds: (_ candidate: Int, _ step: Int) -> Int64) {
    var total: Int64 = 0
    for step in 0..<100 where !trial.isSettled {
      total += nanoseconds(trial.current, step)
      trial.note(timeSoFar: .nanoseconds(total), rows: 700)
    }
  }

  @Test func oneWorkerHasNothingToTry() {
    let trial = Self.trial(jobs: 1)
    #expect(trial.candidates.count == 1)
    #expect(trial.isSettled)
  }

  @Test func candidatesAreDifferent() {
    let candidates = Self.trial().candidates
    #expect(candidates.count == 3)
    #expect(candidates.allSatisfy { candidate in candidates.count { $0 == candidate } == 1 })
  }

  @Test(arguments: 0..<3)
  func theFastestIsKept(fastest: Int) {
    let trial = Self.trial()
    #expect(!trial.isSettled)
    Self.settle(trial) { candidate, _ in candidate == fastest ? 900_000 : 1_000_000 }
    #expect(trial.isSettled)
    #expect(trial.current == fastest)
  }

  @Test func aStepThatWasDisturbedDoesNotDecide() {
    let trial = Self.trial()
    Self.settle(trial) { candidate, step in (candidate == 1 ? 900_000 : 1_000_000) * (step % 4 == 3 ? 20 : 1) }
    #expect(trial.current == 1)
  }

  /// The thread that reads the clock came late, and found all over.
  @Test func aStepThatSeemsToTakeNoTimeDoesNotDecide() {
    let trial = Self.trial()
    Self.settle(trial) { candidate, step in step == 5 ? 1 : candidate == 1 ? 900_000 : 1_000_000 }
    #expect(trial.current == 1)
  }

  @Test func theLikeliestStaysWhereNothingIsWon() {
    let trial = Self.trial()
    Self.settle(trial) { candidate, _ in candidate == 0 ? 1_000_000 : 995_000 }
    #expect(trial.current == 0)
  }

  @Test func firstStepsDoNotCount() {
    let trial = Self.trial()
    Self.settle(trial) { candidate, step in step < 2 ? 1 : candidate == 2 ? 900_000 : 1_000_000 }
    #expect(trial.current == 2)
  }
}
