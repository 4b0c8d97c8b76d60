/// Lines over two axes, drawn with characters for a terminal: the first series as a line of dots, the others as marks.
package struct TextPlot: Sendable {
  /// What is drawn with.
  package enum Alphabet: Sendable {
    /// Braille patterns, each of which has two by four dots.
    case braille
    case ascii
  }

  private let x: Axis
  private let y: Axis
  private let series: [Series]
  private let alphabet: Alphabet

  private static let marks: [Character] = ["+", "x", "o", "*"]
  private static let leastWidth = 20
  private static let leastHeight = 5

  package init(x: Axis, y: Axis, series: [Series], alphabet: Alphabet) {
    self.x = x
    self.y = y
    self.series = series
    self.alphabet = alphabet
  }

  /// The picture, its axes included.
  ///
  /// - Parameters:
  ///   - width: columns; at least 20 are taken.
  ///   - height: lines; at least 5 are taken.
  package func lines(width: Int, height: Int) -> [String] {
    let (width, height) = (max(width, Self.leastWidth), max(height, Self.leastHeight))
    // One line for the axis, one for its labels, and one for the legend.
    let rows = height - 3
    let points = series.flatMap(\.points)
    let vertical = Domain(y, values: points.lazy.map(\.y), padding: 0.05, tickCount: max(rows / 3, 2))
    let labels = vertical.ticks.compactMap { tick in
      tick.label.flatMap { text in
        vertical.share(of: tick.value).map { (row: Self.cell($0, of: rows, fromEnd: true), text: text) }
      }
    }
    let margin = (labels.map(\.text.count).max() ?? 0) + 1
    let columns = max(width - margin - 1, 4)
    let horizontal = Domain(x, values: points.lazy.map(\.x), padding: 0, tickCount: max(columns / 12, 2))

    let canvas = canvas(columns: columns, rows: rows, horizontal, vertical)
    var lines = (0..<rows).map { row in
      let label = labels.last { $0.row == row }?.text ?? ""
      return String(repeating: " ", count: margin - label.count - 1) + label + " │" + String(canvas[row])
    }
    let indentation = String(repeating: " ", count: margin)
    lines.append(indentation + "└" + String(repeating: "─", count: columns))
    lines.append(indentation + " " + axisLabels(horizontal, columns: columns))
    lines.append(indentation + " " + legend)
    return alphabet == .ascii ? lines.map(Self.ascii) : lines
  }

  private static func ascii(_ line: String) -> String {
    String(line.map { ["│": "|", "└": "+", "─": "-", "−": "-", "×": "x"][$0] ?? $0 })
  }

  /// - Parameter share: from 0 to 1.
  private static func cell(_ share: Double, of count: Int, fromEnd: Bool = false) -> Int {
    let place = min(max(Int((share * Double(count - 1)).rounded()), 0), count - 1)
    return fromEnd ? count - 1 - place : place
  }

  private func canvas(columns: Int, rows: Int, _ horizontal: Domain, _ vertical: Domain) -> [[Character]] {
    let scale = alphabet == .braille ? (x: 2, y: 4) : (x: 1, y: 1)
    var dots: [[Bool]] = Array(repeating: Array(repeating: false, count: columns * scale.x), count: rows * scale.y)
    for points in series.first.map({ [$0.points] }) ?? [] {
      var last: (x: Int, y: Int)?
      for point in points {
        guard let h = horizontal.share(of: point.x), let v = vertical.share(of: point.y), (0...1).contains(v) else {
          last = nil
          continue
        }
        let place = (x: Self.cell(h, of: columns * scale.x), y: Self.cell(v, of: rows * scale.y, fromEnd: true))
        Self.draw(from: last ?? place, to: place, on: &dots)
        last = place
      }
    }
    var canvas = (0..<rows).map { row in (0..<columns).map { character(of: dots, row: row, column: $0, scale) } }
    for (index, series) in series.enumerated().dropFirst() {
      for point in series.points {
        guard let h = horizontal.share(of: point.x), let v = vertical.share(of: point.y), (0...1).contains(v) else {
          continue
        }
        canvas[Self.cell(v, of: rows, fromEnd: true)][Self.cell(h, of: columns)] = mark(of: index)
      }
    }
    return canvas
  }

  private func mark(of index: Int) -> Character { Self.marks[(index - 1) % Self.marks.count] }

  private static func draw(from a: (x: Int, y: Int), to b: (x: Int, y: Int), on dots: inout [[Bool]]) {
    let steps = max(abs(b.x - a.x), abs(b.y - a.y), 1)
    for step in 0...steps {
      dots[a.y + (b.y - a.y) * step / steps][a.x + (b.x - a.x) * step / steps] = true
    }
  }

  /// The bits of a Braille pattern by column and row of its dots.
  private static let bits: [[UInt32]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]

  private func character(of dots: [[Bool]], row: Int, column: Int, _ scale: (x: Int, y: Int)) -> Character {
    guard alphabet == .braille else { return dots[row][column] ? "." : " " }
    var pattern: UInt32 = 0
    for i in 0..<scale.x {
      for j in 0..<scale.y where dots[row * scale.y + j][column * scale.x + i] { pattern |= Self.bits[i][j] }
    }
    guard pattern != 0, let scalar = Unicode.Scalar(0x2800 + pattern) else { return " " }
    return Character(scalar)
  }

  /// Labels below their places, as many as there is room for.
  private func axisLabels(_ domain: Domain, columns: Int) -> String {
    var line = ""
    for tick in domain.ticks {
      guard let label = tick.label, let share = domain.share(of: tick.value) else { continue }
      let start = min(max(Self.cell(share, of: columns) - label.count / 2, 0), columns - label.count)
      guard start >= 0, line.isEmpty || start > line.count else { continue }
      line += String(repeating: " ", count: start - line.count) + label
    }
    return line
  }

  private var legend: String {
    let names = series.enumerated().map { index, series in
      "\(index > 0 ? String(mark(of: index)) : alphabet == .braille ? "⠤" : ".") \(series.name)"
    }
    return "\(x.label); \(y.label): \(names.joined(separator: "  "))"
  }
}
