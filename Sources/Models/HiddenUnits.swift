import Keys

/// Units of the layers' hidden states, in each direction: one number for all layers, or a list of one for each.
package enum HiddenUnits: Sendable, Equatable {
  case same(Int)
  case each([Int])

  /// - Parameter counts: [layer]
  package init(_ counts: [Int]) {
    let first = counts.first ?? 0
    self = counts.allSatisfy { $0 == first } ? .same(first) : .each(counts)
  }

  /// [layer] of so many layers.
  package func counts(layers: Int) -> [Int] {
    switch self {
    case .same(let count): Array(repeating: count, count: layers)
    case .each(let counts): counts
    }
  }
}

extension HiddenUnits: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: Int) { self = .same(value) }
}

extension HiddenUnits {
  private static let range = 1...65_536
  private static let mostLayers = 64

  /// The keys `hidden` and `layers`. A list says how many layers there are by itself; where `layers` says something else,
  /// both are left as they are.
  package static func visitKeys(_ hidden: inout HiddenUnits, layers: inout Int, _ keys: inout some KeyVisitor) {
    keys.value(
      "hidden", &hidden, .hiddenUnits(range, layers: mostLayers), "width of the hidden state; a list: of each layer's")
    if case .each(let counts) = hidden { layers = counts.count }
    keys.value(
      "layers", &layers, .whole(1...mostLayers),
      "recurrent layers on top of each other; where hidden is a list, its length")
    // One network is written in one way.
    if case .each(let counts) = hidden, counts.count == layers { hidden = HiddenUnits(counts) }
  }
}

extension ValueKind<HiddenUnits> {
  fileprivate static func hiddenUnits(_ range: ClosedRange<Int>, layers most: Int) -> Self {
    let count = ValueKind<Int>.whole(range)
    let expectation = "\(count.expectation), or a list of up to \(most) of them, one for each layer"
    return Self(expectation, number: .whole) { tree, site in
      switch tree.content {
      case .list(let items) where (1...most).contains(items.count):
        return count.readAll(items, site).map(HiddenUnits.each)
      case .scalar:
        guard let number = tree.plainText.flatMap({ Int($0) }), range.contains(number) else {
          return site.mismatch(tree, expected: expectation)
        }
        return .same(number)
      case .list, .mapping: return site.mismatch(tree, expected: expectation)
      }
    } write: { units in
      switch units {
      case .same(let number): count.write(number)
      case .each(let counts): ValueTree(.list(counts.map(count.write)))
      }
    }
  }
}
