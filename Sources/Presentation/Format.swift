import Foundation

/// Numbers as people read them, the same in every locale.
package enum Format {
  /// `1234567` as `1,234,567`.
  package static func count(_ value: Int) -> String {
    var digits = String(value.magnitude)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (value < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
  }

  /// A whole number that a file holds as another kind: what is beyond all counts is shown as their end.
  package static func count(_ value: Double) -> String { value.isNaN ? "-" : count(Int(min(max(value, -1e15), 1e15))) }

  package static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

  /// So many significant digits: `0.0123`, `1.2e-08`.
  package static func significant(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)g", value) }

  /// A loss in nats.
  package static func loss(_ value: Double) -> String {
    value < 1e6 ? fixed(value, 4) : String(format: "%.3g", value)
  }

  package static func perplexity(_ value: Double) -> String {
    value < 100_000 ? fixed(value, 2) : String(format: "%.3g", value)
  }

  package static func percent(_ part: Int, of whole: Int) -> String {
    fixed(100 * Double(part) / Double(max(whole, 1)), 1) + "%"
  }

  /// A share as `95.12%`; a dash where there is none.
  package static func percent(_ share: Double) -> String { share.isFinite ? fixed(100 * share, 2) + "%" : "-" }

  package static func rate(_ tokens: Int, in time: Duration) -> String {
    let rate = Double(tokens) / max(time / .seconds(1), 1e-9)
    return count(rate) + " tokens/s"
  }

  /// `3 h 5 min`, `12 min 34 s`, `56 s`, `0.4 s`.
  package static func duration(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    if seconds < 10 { return fixed(seconds, 1) + " s" }
    let whole = Int(min(seconds, 1e15).rounded())
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    if hours > 0 { return "\(count(hours)) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min \(whole % 60) s" : "\(whole) s"
  }

  /// The same of seconds that a file may hold any number of.
  package static func duration(seconds: Double) -> String {
    seconds.isFinite ? duration(.seconds(min(max(seconds, 0), 1e12))) : "-"
  }

  /// How long ago something was, in its largest unit: `34 s ago`, `12 min ago`, `3 h ago`, `5 d ago`.
  package static func age(seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e12))
    let (minutes, hours, days) = (whole / 60, whole / 3600, whole / 86400)
    if days > 1 { return "\(count(days)) d ago" }
    return hours > 1 ? "\(hours) h ago" : minutes > 1 ? "\(minutes) min ago" : "\(whole) s ago"
  }

  /// A time of day and its date: `2026-11-25 23:20 UTC`.
  package static func time(_ secondsSince1970: Double) -> String {
    let text = Date(timeIntervalSince1970: min(max(secondsSince1970, 0), 1e11)).formatted(.iso8601)
    return text.prefix(16).replacing("T", with: " ") + " UTC"
  }

  /// Bytes in powers of 1000, as disks are sold.
  package static func bytes(_ value: Int) -> String {
    var (size, units) = (Double(value), ["bytes", "kB", "MB", "GB", "TB"][...])
    while size >= 1000, units.count > 1 {
      size /= 1000
      units = units.dropFirst()
    }
    return units.first == "bytes" ? "\(value) bytes" : "\(fixed(size, 1)) \(units.first ?? "")"
  }

  /// A path as a word that a shell reads as itself.
  package static func shellWord(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || ("0"..."9").contains($0) || "/._-+,:@%".unicodeScalars.contains($0)
      }
    return isPlain ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }

  /// A text for a terminal, which would obey control characters: they are shown as `\u{1B}`, but for line feeds and tabs.
  package static func printable(_ text: String) -> String {
    func isShown(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
    }
    if text.unicodeScalars.allSatisfy(isShown) { return text }
    return text.unicodeScalars.map { isShown($0) ? String($0) : "\\u{\(String($0.value, radix: 16, uppercase: true))}" }
      .joined()
  }

  /// A token as people can tell it from others: one of white space or of what isn't seen at all is quoted and escaped, as
  /// `"\n"`.
  package static func visible(_ token: String) -> String {
    func isSeen(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      case .spaceSeparator: scalar == " "
      default: true
      }
    }
    if !token.isEmpty, token.unicodeScalars.allSatisfy({ isSeen($0) && $0 != " " }) { return token }
    return "\"" + token.unicodeScalars.map { isSeen($0) ? String($0) : $0.escaped(asASCII: true) }.joined() + "\""
  }

  /// Names and values, one pair a line, the values below each other.
  package static func facts(_ facts: [(name: String, value: String)]) -> String {
    let width = (facts.map(\.name.columns).max() ?? 0) + 2
    return facts.map { name, value in
      name.padded(to: width) + value
    }.joined(separator: "\n")
  }
}
