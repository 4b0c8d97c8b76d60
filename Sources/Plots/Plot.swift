/// Series over two axes: lines, points or bars.
package struct Plot: Picture {
  package let title: String
  package let description: String
  package let x: Axis
  package let y: Axis
  package let series: [Series]
  package let markers: [Marker]
  package let levels: [Level]
  /// Whether lines are named at their ends, where there is room, instead of in a legend.
  private let namesEnds: Bool

  package init(
    title: String, description: String, x: Axis, y: Axis, series: [Series], markers: [Marker] = [],
    levels: [Level] = [], namesEnds: Bool = false
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.series = series
    self.markers = markers
    self.levels = levels
    self.namesEnds = namesEnds
  }

  /// Whether it has nothing but lines.
  var isLinePlot: Bool { series.allSatisfy { [.line, .faintLine].contains($0.mark) } }

  package func drawing() -> Drawing {
    let entries = series.enumerated().map { index, series in
      (name: series.name, mark: series.mark, style: style(of: series, index: index))
    }
    let legend = Legend(namesEnds ? [] : entries, width: Layout.width - 60)
    let points = series.lazy.flatMap(\.points)
    let frame = Frame(
      x: Domain(
        x, values: [points.lazy.map(\.x), markers.lazy.map(\.x)].joined(), padding: isLinePlot ? 0 : 0.05, tickCount: 6
      ),
      y: Domain(y, values: [points.lazy.map(\.y), levels.lazy.map(\.y)].joined(), padding: 0.05, tickCount: 6),
      labels: (x.label, y.label), top: 10 + legend.height + (markers.isEmpty ? 0 : Layout.lineHeight),
      margin: namesEnds ? EndLabels.width(of: series.map(\.name)) : Frame.usualMargin)

    var elements = frame.elements + legend.elements(left: frame.left)
    elements += self.elements(of: markers, in: frame) + levels.flatMap { self.elements(of: $0, in: frame) }
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
    if namesEnds { elements += EndLabels(zip(series, entries).map { ($0, $1.style) }, in: frame).elements }
    return Drawing(
      width: Layout.width, height: Layout.height, elements: elements,
      attributes: isLinePlot ? [("kind", "lines")] + frame.attributes : attributesOfPoints(in: frame))
  }

  private func attributesOfPoints(in frame: Frame) -> [(name: String, value: String)] {
    let places = countedPoints.map { point -> [(x: Double, y: Double)] in
      guard let x = frame.x(point.x), let y = frame.y(point.y) else { return [] }
      return [(x, y)]
    }
    return Drawing.attributes(
      kind: series.contains { $0.mark == .bars } ? "bars" : "points", places: places, hasNotes: hasNotes)
  }

  private func style(of series: Series, index: Int) -> String { style(ofColor: series.color ?? index + 1) }
  private func style(ofColor color: Int) -> String { "s\((color - 1) % 6 + 1)" }

  // MARK: what is drawn

  /// Lines with their labels, those that come last first: a label that would run into another one is left out.
  private func elements(of markers: [Marker], in frame: Frame) -> [String] {
    var taken: [ClosedRange<Double>] = []
    var elements: [String] = []
    for marker in markers.reversed() {
      guard let x = frame.x(marker.x) else { continue }
      let style = marker.color.map { "threshold \(self.style(ofColor: $0))" } ?? "marker"
      elements.append(Markup.line(x, frame.top, x, frame.bottom, style: style))
      let half = Markup.width(of: marker.label) / 2
      let middle = min(max(x, frame.left + half), frame.right - half)
      let place = middle - half...middle + half
      guard !taken.contains(where: { $0.overlaps(place) }) else { continue }
      taken.append(place)
      elements.append(Markup.text(marker.label, x: middle, y: frame.top - 5, anchor: .middle))
    }
    return elements
  }

  private func elements(of level: Level, in frame: Frame) -> [String] {
    guard let y = frame.y(level.y) else { return [] }
    return [
      Markup.line(frame.left, y, frame.right, y, style: "marker"),
      Markup.text(level.label, x: frame.right, y: y - 4, anchor: .end),
    ]
  }

  /// A path for each stretch without a gap; a point between two gaps is a dot.
  private func line(_ series: Series, in frame: Frame, style: String) -> [String] {
    var elements: [String] = []
    var stretch: [Thinning.Point] = []
    func finish() {
      let pieces = Clipping.pieces(of: Thinning.thinned(stretch), between: frame.top, and: frame.bottom)
      stretch = []
      for points in pieces {
        if points.count == 1 {
          elements.append(Dot.element(points[0].x, points[0].y, style: style))
          continue
        }
        let path = points.map { "\(Markup.length($0.x)) \(Markup.length($0.y))" }.joined(separator: "L")
        elements.append("<path class=\"line \(style)\" d=\"M\(path)\"/>")
      }
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
