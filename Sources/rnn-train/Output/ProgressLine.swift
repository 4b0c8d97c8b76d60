/// A run's progress as one line that fits a width.
package struct ProgressLine {
  /// `epoch 3/10`
  package let head: String
  /// Of the epoch's steps, from 0 to 1.
  private let fraction: Double
  /// What else there is to say, the most important first.
  package let details: [String]

  package init(head: String, fraction: Double, details: [String]) {
    self.head = head
    self.fraction = fraction
    self.details = details
  }

  private static let gap = "  "
  private static let barWidths = 10...30

  /// - Parameter width: characters; the details that come last give way first. The bar is what is left over for it.
  package func text(width: Int) -> String {
    let percent = "\(Int(fraction * 100))%"
    var shown = details
    func joined(_ bar: String? = nil) -> String {
      ([head] + [bar, percent].compactMap(\.self) + shown).joined(separator: Self.gap)
    }
    while joined().count > width, !shown.isEmpty { shown.removeLast() }
    let line = joined()
    // Two brackets and a gap.
    let room = width - line.count - Self.gap.count - 2
    guard room >= Self.barWidths.lowerBound else { return String(line.prefix(max(width, 0))) }
    return joined(bar(width: min(room, Self.barWidths.upperBound)))
  }

  private func bar(width: Int) -> String {
    let filled = min(Int(fraction * Double(width)), width)
    let head = filled < width ? ">" : ""
    return "[" + String(repeating: "=", count: filled) + head
      + String(repeating: " ", count: width - filled - head.count) + "]"
  }
}
