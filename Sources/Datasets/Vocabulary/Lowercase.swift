extension StringProtocol {
  /// Its lower case by the Unicode standard, without the rules of any language: what Python's `str.lower` makes of it. The letter
  /// that `String.lowercased()` doesn't look at is a capital sigma, which ends a word as another letter than it has within one.
  ///
  /// Made once more, it stays as it is. O(length).
  package var inLowercase: String {
    guard unicodeScalars.contains(Self.capitalSigma) else { return lowercased() }
    let scalars = Array(unicodeScalars)
    /// Whether the nearest scalar that isn't passed over is a letter with a case.
    func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
      scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    var result = ""
    for (place, scalar) in scalars.enumerated() {
      if scalar == Self.capitalSigma {
        let isFinal = isCased(scalars[..<place].reversed()) && !isCased(scalars[(place + 1)...])
        result.unicodeScalars.append(isFinal ? "\u{3C2}" : "\u{3C3}")
      } else {
        result += scalar.properties.lowercaseMapping
      }
    }
    return result
  }

  private static var capitalSigma: Unicode.Scalar { "\u{3A3}" }

  /// Whether it is in lower case, byte for byte.
  package var isInLowercase: Bool { inLowercase.utf8.elementsEqual(utf8) }
}
