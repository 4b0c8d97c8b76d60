extension ValueKind<Duration> {
  /// Whole seconds, written as people say them: `2h30m`. A number without a unit is refused, since one takes it for
  /// seconds and the next for minutes.
  package static var duration: Self {
    let expectation = "a duration such as 90s, 45m, 2h30m or 1d"
    return Self(expectation) { tree, site in
      let text = tree.text ?? ""
      guard let seconds = Self.seconds(in: text), seconds > 0 else {
        let hint = Int(text).map { $0 > 0 } ?? false ? "; give it a unit: \(text)s or \(text)m" : ""
        return site.mismatch(tree, expected: expectation, hint: hint)
      }
      return .seconds(seconds)
    } write: {
      .plain(Self.text(ofSeconds: Int($0.components.seconds)))
    }
  }

  private static var units: [(letter: Character, seconds: Int)] {
    [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
  }

  private static func seconds(in text: String) -> Int? {
    var rest = text[...]
    var total = 0
    for (letter, seconds) in units {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard rest.dropFirst(digits.count).first == letter, digits.count <= 9, let count = Int(digits) else { continue }
      total += count * seconds
      rest = rest.dropFirst(digits.count + 1)
    }
    return rest.isEmpty && !text.isEmpty ? total : nil
  }

  private static func text(ofSeconds seconds: Int) -> String {
    var (left, text) = (seconds, "")
    for (letter, size) in units where left >= size {
      text += "\(left / size)\(letter)"
      left %= size
    }
    return text
  }
}
