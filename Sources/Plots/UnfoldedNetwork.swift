/// A recurrent network over three timesteps: inputs below, layers of states above each other, outputs on top, and an arrow
/// for each use of a weight, in the colour that the weight has everywhere.
package struct UnfoldedNetwork: Picture {
  /// Boxes side by side, one for each timestep.
  package struct Row: Sendable {
    /// `x`, `h`; of a deep network `h⁽²⁾`.
    let symbol: String
    /// How many numbers it is.
    let size: String

    package init(_ symbol: String, size: String) {
      self.symbol = symbol
      self.size = size
    }
  }

  package struct Layer: Sendable {
    /// The states that a timestep hands to the next; of a layer that reads both ways, the second ones go backwards.
    let directions: [Row]
    /// `V`, which multiplies what is below.
    let inputWeight: String
    /// [direction] `W`, which multiplies the state of the neighbour.
    let recurrentWeights: [String]

    package init(directions: [Row], inputWeight: String, recurrentWeights: [String]) {
      self.directions = directions
      self.inputWeight = inputWeight
      self.recurrentWeights = recurrentWeights
    }
  }

  package let title: String
  package let description: String
  private let input: Row
  private let layers: [Layer]
  private let output: Row
  private let outputWeight: String

  /// - Parameters:
  ///   - layers: from the lowest up.
  ///   - outputWeight: `U`.
  package init(
    title: String, description: String, input: Row, layers: [Layer], output: Row, outputWeight: String
  ) {
    self.title = title
    self.description = description
    self.input = input
    self.layers = layers
    self.output = output
    self.outputWeight = outputWeight
  }

  private static let timesteps = ["ₜ₋₁", "ₜ", "ₜ₊₁"]
  private static let (inputColor, recurrentColor, outputColor) = ("s3", "s2", "s1")
  private static let (boxWidth, boxHeight, gap) = (84.0, 36.0, 34.0)
  private static let firstColumn = 105.0
  private static let columnDistance = 135.0
  private static let width = 2 * firstColumn + columnDistance * 2
  private static let top = 6.0

  package func drawing() -> Drawing {
    let rows = layers.reduce(3) { $0 + $1.directions.count }
    let gaps = layers.count + 2
    let height = Self.top + Double(rows) * Self.boxHeight + Double(gaps) * Self.gap + Layout.lineHeight
    var elements: [String] = []
    for (column, timestep) in Self.timesteps.enumerated() {
      let x = Self.firstColumn + Double(column) * Self.columnDistance
      // From the top down.
      var y = Self.top
      elements += box(Row("L", size: "nats"), timestep, x, y)
      elements.append(Self.upArrow(x, from: y + Self.boxHeight + Self.gap, to: y + Self.boxHeight, style: "axis"))
      y += Self.boxHeight + Self.gap
      elements += box(output, timestep, x, y)
      y += Self.boxHeight
      elements += weightArrow(outputWeight, x, below: y, style: Self.outputColor)
      y += Self.gap
      for layer in layers.reversed() {
        for (direction, row) in layer.directions.enumerated() {
          elements += box(row, timestep, x, y)
          elements += recurrence(
            layer.recurrentWeights[direction], x, y + Self.boxHeight / 2, isReverse: direction == 1, column: column)
          y += Self.boxHeight
        }
        elements += weightArrow(layer.inputWeight, x, below: y, style: Self.inputColor)
        y += Self.gap
      }
      elements += box(input, timestep, x, y)
    }
    return Drawing(width: Self.width, height: height, elements: elements)
  }

  /// What is in the boxes of a timestep, from the input up.
  package var values: PictureValues {
    let rows = [input] + layers.flatMap { $0.directions.reversed() } + [output]
    return PictureValues(heading: ["box", "size"], rows: rows.map { [$0.symbol, $0.size] })
  }

  // MARK: what is drawn

  private func box(_ row: Row, _ timestep: String, _ x: Double, _ top: Double) -> [String] {
    [
      "<rect class=\"node\" x=\"\(Markup.length(x - Self.boxWidth / 2))\" y=\"\(Markup.length(top))\" "
        + "width=\"\(Markup.length(Self.boxWidth))\" height=\"\(Markup.length(Self.boxHeight))\" rx=\"5\"/>",
      Markup.text(row.symbol + timestep, x: x, y: top + 16, anchor: .middle, style: "strong"),
      Markup.text(row.size, x: x, y: top + 30, anchor: .middle),
    ]
  }

  private func weightArrow(_ weight: String, _ x: Double, below y: Double, style: String) -> [String] {
    [
      Self.upArrow(x, from: y + Self.gap, to: y, style: "line \(style)"),
      Markup.text(weight, x: x + 7, y: y + Self.gap / 2 + 4, style: "strong"),
    ]
  }

  /// From a box to the next one in the direction's own time, and at the ends from and to timesteps that aren't drawn.
  private func recurrence(
    _ weight: String, _ x: Double, _ y: Double, isReverse: Bool, column: Int
  ) -> [String] {
    let half = Self.boxWidth / 2
    let between = Self.columnDistance - Self.boxWidth
    var elements: [String] = []
    /// - Parameter left: where the space between two boxes begins.
    func arrow(_ left: Double) {
      let (from, to) = isReverse ? (left + between, left) : (left, left + between)
      elements.append(Self.sideArrow(from: from, to: to, y, style: "line \(Self.recurrentColor)"))
      elements.append(Markup.text(weight, x: left + between / 2, y: y - 5, anchor: .middle, style: "strong"))
    }
    if column == 0 { arrow(x - half - between) }
    arrow(x + half)
    return elements
  }

  private static func upArrow(_ x: Double, from: Double, to: Double, style: String) -> String {
    path("M\(Markup.length(x)) \(Markup.length(from))V\(Markup.length(to + 1))m-4 7l4 -7l4 7", style)
  }

  private static func sideArrow(from: Double, to: Double, _ y: Double, style: String) -> String {
    let sign = to > from ? 1.0 : -1
    let back = Markup.length(-7 * sign)
    return path(
      "M\(Markup.length(from)) \(Markup.length(y))H\(Markup.length(to - sign))m\(back) -4l\(Markup.length(7 * sign)) 4l\(back) 4",
      style)
  }

  private static func path(_ data: String, _ style: String) -> String { "<path class=\"\(style)\" d=\"\(data)\"/>" }
}
