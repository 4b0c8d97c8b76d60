/// What values a key takes: how they are called, read and written.
package struct ValueKind<Value> {
  /// What a message expects and documentation names: `a whole number from 1 to 10`.
  package let expectation: String
  /// What numbers its values are; nil if they are none.
  package let number: KeyDescription.NumberKind?
  /// The texts that it takes, where they can be listed; empty where they can't.
  package let choices: [String]
  /// The value of a tree. Reports what is wrong where there is none.
  package let read: (ValueTree, ReadingSite) -> Value?
  package let write: (Value) -> ValueTree

  package init(
    _ expectation: String, number: KeyDescription.NumberKind? = nil, choices: [String] = [],
    read: @escaping (ValueTree, ReadingSite) -> Value?, write: @escaping (Value) -> ValueTree
  ) {
    self.expectation = expectation
    self.number = number
    self.choices = choices
    self.read = read
    self.write = write
  }

  /// The values of a list's items; nil if one of them has none. What is wrong with each is reported.
  package func readAll(_ items: [ValueTree], _ site: ReadingSite) -> [Value]? {
    let values = items.map { read($0, site) }
    let found = values.compactMap(\.self)
    return found.count == values.count ? found : nil
  }
}

extension ValueKind<Int> {
  package static func whole(_ range: ClosedRange<Int>) -> Self {
    let expectation = "a whole number \(describe(range))"
    return Self(expectation, number: .whole) { tree, site in
      guard let number = tree.plainText.flatMap({ Int($0) }), range.contains(number) else {
        return site.mismatch(tree, expected: expectation)
      }
      return number
    } write: {
      .plain(String($0))
    }
  }

  private static func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
  }
}

extension ValueKind<[Int]> {
  /// At least one number, each larger than the one before.
  package static func ascendingWhole(_ range: ClosedRange<Int>) -> Self {
    let element = ValueKind<Int>.whole(range)
    let expectation = "a list of ascending numbers, each \(element.expectation)"
    return Self(expectation) { tree, site in
      guard case .list(let items) = tree.content, !items.isEmpty else {
        return site.mismatch(tree, expected: expectation)
      }
      guard let found = element.readAll(items, site) else { return nil }
      guard zip(found, found.dropFirst()).allSatisfy({ $0 < $1 }) else {
        return site.mismatch(tree, expected: expectation, found: "\(found)")
      }
      return found
    } write: {
      ValueTree(.list($0.map(element.write)))
    }
  }
}

extension ValueKind<Double> {
  package static func number(_ range: NumberRange) -> Self {
    let expectation = "a number \(range)"
    return Self(expectation, number: .real) { tree, site in
      guard let number = tree.plainText.flatMap(Self.number(from:)) else {
        return site.mismatch(tree, expected: expectation)
      }
      let single = Float(number)
      let hint = single.isInfinite || (single == 0 && number != 0) ? ", which single precision can't hold" : ""
      return range.contains(single) ? number : site.mismatch(tree, expected: expectation, hint: hint)
    } write: { number in
      // The shortest text that reads back as the same number; a whole one without its `.0`.
      let text = number.description
      return .plain(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }
  }

  /// `1`, `-.5`, `5.`, `1e-3`: decimal numbers as YAML 1.2 has them, which leaves out `nan`, `0x10` and `1_000`.
  private static func number(from text: String) -> Double? {
    let allowed = "0123456789+-.eE".unicodeScalars
    guard text.unicodeScalars.allSatisfy({ allowed.contains($0) }) else { return nil }
    return Double(text)
  }
}

extension ValueKind<[Double]> {
  /// At least one number.
  package static func numbers(_ range: NumberRange) -> Self {
    let element = ValueKind<Double>.number(range)
    let expectation = "a list of numbers, each \(range)"
    return Self(expectation) { tree, site in
      guard case .list(let items) = tree.content, !items.isEmpty else {
        return site.mismatch(tree, expected: expectation)
      }
      return element.readAll(items, site)
    } write: {
      ValueTree(.list($0.map(element.write)))
    }
  }
}

extension ValueKind<Bool> {
  package static var flag: Self {
    let expectation = "true or false"
    return Self(expectation, choices: ["true", "false"]) { tree, site in
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
      return site.mismatch(tree, expected: expectation, hint: hint)
    } write: {
      .plain($0 ? "true" : "false")
    }
  }
}

extension ValueKind where Value: CaseIterable & RawRepresentable<String> {
  package static var choice: Self {
    .choice(of: Value.allCases.map(\.rawValue), value: Value.init(rawValue:), name: \.rawValue)
  }
}

extension ValueKind {
  /// One of some names.
  package static func choice(
    of names: [String], value: @escaping (String) -> Value?, name: @escaping (Value) -> String
  ) -> Self {
    let expectation = enumeration(of: names, conjunction: "or")
    return Self(expectation, choices: names) { tree, site in
      guard let text = tree.text else { return site.mismatch(tree, expected: expectation) }
      if let value = value(text) { return value }
      let hint = closest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return site.mismatch(tree, expected: expectation, hint: hint)
    } write: {
      .string(name($0))
    }
  }
}
