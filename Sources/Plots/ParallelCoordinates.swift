/// Rows of a table as lines across its columns, each of which is an axis; coloured by the last of them.
package struct ParallelCoordinates: Picture {
  package struct Row: Sendable {
    /// One for each axis; a row with one that isn't a number isn't drawn.
    package let values: [Double]
    /// All that there is to say of it: shown while the pointer is over it, and read by keys.
    package let note: String
    /// Drawn last and thick.
    package let isEmphasized: Bool

    package init(_ values: [Double], note: String, isEmphasized: Bool = false) {
      self.values = values
      self.note = note
      self.isEmphasized = isEmphasized
    }
  }

  package let title: String
  package let description: String
  package let axes: [Axis]
  package let rows: [Row]
  /// Whether small values of the last axis are the better ones, which are painted strongly.
  private let prefersSmall: Bool

  package init(title: String, description: String, axes: [Axis], rows: [Row], prefersSmall: Bool) {
    self.title = title
    self.description = description
    self.axes = axes
    self.rows = rows
    self.prefersSmall = prefersSmall
  }

  private static let spacing = 180.0
  private static let (top, bottom) = (34.0, 274.0)

  package func drawing() -> Drawing {
    let domains = axes.enumerated().map { index, axis in
      Domain(
        axis, values: rows.lazy.compactMap { $0.values.indices.contains(index) ? $0.values[index] : nil },
        padding: 0.03, tickCount: 5)
    }
    let left =
      20
      + Double(
        axes.first.map { axis in
          max(Markup.width(of: axis.label) / 2, (domains.first?.ticks.compactMap(\.label).map(Markup.width).max() ?? 0))
        } ?? 0)
    let last = Markup.width(of: axes.last?.label ?? "") / 2
    let width = left + Double(max(axes.count - 1, 0)) * Self.spacing + last + 20
    func x(_ index: Int) -> Double { left + Double(index) * Self.spacing }

    let inOrder = rows.filter { !$0.isEmphasized } + rows.filter(\.isEmphasized)
    var elements = inOrder.compactMap { row in line(of: row, places(of: row, domains: domains, x: x)) }
    for (index, (axis, domain)) in zip(axes, domains).enumerated() {
      elements += self.elements(of: axis, domain: domain, x: x(index))
    }
    return Drawing(
      width: width, height: Self.bottom + 14, elements: elements,
      attributes: Drawing.attributes(
        kind: "points", places: rows.map { places(of: $0, domains: domains, x: x) }, hasNotes: true))
  }

  package var values: PictureValues {
    PictureValues(
      heading: axes.map(\.label) + ["note"],
      rows: rows.map { row in
        axes.enumerated().map { index, axis in
          PictureValues.text(row.values.indices.contains(index) ? row.values[index] : nil, on: axis)
        } + [row.note]
      })
  }

  /// Where a row's line crosses the axes; nowhere if a value is missing.
  private func places(of row: Row, domains: [Domain], x: (Int) -> Double) -> [(x: Double, y: Double)] {
    let shares = zip(row.values, domains).compactMap { $1.share(of: $0) }
    guard shares.count == axes.count else { return [] }
    return shares.enumerated().map { index, share in (x(index), Self.bottom - share * (Self.bottom - Self.top)) }
  }

  private func line(of row: Row, _ places: [(x: Double, y: Double)]) -> String? {
    guard let last = places.last else { return nil }
    let points = places.map { "\(Markup.length($0.x)) \(Markup.length($0.y))" }
    let share = (Self.bottom - last.y) / (Self.bottom - Self.top)
    let level = ColorRamp.level(0.2 + 0.8 * (prefersSmall ? 1 - share : share))
    let style = row.isEmphasized ? "line best s2" : "line \(ColorRamp.style(level))"
    return "<path class=\"\(style)\" d=\"M\(points.joined(separator: "L"))\">"
      + "<title>\(Markup.escaped(row.note))</title></path>"
  }

  private func elements(of axis: Axis, domain: Domain, x: Double) -> [String] {
    var elements = [
      Markup.line(x, Self.top, x, Self.bottom, style: "axis"),
      Markup.text(axis.label, x: x, y: 14, anchor: .middle, style: "strong"),
    ]
    for tick in domain.ticks {
      guard let share = domain.share(of: tick.value) else { continue }
      let y = Self.bottom - share * (Self.bottom - Self.top)
      elements.append(Markup.line(x - (tick.label == nil ? 2 : 4), y, x, y, style: "axis"))
      guard let label = tick.label else { continue }
      elements.append(Markup.text(label, x: x - Layout.gap, y: y + 4, anchor: .end, style: "tick"))
    }
    return elements
  }
}
