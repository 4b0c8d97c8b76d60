import Foundation

/// What is changed in a text before it is cut into pieces, as the normalizers of tokenizer.json do.
enum TextNormalizer: Sendable, Equatable {
  /// Unicode's normalization forms.
  case nfc, nfd, nfkc, nfkd
  /// Each scalar by itself: a sigma at a word's end is as any other.
  case lowercase
  /// Drops all marks, spacing ones too.
  case stripAccents
  /// Puts a text before what isn't empty.
  case prepend(String)
  case replace(String, with: String)

  /// A text without its start, and with its rest to come, is changed in the same way as the whole, if it is cut before a space.
  func apply(_ text: String) -> String {
    switch self {
    case .nfc: Self.isASCII(text) ? text : text.precomposedStringWithCanonicalMapping
    case .nfd: Self.isASCII(text) ? text : text.decomposedStringWithCanonicalMapping
    case .nfkc: Self.isASCII(text) ? text : text.precomposedStringWithCompatibilityMapping
    case .nfkd: Self.isASCII(text) ? text : text.decomposedStringWithCompatibilityMapping
    case .lowercase: text.unicodeScalars.map(\.properties.lowercaseMapping).joined()
    case .stripAccents: String(String.UnicodeScalarView(text.unicodeScalars.filter { !Self.isMark($0) }))
    case .prepend(let prefix): text.isEmpty ? text : prefix + text
    case .replace(let old, let new): Self.replacing(old, with: new, in: text)
    }
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }

  private static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

  /// By bytes: `String` would find what is canonically equivalent.
  private static func replacing(_ old: String, with new: String, in text: String) -> String {
    let (text, old) = (Array(text.utf8), Array(old.utf8))
    guard let first = old.first else { return String(decoding: text, as: UTF8.self) }
    var result: [UInt8] = []
    var position = 0
    while position < text.count {
      if text[position] == first, text[position...].starts(with: old) {
        result += new.utf8
        position += old.count
      } else {
        result.append(text[position])
        position += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
