/// Values of one kind in a plot.
package struct Series: Sendable {
  package enum Mark: Sendable, Equatable {
    case line
    /// One of many that are the background of another.
    case faintLine
    case points
    /// Circles around points that matter.
    case rings
    /// From zero, or from the lower end of an axis without it.
    case bars
  }

  package struct Point: Sendable {
    package let x: Double
    package let y: Double
    /// Shown while the pointer is over it, unless it is part of a line.
    package let note: String?

    package init(_ x: Double, _ y: Double, note: String? = nil) {
      self.x = x
      self.y = y
      self.note = note
    }
  }

  /// As the legend has it; a series without a name isn't in the legend.
  package let name: String
  package let mark: Mark
  /// In order of their x, for a line. One that isn't a number, or has no place on an axis, leaves a gap in it.
  package let points: [Point]
  /// Which of the six colours, from 1; nil: that of its place among the series.
  package let color: Int?

  package init(_ name: String, mark: Mark = .line, color: Int? = nil, points: [Point]) {
    self.name = name
    self.mark = mark
    self.color = color
    self.points = points
  }
}

/// A vertical line at a value of the x axis.
package struct Marker: Sendable {
  package let x: Double
  package let label: String

  package init(_ x: Double, label: String) {
    self.x = x
    self.label = label
  }
}

/// Series over two axes: lines, points or bars.
package struct Plot: Picture {
  package let title: String
  package let description: String
  package let x: Axis
  package let y: Axis
  package let series: [Series]
  package let markers: [Marker]

  package init(
    title: String, description: String, x: Axis, y: Axis, series: [Series], markers: [Marker] = []
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.series = series
    self.markers = markers
  }

  package func drawing() -> Drawing {
    let entries = series.enumerated().map { index, series in
      (name: series.name, mark: series.mark, style: style(of: series, index: index))
    }
    let legend = Legend(entries, width: Layout.width - 60)
    let isPointPlot = series.contains { ![.line, .faintLine].contains($0.mark) }
    let points = series.lazy.flatMap(\.points)
    let frame = Frame(
      x: Domain(
        x, values: [points.lazy.map(\.x), markers.lazy.map(\.x)].joined(), padding: isPointPlot ? 0.05 : 0, tickCount: 6
      ),
      y: Domain(y, values: points.lazy.map(\.y), padding: 0.05, tickCount: 6),
      labels: (x.label, y.label), top: 10 + legend.height + (markers.isEmpty ? 0 : Layout.lineHeight))

    var elements = frame.elements + legend.elements(left: frame.left)
    elements += markers.flatMap { self.elements(of: $0, in: frame) }
    for (series, entry) in zip(series, entries) {
      switch series.mark {
      case .line: elements += line(series, in: frame, style: entry.style)
      case .faintLine: elements += line(series, in: frame, style: "faint " + entry.style)
      case .points, .rings: elements += dots(series, in: frame, style: entry.style)
      case .bars: elements += bars(series, in: frame, style: entry.style)
      }
    }
    if !series.contains(where: { $0.points.contains { frame.x($0.x) != nil && frame.y($0.y) != nil } }) {
      let (x, y) = ((frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2)
      elements.append(Markup.text("no values", x: x, y: y, anchor: .middle))
    }
    return Drawing(width: Layout.width, height: Layout.height, elements: elements)
  }

  private func style(of series: Series, index: Int) -> String { "s\(((series.color ?? index + 1) - 1) % 6 + 1)" }

  // MARK: what is drawn

  private func elements(of marker: Marker, in frame: Frame) -> [String] {
    guard let x = frame.x(marker.x) else { return [] }
    let half = Markup.width(of: marker.label) / 2
    let label = min(max(x, frame.left + half), frame.right - half)
    return [
      Markup.line(x, frame.top, x, frame.bottom, style: "marker"),
      Markup.text(marker.label, x: label, y: frame.top - 5, anchor: .middle),
    ]
  }

  /// A path for each stretch without a gap; a point between two gaps is a dot.
  private func line(_ series: Series, in frame: Frame, style: String) -> [String] {
    var elements: [String] = []
    var stretch: [Thinning.Point] = []
    func finish() {
      let points = Thinning.thinned(stretch)
      stretch = []
      guard let first = points.first else { return }
      if points.count == 1 { return elements.append(Dot.element(first.x, first.y, style: style)) }
      let path = points.map { "\(Markup.length($0.x)) \(Markup.length($0.y))" }.joined(separator: "L")
      elements.append("<path class=\"line \(style)\" d=\"M\(path)\"/>")
    }
    for point in series.points {
      if let x = frame.x(point.x), let y = frame.y(point.y) {
        stretch.append(Thinning.Point(x: x, y: y))
      } else {
        finish()
      }
    }
    finish()
    return elements
  }

  /// Of points that come to lie on each other the first one is drawn.
  private func dots(_ series: Series, in frame: Frame, style: String) -> [String] {
    var taken: Set<[Int]> = []
    return series.points.compactMap { point in
      guard let x = frame.x(point.x), let y = frame.y(point.y), taken.insert([Int(x), Int(y)]).inserted else {
        return nil
      }
      return Dot.element(x, y, style: style, isRing: series.mark == .rings, note: point.note)
    }
  }

  private func bars(_ series: Series, in frame: Frame, style: String) -> [String] {
    let base = min(max(frame.y(0) ?? frame.bottom, frame.top), frame.bottom)
    let width = 0.7 * ((frame.x(1) ?? 0) - (frame.x(0) ?? 0))
    return series.points.compactMap { point in
      guard let x = frame.x(point.x), let y = frame.y(point.y) else { return nil }
      let (top, height) = (Markup.length(min(y, base)), Markup.length(abs(y - base)))
      let note = point.note.map { "<title>\(Markup.escaped($0))</title>" } ?? ""
      return "<rect class=\"bar \(style)\" x=\"\(Markup.length(x - width / 2))\" y=\"\(top)\" "
        + "width=\"\(Markup.length(width))\" height=\"\(height)\">\(note)</rect>"
    }
  }
}
