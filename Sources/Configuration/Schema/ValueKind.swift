/// What values a key takes: how they are called, read and written.
struct ValueKind<Value> {
  /// What a message expects and documentation names: `a whole number from 1 to 10`.
  let expectation: String
  /// The value of a tree. Reports what is wrong where there is none.
  let read: (YAMLTree, ReadingSite) -> Value?
  let write: (Value) -> YAMLTree

  /// A kind of scalar that `parse` either understands or not; it sees nothing in quotes.
  init(_ expectation: String, parse: @escaping (String) -> Value?, print: @escaping (Value) -> String) {
    self.expectation = expectation
    read = { tree, site in
      guard let value = tree.plainText.flatMap(parse) else { return site.mismatch(tree, expected: expectation) }
      return value
    }
    write = { .plain(print($0)) }
  }

  init(
    _ expectation: String, read: @escaping (YAMLTree, ReadingSite) -> Value?, write: @escaping (Value) -> YAMLTree
  ) {
    self.expectation = expectation
    self.read = read
    self.write = write
  }
}

extension ValueKind<Int> {
  static func whole(_ range: ClosedRange<Int>) -> Self {
    Self("a whole number \(Self.describe(range))") { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    } print: {
      String($0)
    }
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}

extension ValueKind<Double> {
  static func number(_ range: NumberRange) -> Self {
    Self("a number \(range)") { text in
      Self.number(from: text).flatMap { range.contains($0) ? $0 : nil }
    } print: { number in
      // The shortest text that reads back as the same number; a whole one without its `.0`.
      let text = number.description
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
  }

  /// `1`, `-.5`, `5.`, `1e-3`: decimal numbers as YAML 1.2 has them, which leaves out `nan`, `0x10` and `1_000`.
  private static func number(from text: String) -> Double? {
    let allowed = "0123456789+-.eE".unicodeScalars
    guard text.unicodeScalars.allSatisfy({ allowed.contains($0) }) else { return nil }
    return Double(text)
  }
}

extension ValueKind<Bool> {
  static var flag: Self {
    Self("true or false") { tree, site in
      switch tree.plainText {
      case "true", "True", "TRUE": return true
      case "false", "False", "FALSE": return false
      default: break
      }
      let hint =
        switch tree.plainText?.lowercased() {
        case "yes", "on", "y": "; write true"
        case "no", "off", "n": "; write false"
        default: ""
        }
      return site.mismatch(tree, expected: "true or false", hint: hint)
    } write: {
      .plain($0 ? "true" : "false")
    }
  }
}

extension ValueKind where Value: CaseIterable & RawRepresentable<String> {
  static var choice: Self {
    .choice(of: Value.allCases.map(\.rawValue), value: Value.init(rawValue:), name: \.rawValue)
  }
}

extension ValueKind {
  /// One of some names.
  static func choice(
    of names: [String], value: @escaping (String) -> Value?, name: @escaping (Value) -> String
  ) -> Self {
    let expectation = enumeration(of: names, conjunction: "or")
    return Self(expectation) { tree, site in
      guard let text = tree.text else { return site.mismatch(tree, expected: expectation) }
      if let value = value(text) { return value }
      let hint = closest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return site.mismatch(tree, expected: expectation, hint: hint)
    } write: {
      .string(name($0))
    }
  }
}
