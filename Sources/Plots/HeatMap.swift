/// A matrix of values as colours, with a bar that says which is which.
package struct HeatMap: Picture {
  package let title: String
  package let description: String
  package let x: Axis
  package let y: Axis
  package let color: Axis
  private let rows: [[Double?]]
  private let first: (row: Int, column: Int)
  private let texts: [[String]]?

  /// - Parameters:
  ///   - x: the columns; of a linear axis column i is `firstColumn` + i.
  ///   - y: the rows, which go from the top down.
  ///   - color: what the values are, on a linear or a logarithmic scale. What a logarithmic one has no place for, zero for
  ///     one, has the colour of the smallest.
  ///   - rows: a matrix with as many values in each row; a cell without a value, or with one that isn't a number, is empty.
  ///   - texts: what to write in the cells, be they empty or not.
  package init(
    title: String, description: String, x: Axis, y: Axis, color: Axis, rows: [[Double?]], firstRow: Int = 0,
    firstColumn: Int = 0, texts: [[String]]? = nil
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.color = color
    self.rows = rows.map { $0.map { value in value.flatMap { $0.isFinite ? $0 : nil } } }
    first = (firstRow, firstColumn)
    self.texts = texts
  }

  private static let areaWidth = 300.0
  private static let barWidth = 12.0
  private static let barGap = 20.0

  package func drawing() -> Drawing {
    let columnCount = rows.map(\.count).max() ?? 0
    let colors = Domain(color, values: rows.lazy.flatMap { $0.lazy.compactMap { $0 } }, padding: 0, tickCount: 5)
    let y = side(self.y, count: rows.count, first: first.row)
    let x = side(self.x, count: columnCount, first: first.column)
    let frame = MatrixFrame(x: x, y: y, labels: (self.x.label, self.y.label), area: area(columnCount: columnCount))
    let numbers = colors.ticks.compactMap(\.label).map(Markup.width).max() ?? 0
    let width = frame.right + Self.barGap + Self.barWidth + 2 * Layout.gap + numbers + Layout.lineHeight

    var elements = frame.elements
    elements += CellPaths(rows, colors: colors).elements(in: frame)
    if let texts { elements += frame.texts(texts) { level(of: $0, $1, colors: colors) } }
    elements += colorBar(colors, in: frame, width: width)
    return Drawing(
      width: width, height: frame.height, elements: elements,
      attributes: [
        ("kind", "matrix"),
        ("area", [frame.left, frame.right, frame.top, frame.bottom].map(Markup.length).joined(separator: " ")),
        ("rows", self.y.label), ("columns", self.x.label), ("values", color.label),
      ])
  }

  /// A row for each of the matrix', which begins with its name.
  package var values: PictureValues {
    let columnCount = rows.map(\.count).max() ?? 0
    func name(_ index: Int, _ axis: Axis, first: Int) -> String {
      PictureValues.text(Double(index + first), on: axis)
    }
    return PictureValues(
      heading: ["\(y.label) \\ \(x.label)"] + (0..<columnCount).map { name($0, x, first: first.column) },
      rows: rows.enumerated().map { index, row in
        [name(index, y, first: first.row)]
          + (0..<columnCount).map { column in
            if let texts, texts.indices.contains(index), texts[index].indices.contains(column) {
              return texts[index][column]
            }
            return PictureValues.text(row.indices.contains(column) ? row[column] : nil)
          }
      })
  }

  /// The room for the cells: those that are written in have a size of their own, others are square as long as the picture
  /// keeps its shape.
  private func area(columnCount: Int) -> (width: Double, height: Double) {
    if let texts {
      let widest = texts.joined().map(Markup.width).max() ?? 0
      return (Double(columnCount) * max(26, widest + 4), Double(rows.count) * 21)
    }
    let ratio = Double(max(rows.count, 1)) / Double(max(columnCount, 1))
    return (Self.areaWidth, Self.areaWidth * min(max(ratio, 0.4), 1.2))
  }

  private func side(_ axis: Axis, count: Int, first: Int) -> Domain {
    let ends = [Double(first) - 0.5, Double(first + max(count, 1)) - 0.5]
    return Domain(Axis(axis.label, scale: axis.scale, isWhole: true), values: ends, padding: 0, tickCount: 6)
  }

  private func level(of row: Int, _ column: Int, colors: Domain) -> Int? {
    guard rows.indices.contains(row), rows[row].indices.contains(column) else { return nil }
    return rows[row][column].map { ColorRamp.level(colors.share(of: $0) ?? 0) }
  }

  private func colorBar(_ colors: Domain, in frame: MatrixFrame, width: Double) -> [String] {
    let (left, height) = (frame.right + Self.barGap, frame.bottom - frame.top)
    let step = height / Double(ColorRamp.levels)
    var elements = ["<g class=\"cells\">"]
    for level in 0..<ColorRamp.levels {
      let top = frame.bottom - Double(level + 1) * step
      elements.append(
        "<path class=\"\(ColorRamp.style(level))\" d=\"M\(Markup.length(left)) \(Markup.length(top))h\(Self.barWidth)"
          + "v\(Markup.length(step + 0.1))h-\(Self.barWidth)z\"/>")
    }
    elements.append("</g>")
    let right = left + Self.barWidth
    for tick in colors.ticks {
      guard let share = colors.share(of: tick.value), share >= -1e-6, share <= 1 + 1e-6 else { continue }
      let place = frame.bottom - share * height
      elements.append(Markup.line(right, place, right + (tick.label == nil ? 2 : 4), place, style: "axis"))
      guard let label = tick.label else { continue }
      elements.append(Markup.text(label, x: right + Layout.gap, y: place + 4))
    }
    elements.append(
      Markup.text(color.label, x: width - 6, y: (frame.top + frame.bottom) / 2, anchor: .middle, isUpright: true))
    return elements
  }
}
