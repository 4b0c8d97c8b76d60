import Glibc

/// Colours for small to large values: lightness changes evenly, from the page's towards the ink's, and the hue with it.
///
/// The colours are chosen in Oklab, in which equal distances look equal.
package enum ColorRamp {
  package static let levels = 32

  /// Lightness, chroma and hue (degrees) along the ramp.
  private struct Stop {
    let lightness: Double
    let chroma: Double
    let hue: Double
  }

  private static let light = [
    Stop(lightness: 0.965, chroma: 0.03, hue: 200), Stop(lightness: 0.62, chroma: 0.12, hue: 232),
    Stop(lightness: 0.28, chroma: 0.12, hue: 290),
  ]
  private static let dark = [
    Stop(lightness: 0.27, chroma: 0.06, hue: 285), Stop(lightness: 0.565, chroma: 0.12, hue: 235),
    Stop(lightness: 0.93, chroma: 0.08, hue: 190),
  ]

  /// The level of a share between 0 and 1.
  package static func level(_ share: Double) -> Int { min(max(Int(share * Double(levels)), 0), levels - 1) }

  static func style(_ level: Int) -> String { "h\(level)" }

  /// Text on a level.
  package static func textStyle(on level: Int) -> String { level < levels * 11 / 20 ? "on-low" : "on-high" }

  static var css: String { lightCSS + "@media (prefers-color-scheme: dark) {\n\(rules(dark))}\n" }

  static var lightCSS: String { ".plot .cells path { fill: currentColor; }\n" + rules(light) }

  private static func rules(_ stops: [Stop]) -> String {
    (0..<levels).map { level in
      let (red, green, blue) = color(Double(level) / Double(levels - 1), stops)
      return ".plot .\(style(level)) { color: #\(hex(red))\(hex(green))\(hex(blue)); }\n"
    }.joined()
  }

  package static func lightColor(_ level: Int) -> (red: Double, green: Double, blue: Double) {
    color(Double(level) / Double(levels - 1), light)
  }

  package static func darkColor(_ level: Int) -> (red: Double, green: Double, blue: Double) {
    color(Double(level) / Double(levels - 1), dark)
  }

  private static func hex(_ channel: Double) -> String {
    let byte = Int((channel * 255).rounded())
    return (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// sRGB channels from 0 to 1.
  private static func color(_ share: Double, _ stops: [Stop]) -> (red: Double, green: Double, blue: Double) {
    let place = share * Double(stops.count - 1)
    let index = min(Int(place), stops.count - 2)
    let (a, b, part) = (stops[index], stops[index + 1], place - Double(index))
    func between(_ value: KeyPath<Stop, Double>) -> Double {
      a[keyPath: value] + part * (b[keyPath: value] - a[keyPath: value])
    }
    let angle = between(\.hue) * .pi / 180
    return sRGB(between(\.lightness), a: between(\.chroma) * cos(angle), b: between(\.chroma) * sin(angle))
  }

  /// From Oklab (Ottosson 2020).
  private static func sRGB(_ lightness: Double, a: Double, b: Double) -> (red: Double, green: Double, blue: Double) {
    func cube(_ value: Double) -> Double { value * value * value }
    let l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b)
    let m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b)
    let s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b)
    func encoded(_ linear: Double) -> Double {
      let value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055
      return min(max(value, 0), 1)
    }
    return (
      encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
      encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
      encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)
    )
  }
}
