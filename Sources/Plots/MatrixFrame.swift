/// The axes of a heat map: rows from the top down, columns named at the bottom.
struct MatrixFrame {
  private let x: Domain
  private let y: Domain
  private let labels: (x: String, y: String)
  let left: Double
  let right: Double
  let top = 8.0
  let bottom: Double
  let height: Double

  /// - Parameter area: the size of all cells together.
  init(x: Domain, y: Domain, labels: (x: String, y: String), area: (width: Double, height: Double)) {
    self.x = x
    self.y = y
    self.labels = labels
    func widest(_ domain: Domain) -> Double { domain.ticks.compactMap(\.label).map(Markup.width).max() ?? 0 }
    left = Layout.lineHeight + 2 * Layout.gap + widest(y)
    right = left + area.width
    bottom = top + area.height
    height =
      bottom + Layout.gap + (Self.standsUpright(x) ? widest(x) : Layout.lineHeight) + Layout.lineHeight + Layout.gap
  }

  /// Names of columns may be longer than a column is wide.
  private static func standsUpright(_ x: Domain) -> Bool {
    if case .categories = x.scale { true } else { false }
  }

  private func x(_ value: Double) -> Double { left + (x.share(of: value) ?? 0) * (right - left) }
  private func y(_ value: Double) -> Double { top + (y.share(of: value) ?? 0) * (bottom - top) }

  var elements: [String] {
    var elements: [String] = []
    for tick in y.ticks {
      guard let label = tick.label else { continue }
      elements.append(Markup.line(left - 4, y(tick.value), left, y(tick.value), style: "axis"))
      elements.append(Markup.text(label, x: left - Layout.gap, y: y(tick.value) + 4, anchor: .end))
    }
    for tick in x.ticks {
      guard let label = tick.label else { continue }
      let place = x(tick.value)
      elements.append(Markup.line(place, bottom, place, bottom + 4, style: "axis"))
      elements.append(
        Self.standsUpright(x)
          ? Markup.text(label, x: place + 4, y: bottom + Layout.gap + 2, anchor: .end, isUpright: true)
          : Markup.text(label, x: place, y: bottom + Layout.lineHeight + 1, anchor: .middle))
    }
    elements.append(Markup.text(labels.x, x: (left + right) / 2, y: height - Layout.gap, anchor: .middle))
    elements.append(Markup.text(labels.y, x: 12, y: (top + bottom) / 2, anchor: .middle, isUpright: true))
    return elements
  }

  /// - Parameter level: of a cell's colour; nil where it is empty.
  func texts(_ texts: [[String]], level: (Int, Int) -> Int?) -> [String] {
    var elements: [String] = []
    let columns = texts.map(\.count).max() ?? 1
    let (width, height) = ((right - left) / Double(max(columns, 1)), (bottom - top) / Double(max(texts.count, 1)))
    for (row, texts) in texts.enumerated() {
      for (column, text) in texts.enumerated() where !text.isEmpty {
        let style = level(row, column).map(ColorRamp.textStyle) ?? "on-low"
        elements.append(
          Markup.text(
            text, x: left + (Double(column) + 0.5) * width, y: top + (Double(row) + 0.5) * height + 4, anchor: .middle,
            style: style))
      }
    }
    return elements
  }
}
