/// What a Unicode scalar is to the word tokenizer.
enum ScalarClass: UInt8, Sendable {
  case newline
  /// Separates tokens and belongs to none.
  case space
  case letter
  case digit
  /// A word of its own: an ideograph or a hiragana.
  case ideograph
  /// Belongs to what stands before it: combining marks, variation selectors, format characters.
  case extender
  /// U+200D, which glues the symbols before and behind it together, as emoji do.
  case zeroWidthJoiner
  /// Belongs to the word between two letters, and is a symbol elsewhere: the apostrophe of "don't".
  case apostrophe
  /// Belongs to the number between two digits, and is a symbol elsewhere: the full stop of "3.14".
  case separatorOfDigits
  /// Everything else: a token of its own.
  case symbol

  /// O(1); the first use of the table takes some milliseconds.
  static func of(_ scalar: Unicode.Scalar) -> ScalarClass {
    scalar.value < table.count ? table[Int(scalar.value)] : ScalarClass(properties: scalar)
  }

  /// The classes of the Basic Multilingual Plane: a look-up costs a tenth of asking for the Unicode properties.
  private static let table: [ScalarClass] = (UInt32(0)..<0x10000).map { value in
    Unicode.Scalar(value).map(ScalarClass.init(properties:)) ?? .symbol
  }

  /// Calls back with the classes of ASCII.
  static func withASCII<Result>(_ body: (UnsafeBufferPointer<ScalarClass>) -> Result) -> Result {
    table.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<0x80])) }
  }

  private init(properties scalar: Unicode.Scalar) {
    let properties = scalar.properties
    self =
      switch scalar {
      case "\n": .newline
      // Zero-width spaces mark word boundaries in scripts without spaces.
      case "\u{200B}", "\u{FEFF}": .space
      case "\u{200D}": .zeroWidthJoiner
      // Also the middle dot of Catalan and the gershayim of Hebrew.
      case "'", "\u{2019}", "\u{FF07}", "\u{B7}", "\u{5F4}": .apostrophe
      case ".", ",", "\u{66B}", "\u{66C}": .separatorOfDigits
      case "\u{3041}"..."\u{3096}": .ideograph
      default:
        if properties.isWhitespace {
          .space
        } else if properties.isIdeographic {
          .ideograph
        } else {
          ScalarClass(properties.generalCategory)
        }
      }
  }

  private init(_ category: Unicode.GeneralCategory) {
    self =
      switch category {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
      case .decimalNumber, .letterNumber, .otherNumber: .digit
      case .nonspacingMark, .spacingMark, .enclosingMark, .format: .extender
      default: .symbol
      }
  }
}
