import Compute
import Testing

@Suite struct SharesTests {
  @Test(arguments: [0, 1, 2, 11, 12, 13, 40, 640, 2500], [1, 2, 3, 16])
  func guidedSharesCoverEverythingOnce(total: Int, workers: Int) {
    for unit in [1, 2, 12] {
      let shares = GuidedShares(of: total, workers: workers, unit: unit)
      let ranges = (0..<shares.count).map { shares[$0] }
      #expect(ranges.flatMap { Array($0) } == Array(0..<total))
      #expect(ranges.allSatisfy { !$0.isEmpty && $0.lowerBound % unit == 0 })
    }
  }

  @Test func guidedSharesGetSmaller() {
    let shares = GuidedShares(of: 40, workers: 2, unit: 2)
    #expect((0..<shares.count).map { shares[$0].count } == [14, 10, 6, 4, 2, 2, 2])
    // As many workers as there is work for: each has one unit.
    #expect(GuidedShares(of: 40, workers: 16, unit: 2).count == 20)
  }

  @Test func evenSharesDifferByOneUnit() {
    #expect((0..<3).map { share(of: 40, job: $0, jobs: 3, unit: 2) } == [0..<12, 12..<26, 26..<40])
    #expect((0..<2).map { share(of: 5, job: $0, jobs: 2, unit: 4) } == [0..<4, 4..<5])
  }
}
