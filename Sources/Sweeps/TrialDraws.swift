import Compute
import ConfigurationFiles
import Foundation

extension SweepConfiguration {
  /// What each trial sets: trial i is a pure function of the sweep file and i.
  package var assignments: [[Assignment]] {
    switch method {
    case .grid: (0..<(gridCount ?? 0)).map(gridPoint)
    case .random, .asha: (0..<trials).map(draw)
    }
  }

  /// The combinations in the order of a book: the last parameter changes fastest.
  private func gridPoint(_ number: Int) -> [Assignment] {
    var rest = number
    var point: [Assignment] = []
    for parameter in parameters.reversed() {
      let values = parameter.values ?? []
      point.append(Assignment(key: parameter.key, value: values[rest % values.count].text))
      rest /= values.count
    }
    return point.reversed()
  }

  private func draw(_ number: Int) -> [Assignment] {
    let random = Philox(seed: UInt64(seed))
    return parameters.enumerated().map { index, parameter in
      let share = random.uniformDouble(.sweep, step: number, position: index)
      return Assignment(key: parameter.key, value: parameter.domain.value(at: share))
    }
  }
}

extension SweepParameter.Domain {
  /// The value that a number in [0, 1) stands for.
  package func value(at share: Double) -> String {
    switch self {
    case .values(let values): values[Int(share * Double(values.count))].text
    case .range(let range): range.value(at: share)
    }
  }
}

extension SweepParameter.Range {
  fileprivate func value(at share: Double) -> String {
    // A whole number stands for itself and what lies between it and the next.
    let end = isWhole ? maximum + 1 : maximum
    let number =
      switch distribution {
      case .uniform where !(end - minimum).isFinite: minimum * (1 - share) + end * share
      case .uniform: minimum + share * (end - minimum)
      case .logUniform: exp(log(minimum) + share * (log(end) - log(minimum)))
      }
    if isWhole { return "\(Int(min(max(number.rounded(.down), minimum), maximum)))" }
    let text = "\(min(max(Self.rounded(number), minimum), maximum))"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// To four significant digits: that is all that matters, and a logarithm whose last bit differs on another machine
  /// can't make another trial.
  private static func rounded(_ number: Double) -> Double {
    guard number != 0 else { return 0 }
    // Through text, whose value is the closest to the decimal number on every machine.
    guard number.magnitude > 1e-300 else { return Double(String(format: "%.3e", number)) ?? number }
    let digits = 3 - Int(log10(number.magnitude).rounded(.down))
    let scaled = (number * pow(10, Double(digits))).rounded()
    return Double("\(Int(scaled))e\(-digits)") ?? number
  }
}
