/// The axes of a picture around the area where its data are.
struct Frame {
  let x: Domain
  let y: Domain
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  private let labels: (x: String, y: String)

  static let usualMargin = 14.0

  /// - Parameters:
  ///   - top: the room above for a legend.
  ///   - margin: that behind the last value.
  init(
    x: Domain, y: Domain, labels: (x: String, y: String), top: Double, width: Double = Layout.width,
    height: Double = Layout.height, margin: Double = usualMargin
  ) {
    let widest = y.ticks.compactMap(\.label).map(Markup.width).max() ?? 0
    left = Layout.lineHeight + Layout.gap + widest + Layout.gap
    let x = x.fitting(width: width - left - margin)
    self.x = x
    self.y = y
    self.labels = labels
    self.top = top
    // The last label may be wider than what is free behind its tick.
    let last = x.ticks.last { $0.label != nil }
    let free = (1 - (last.flatMap { x.share(of: $0.value) } ?? 0)) * (width - left)
    right = width - max(margin, Markup.width(of: last?.label ?? "") / 2 - free)
    bottom = height - 2 * Layout.lineHeight - Layout.gap
  }

  func x(_ value: Double) -> Double? { x.share(of: value).map { left + $0 * (right - left) } }
  func y(_ value: Double) -> Double? { y.share(of: value).map { bottom - $0 * (bottom - top) } }

  /// What turns a value into a place: the kind of an axis, the values at its ends as the axis measures them, and the places of
  /// these; with what is measured.
  var attributes: [(name: String, value: String)] {
    func text(_ domain: Domain, _ low: Double, _ high: Double) -> String {
      let kind = domain.scale == .logarithmic ? "logarithmic" : "linear"
      return "\(kind) \(domain.low) \(domain.high) \(Markup.length(low)) \(Markup.length(high))"
    }
    return [("x", text(x, left, right)), ("y", text(y, bottom, top))]
  }

  /// Grid, axes, ticks and labels.
  var elements: [String] {
    var elements: [String] = []
    for tick in y.ticks {
      guard let place = y(tick.value), let label = tick.label else { continue }
      elements.append(Markup.line(left, place, right, place, style: "grid"))
      elements.append(Markup.text(label, x: left - Layout.gap, y: place + 4, anchor: .end))
    }
    elements += xTicks
    elements.append(Markup.line(left, bottom, right, bottom, style: "axis"))
    elements.append(
      Markup.text(labels.x, x: (left + right) / 2, y: bottom + 2 * Layout.lineHeight, anchor: .middle))
    elements.append(
      Markup.text(labels.y, x: 12, y: (top + bottom) / 2, anchor: .middle, isUpright: true))
    return elements
  }

  private var xTicks: [String] {
    var elements: [String] = []
    // A label that would run into the one before is left out.
    var free = -Double.infinity
    for tick in x.ticks {
      guard let place = x(tick.value) else { continue }
      elements.append(Markup.line(place, bottom, place, bottom + (tick.label == nil ? 3 : 5), style: "axis"))
      guard let label = tick.label else { continue }
      let half = Markup.width(of: label) / 2
      guard place - half > free else { continue }
      free = place + half + Layout.characterWidth
      elements.append(Markup.text(label, x: place, y: bottom + Layout.lineHeight + 1, anchor: .middle))
    }
    return elements
  }
}
