import Sweeps
import Testing

@Suite("Importance of parameters")
struct ParameterImportanceTests {
  /// (H − k + 1) / (n − k) with H by `scipy.stats.kruskal`.
  @Test("is eta squared by Kruskal and Wallis' H")
  func reference() throws {
    let results = [2.6464, 2.3459, 2.2910, 2.4273, 2.2989, 2.2875]
    let rates = ["0.001", "0.003", "0.01", "0.001", "0.003", "0.01"]
    let rate = try #require(ParameterImportance("rate", values: rates, results: results))
    #expect(abs(rate.share - 0.8571428571428564) < 1e-12 && rate.groups == 3)
    let sizes = ["100", "100", "100", "200", "200", "200"]
    #expect(ParameterImportance("size", values: sizes, results: results)?.share == 0)
  }

  @Test("ties share their ranks")
  func ties() throws {
    let importance = try #require(
      ParameterImportance(
        "cell", values: ["a", "b", "a", "b", "c", "c", "a", "c"], results: [1, 1, 2, 3, 3, 3, 0.5, 9]))
    #expect(abs(importance.share - 0.5289029535864982) < 1e-12)
  }

  @Test("numbers from a range are grouped by quartiles")
  func quartiles() throws {
    let values = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8].map { "\($0)" }
    let importance = try #require(
      ParameterImportance("rate", values: values, results: [5, 4, 7, 1, 2, 3, 9, 8]))
    #expect(abs(importance.share - 0.4166666666666661) < 1e-12 && importance.groups == 4)
  }

  @Test("too few trials, or such that are all the same, tell nothing")
  func nothing() {
    #expect(ParameterImportance("x", values: ["1", "1", "1", "1"], results: [1, 2, 3, 4]) == nil)
    #expect(ParameterImportance("x", values: ["1", "2", "1"], results: [1, 2, 3]) == nil)
    #expect(ParameterImportance("x", values: ["1", "2", "1", "2"], results: [7, 7, 7, 7]) == nil)
    #expect(ParameterImportance("x", values: [], results: []) == nil)
  }
}
