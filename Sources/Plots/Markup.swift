/// Text as it has to be written in SVG and HTML.
package enum Markup {
  /// Text within an element or an attribute. It goes by scalars: what Swift takes for one character may hold a `<`, behind
  /// U+0600 for instance. Characters that XML 1.0 has no way to write become U+FFFD.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A length with one decimal.
  package static func length(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let digits = "\(tenths.magnitude / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths.magnitude % 10)")
    return tenths < 0 ? "-" + digits : digits
  }

  /// About how wide a text is in a picture's font.
  static func width(of text: String) -> Double { Double(text.count) * Layout.characterWidth }

  enum Anchor: String { case start, middle, end }

  static func text(
    _ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "", isUpright: Bool = false
  ) -> String {
    let place =
      isUpright
      ? "transform=\"translate(\(length(x)) \(length(y))) rotate(-90)\"" : "x=\"\(length(x))\" y=\"\(length(y))\""
    let style = style.isEmpty ? "" : " class=\"\(style)\""
    return "<text\(style) \(place) text-anchor=\"\(anchor.rawValue)\">\(escaped(text))</text>"
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) -> String {
    "<path class=\"\(style)\" d=\"M\(length(x1)) \(length(y1))L\(length(x2)) \(length(y2))\"/>"
  }
}

extension String {
  /// A name of at most so many characters: of a longer one the beginning and the end, which tell it from others.
  package func shortened(to length: Int) -> String {
    guard count > length else { return self }
    let kept = max(length - 1, 2)
    return prefix((kept + 1) / 2) + "…" + suffix(kept / 2)
  }
}
