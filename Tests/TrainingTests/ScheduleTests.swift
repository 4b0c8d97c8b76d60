import Configuration
import Foundation
import Testing
import Training

/// Learning rates as functions of where a run stands.
@Suite struct ScheduleTests {
  private func factors(_ schedule: RunConfiguration.Schedule, steps: Range<Int>, of total: Int) -> [Double] {
    steps.map { schedule.factor(step: $0, totalSteps: total, epoch: 0, validationMeasures: []) }
  }

  @Test func constantStaysOne() {
    #expect(factors(.constant, steps: 0..<5, of: 5) == [1, 1, 1, 1, 1])
  }

  @Test func stepsFallAtTheirEpochs() {
    var step = RunConfiguration.StepSchedule()
    (step.start, step.every, step.factor) = (2, 3, 0.1)
    let found = (0..<9).map {
      RunConfiguration.Schedule.step(step).factor(step: 0, totalSteps: 1, epoch: $0, validationMeasures: [])
    }
    #expect(zip(found, [1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001]).allSatisfy { abs($0 - $1) < 1e-15 })
  }

  @Test func halvingBeginsWithTheFirstSmallFallAndGoesOn() {
    let schedule = RunConfiguration.Schedule.halving(RunConfiguration.HalvingSchedule())
    func factor(_ losses: [Double]) -> Double {
      schedule.factor(step: 0, totalSteps: 1, epoch: losses.count, validationMeasures: losses)
    }
    #expect(factor([]) == 1 && factor([5]) == 1 && factor([5, 4]) == 1)
    // A fall of 0.25 % is below the threshold of 0.3 %; later epochs halve whatever they bring.
    #expect(factor([5, 4, 3.99]) == 0.5)
    #expect(factor([5, 4, 3.99, 3]) == 0.25)
    #expect(factor([5, 4, 3.99, 3, 3.5]) == 0.125)
  }

  @Test func cosineRisesAndFallsToItsMinimum() {
    var cosine = RunConfiguration.CosineSchedule()
    (cosine.warmup, cosine.minimum) = (4, 0.1)
    let found = factors(.cosine(cosine), steps: 0..<105, of: 104)
    #expect(Array(found.prefix(4)) == [0.25, 0.5, 0.75, 1])
    for step in 4...104 {
      let expected = 0.1 + 0.9 * 0.5 * (1 + cos(Double.pi * Double(step - 4) / 100))
      #expect(abs(found[step] - expected) < 1e-14, "step \(step)")
    }
    #expect(abs(found[104] - 0.1) < 1e-14)
  }
}
