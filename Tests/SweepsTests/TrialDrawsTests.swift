import Configuration
import ConfigurationFiles
import Sweeps
import Testing

/// Which trials a sweep file stands for.
struct TrialDrawsTests {
  private static func sweep(_ method: String, trials: Int = 10, seed: Int = 1) throws -> SweepConfiguration {
    try SweepConfiguration.parse(
      text: """
        base: lm.cfg
        method: \(method)
        trials: \(trials)
        seed: \(seed)
        parameters:
          model.hidden: \(method == "grid" ? "{values: [8, 16, 32]}" : "{min: 1, max: 4}")
          model.cell: {values: [elman, lstm]}
          training.clip_norm: \(method == "grid" ? "{values: [5]}" : "{min: 1e-3, max: 10, distribution: log_uniform}")
        """, name: "sweep.cfg", directory: "/")
  }

  private static func lines(_ sweep: SweepConfiguration) -> [String] {
    sweep.assignments.map { $0.map(\.text).joined(separator: " ") }
  }

  @Test func gridsAreInTheOrderOfABook() throws {
    #expect(
      Self.lines(try Self.sweep("grid")) == [
        "model.hidden=8 model.cell=elman training.clip_norm=5", "model.hidden=8 model.cell=lstm training.clip_norm=5",
        "model.hidden=16 model.cell=elman training.clip_norm=5", "model.hidden=16 model.cell=lstm training.clip_norm=5",
        "model.hidden=32 model.cell=elman training.clip_norm=5", "model.hidden=32 model.cell=lstm training.clip_norm=5",
      ])
  }

  /// The numbers themselves: a sweep file means the same trials in every version.
  @Test func drawsAreFixed() throws {
    #expect(
      Self.lines(try Self.sweep("random", trials: 3)) == [
        "model.hidden=4 model.cell=elman training.clip_norm=0.001529",
        "model.hidden=4 model.cell=elman training.clip_norm=1.886",
        "model.hidden=2 model.cell=elman training.clip_norm=0.009047",
      ])
  }

  @Test func aTrialDependsOnNothingButTheFileAndItsNumber() throws {
    let all = Self.lines(try Self.sweep("random", trials: 50))
    #expect(Self.lines(try Self.sweep("random", trials: 20)) == Array(all.prefix(20)))
    #expect(Self.lines(try Self.sweep("asha", trials: 50)) == all)
    #expect(Self.lines(try Self.sweep("random", trials: 50, seed: 2)) != all)
  }

  @Test func drawsCoverTheirRanges() throws {
    let trials = try Self.sweep("random", trials: 2000).assignments
    var counts: [String: Int] = [:]
    for trial in trials { for assignment in trial.prefix(2) { counts[assignment.text, default: 0] += 1 } }
    #expect(counts.count == 6)
    // Four standard deviations of a binomial distribution.
    for hidden in 1...4 { #expect((422...578).contains(counts["model.hidden=\(hidden)"] ?? 0)) }
    #expect((910...1090).contains(counts["model.cell=lstm"] ?? 0))
    let norms = trials.compactMap { Double($0[2].value) }
    #expect(norms.count == 2000 && norms.allSatisfy { (1e-3...10).contains($0) })
    // Half of the logarithms lie below that of the geometric mean.
    #expect((910...1090).contains(norms.count { $0 < 0.1 }))
    #expect(
      trials.allSatisfy { $0[2].value.filter(\.isNumber).drop { $0 == "0" }.count <= 6 }, "four digits and an exponent")
  }

  @Test func wholeNumbersReachBothEnds() throws {
    let sweep = try SweepConfiguration.parse(
      text: """
        {base: lm.cfg, method: random, parameters: {
          model.hidden: {min: 1, max: 100, distribution: log_uniform}, training.bptt: {min: 2, max: 3}}}
        """, name: "sweep.cfg", directory: "/")
    let (logarithmic, uniform) = (sweep.parameters[0].domain, sweep.parameters[1].domain)
    #expect(logarithmic.value(at: 0) == "1")
    #expect(logarithmic.value(at: 1 - 0x1p-53) == "100")
    #expect(uniform.value(at: 0.4999) == "2")
    #expect(uniform.value(at: 0.5) == "3")
    #expect(uniform.value(at: 1 - 0x1p-53) == "3")
  }
}

/// Ranges at the ends of what numbers can be: drawn from like any other.
struct ExtremeRangeTests {
  @Test(arguments: ["1e-310 1e-309", "5e-324 1e-300", "1e-320 1e38", "1e37 3e38", "-3e38 3e38"])
  func drawsStayInTheRange(ends: String) throws {
    let numbers = ends.split(separator: " ").compactMap { Double($0) }
    let (minimum, maximum) = (numbers[0], numbers[1])
    for distribution in ["uniform", "log_uniform"] where distribution == "uniform" || minimum > 0 {
      let sweep = try SweepConfiguration.parse(
        text: """
          base: base.cfg
          method: random
          trials: 50
          parameters: {training.clip_norm: {min: \(minimum), max: \(maximum), distribution: \(distribution)}}
          output: {directory: sweep}
          """, name: "sweep.cfg", directory: "/")
      for assignments in sweep.assignments {
        let value = try #require(Double(assignments[0].value))
        #expect((minimum...maximum).contains(value), "\(distribution)")
      }
    }
  }
}
