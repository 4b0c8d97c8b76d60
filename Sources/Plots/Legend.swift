/// Which series has which colour, above a picture.
struct Legend {
  private let rows: [[(name: String, mark: Series.Mark, style: String)]]

  /// - Parameter entries: those without a name aren't in it.
  init(_ entries: [(name: String, mark: Series.Mark, style: String)], width: Double) {
    var rows: [[(name: String, mark: Series.Mark, style: String)]] = []
    var free = 0.0
    let longest = Int((width - Self.width(of: "")) / Layout.characterWidth)
    for var entry in entries where !entry.name.isEmpty {
      entry.name = entry.name.shortened(to: longest)
      let needed = Self.width(of: entry.name)
      if rows.isEmpty || needed > free {
        rows.append([])
        free = width
      }
      rows[rows.count - 1].append(entry)
      free -= needed
    }
    self.rows = rows
  }

  private static let sample = 18.0
  private static func width(of name: String) -> Double { sample + Layout.gap + Markup.width(of: name) + 16 }

  var height: Double { Double(rows.count) * Layout.lineHeight }

  func elements(left: Double) -> [String] {
    var elements: [String] = []
    for (number, row) in rows.enumerated() {
      var x = left
      let y = Double(number) * Layout.lineHeight + 10
      for entry in row {
        switch entry.mark {
        case .line, .faintLine: elements.append(Markup.line(x, y, x + Self.sample, y, style: "line \(entry.style)"))
        case .points: elements.append(Dot.element(x + Self.sample / 2, y, style: entry.style))
        case .rings: elements.append(Dot.element(x + Self.sample / 2, y, style: entry.style, isRing: true))
        case .bars:
          elements.append(
            "<rect class=\"bar \(entry.style)\" x=\"\(Markup.length(x + 4))\" y=\"\(Markup.length(y - 5))\" width=\"10\" "
              + "height=\"10\"/>")
        }
        elements.append(Markup.text(entry.name, x: x + Self.sample + Layout.gap, y: y + 4))
        x += Self.width(of: entry.name)
      }
    }
    return elements
  }
}

/// A point of a series.
enum Dot {
  /// - Parameter note: shown while the pointer is over it.
  static func element(_ x: Double, _ y: Double, style: String, isRing: Bool = false, note: String? = nil) -> String {
    let head =
      "<circle class=\"\(isRing ? "ring" : "dot") \(style)\" cx=\"\(Markup.length(x))\" cy=\"\(Markup.length(y))\" "
      + "r=\"\(isRing ? "6" : "3")\""
    guard let note else { return head + "/>" }
    return head + "><title>\(Markup.escaped(note))</title></circle>"
  }
}
