import Foundation

/// What the MISC column of CoNLL-U says of how sure a tagger is of a word's tag: a key and a value.
///
/// Probabilities have six significant digits. In tags all that has a meaning in MISC or in the list is percent-encoded, as in
/// addresses of the web: `%`, `|`, `=`, `:`, `,`, white space and control characters.
package struct TagNote: Sendable, Equatable {
  private let key: Key
  private let value: String

  private enum Key: String, CaseIterable {
    case one = "TagProb"
    case several = "TagProbs"
  }

  /// `TagProb=0.981234`: of the tag that was given.
  package init(probability: Double) { (key, value) = (.one, Self.text(probability)) }

  /// `TagProbs=NOUN:0.91,VERB:0.07`: of the likeliest tags.
  package init(ranking: [(tag: String, probability: Double)]) {
    key = .several
    value = ranking.map { "\(Self.escaped($0.tag)):\(Self.text($0.probability))" }.joined(separator: ",")
  }

  package var text: String { "\(key.rawValue)=\(value)" }

  /// A MISC column with this behind what it has already; a note of either kind that it has makes way.
  package func added(to misc: String) -> String {
    let others = misc.split(separator: "|").filter { entry in
      entry != "_" && !Key.allCases.contains { entry.hasPrefix("\($0.rawValue)=") }
    }
    return (others.map(String.init) + [text]).joined(separator: "|")
  }

  private static func text(_ probability: Double) -> String { String(format: "%.6g", probability) }

  private static func escaped(_ tag: String) -> String {
    var bytes: [UInt8] = []
    for byte in tag.utf8 {
      if byte <= UInt8(ascii: " ") || byte == 0x7F || "%|=:,".utf8.contains(byte) {
        bytes += String(format: "%%%02X", byte).utf8
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
