import Plots
import Testing

@Suite("Ticks")
struct TicksTests {
  private func labels(_ range: ClosedRange<Double>, count: Int = 6) -> [String] {
    Ticks.linear(range, count: count).compactMap(\.label)
  }

  @Test("linear ticks are multiples of 1, 2 or 5, written with as many places as they need")
  func linear() {
    #expect(labels(0...1) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(2.13...6.4) == ["3", "4", "5", "6"])
    #expect(labels(-1...1) == ["−1.0", "−0.5", "0.0", "0.5", "1.0"])
    #expect(labels(0...339) == ["0", "100", "200", "300"])
    #expect(labels(0...24_000) == ["0", "5,000", "10,000", "15,000", "20,000"])
    #expect(Ticks.linear(1...3, count: 6, isWhole: true).map(\.label) == ["1", "2", "3"])
    #expect(labels(0...0.002) == ["0.0000", "0.0005", "0.0010", "0.0015", "0.0020"])
    #expect(labels(0...3e-5) == ["0", "5×10⁻⁶", "10⁻⁵", "1.5×10⁻⁵", "2×10⁻⁵", "2.5×10⁻⁵", "3×10⁻⁵"])
    #expect(labels(0...6e6) == ["0", "10⁶", "2×10⁶", "3×10⁶", "4×10⁶", "5×10⁶", "6×10⁶"])
  }

  @Test(
    "any range has a handful of ticks, all within it",
    arguments: [1e-90...1e90, -1e99...1e99, 5...5.0000001, 1e15...1e15 + 10, -3 ... -2.999, 0...1e-300])
  func extremes(range: ClosedRange<Double>) {
    let ticks = Ticks.linear(range, count: 6)
    #expect(ticks.count <= 13)
    let slack = (range.upperBound - range.lowerBound) * 1e-6
    #expect(ticks.allSatisfy { $0.value >= range.lowerBound - slack && $0.value <= range.upperBound + slack })
  }

  @Test("logarithmic ticks are powers of ten, over less than two of them 1, 2 and 5 times those")
  func logarithmic() {
    func labels(_ low: Double, _ high: Double) -> [String] {
      Ticks.logarithmic(exponents: base10(low)...base10(high), count: 6).compactMap(\.label)
    }
    #expect(labels(1e-4, 1e-1) == ["0.0001", "0.001", "0.01", "0.1"])
    #expect(labels(1e-9, 1) == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"])
    #expect(labels(10, 300) == ["10", "20", "50", "100", "200"])
    #expect(labels(9.4, 17) == ["10", "12", "14", "16"])
    let minor = Ticks.logarithmic(exponents: 0...2, count: 6).filter { $0.label == nil }
    #expect(minor.map(\.value) == [2, 3, 4, 5, 6, 7, 8, 9, 20, 30, 40, 50, 60, 70, 80, 90])
  }
}

@Suite("Domains")
struct DomainTests {
  @Test("an axis reaches from its smallest to its largest value; what has no place on it has none")
  func places() throws {
    let linear = Domain(Axis("x"), values: [.nan, 2, 4, .infinity], padding: 0, tickCount: 5)
    #expect(linear.share(of: 2) == 0)
    #expect(linear.share(of: 3) == 0.5)
    #expect(linear.share(of: .nan) == nil)
    let logarithmic = Domain(Axis("x", scale: .logarithmic), values: [0, -1, 1, 100], padding: 0, tickCount: 5)
    #expect(logarithmic.share(of: 10) == 0.5)
    #expect(logarithmic.share(of: 0) == nil)
    #expect(logarithmic.share(of: -1) == nil)
    let names = Domain(Axis("x", scale: .categories(["a", "b"])), values: [], padding: 0, tickCount: 5)
    #expect(names.share(of: 0) == 0.25)
    #expect(names.share(of: 1) == 0.75)
  }

  @Test("padding doesn't cross zero, and a single value lies in the middle")
  func ends() {
    let positive = Domain(Axis("x", including: [0]), values: [1], padding: 0.1, tickCount: 5)
    #expect(positive.share(of: 0) == 0)
    for value in [-3, 0, 7.0] {
      #expect(Domain(Axis("x"), values: [value], padding: 0.1, tickCount: 5).share(of: value) == 0.5)
    }
    #expect(Domain(Axis("x", scale: .logarithmic), values: [8], padding: 0, tickCount: 5).share(of: 8) == 0.5)
  }
}
