import Compute
import Testing

@Suite struct SharesTests {
  @Test(arguments: [0, 1, 2, 11, 12, 13, 40, 640, 2500], [1, 2, 3, 16])
  func guidedSharesCoverEverythingOnce(total: Int, workers: Int) {
    for (unit, finest) in [(1, 1), (2, 2), (2, 1), (12, 12), (12, 5)] {
      let shares = GuidedShares(of: total, workers: workers, unit: unit, finest: finest)
      let ranges = (0..<shares.count).map { shares[$0] }
      #expect(ranges.flatMap { Array($0) } == Array(0..<total))
      #expect(ranges.allSatisfy { !$0.isEmpty && (finest < unit || $0.lowerBound % unit == 0) })
    }
  }

  @Test func guidedSharesGetSmaller() {
    let shares = GuidedShares(of: 40, workers: 2, unit: 2)
    #expect((0..<shares.count).map { shares[$0].count } == [14, 10, 6, 4, 2, 2, 2])
    // As many workers as there is work for: each has one unit.
    #expect(GuidedShares(of: 40, workers: 16, unit: 2).count == 20)
  }

  /// Less than a unit a worker is shared out evenly, in finer parts.
  @Test func theLastGuidedSharesAreFiner() {
    let shares = GuidedShares(of: 40, workers: 2, unit: 2, finest: 1)
    #expect((0..<shares.count).map { shares[$0].count } == [14, 10, 6, 4, 2, 2, 1, 1])
    let many = GuidedShares(of: 40, workers: 16, unit: 2, finest: 1)
    #expect((0..<many.count).map { many[$0].count } == [Int](repeating: 2, count: 12) + [Int](repeating: 1, count: 16))
    let few = GuidedShares(of: 5, workers: 16, unit: 2, finest: 1)
    #expect((0..<few.count).map { few[$0].count } == [1, 1, 1, 1, 1])
  }

  @Test func evenSharesDifferByOneUnit() {
    #expect((0..<3).map { share(of: 40, job: $0, jobs: 3, unit: 2) } == [0..<12, 12..<26, 26..<40])
    #expect((0..<2).map { share(of: 5, job: $0, jobs: 2, unit: 4) } == [0..<4, 4..<5])
  }

  @Test func jobsAreArrangedByWorkersAndThenAsTheyWere() {
    let places = [0, 0.5, 0.25, 0.75, 0.5, 1]
    #expect(arranged(places, near: 1) { $0 } == places)
    #expect(arranged(places, near: 2) { $0 } == [0, 0.25, 0.5, 0.75, 0.5, 1])
    #expect(arranged(places, near: 3) { $0 } == [0, 0.25, 0.5, 0.5, 0.75, 1])
  }
}
