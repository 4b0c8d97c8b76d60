/// A tokenizer of subwords, as Hugging Face's tokenizer.json describes it: added tokens, normalizers, splitters, and a model of
/// BPE. It is immutable, and identified by its file's text, which datasets, checkpoints and exported models carry.
package struct BytePairTokenizer: Sendable, Equatable {
  /// A token that is found in a text before anything else is done with it.
  struct AddedToken: Sendable, Equatable {
    let content: [UInt8]
    let id: Int32
    /// Whether white space before it belongs to it.
    var stripsLeft = false
  }

  /// What is put before a text, or before every stretch of it between added tokens, unless it begins so already.
  struct Prefix: Sendable, Equatable {
    let text: [UInt8]
    /// Whether only the start of a text gets it.
    let isForStart: Bool
  }

  /// The text of tokenizer.json.
  package let json: String
  let model: BytePairModel
  let added: [AddedToken]
  let normalizers: [TextNormalizer]
  /// What stands for a space in tokens; nil: it stands for itself, or for its byte.
  let spaceMark: String?
  let prefix: Prefix?
  let splitters: [PieceSplitter]

  init(
    json: String, model: BytePairModel, added: [AddedToken], normalizers: [TextNormalizer], spaceMark: String?,
    prefix: Prefix?, splitters: [PieceSplitter]
  ) {
    (self.json, self.model, self.normalizers) = (json, model, normalizers)
    // The longest one that matches counts.
    self.added = added.sorted { $0.content.count > $1.content.count }
    (self.spaceMark, self.prefix, self.splitters) = (spaceMark, prefix, splitters)
    lineEnd = nil
    lineEnd = lineEndToken
  }

  /// What all tokens are, by id.
  package var vocabulary: Vocabulary { Vocabulary(tokens: model.tokens) }

  /// The token of a line's end; nil if none is just that.
  package private(set) var lineEnd: String?

  private var lineEndToken: String? {
    var encoder = PieceEncoder(self)
    var ids: [Int32] = []
    encoder.encode([0x0A], isStart: false) { _, found in ids += found }
    return ids.count == 1 ? model.tokens[Int(ids[0])] : nil
  }

  package static func == (a: Self, b: Self) -> Bool { a.json.utf8.elementsEqual(b.json.utf8) }

  // MARK: tokens as text

  /// The bytes of a token's text: those of a whole character only together with its neighbours', perhaps.
  package func bytes(of token: String) -> [UInt8] {
    if isAdded(token) { return Array(token.utf8) }
    switch model.symbols {
    case .bytes: return ByteAlphabet.bytes(of: token)
    case .scalars:
      if let byte = Self.fallbackByte(token) { return [byte] }
      guard let spaceMark else { return Array(token.utf8) }
      return Array(TextNormalizer.replace(spaceMark, with: " ").apply(token).utf8)
    }
  }

  /// Whether spaces between tokens are lost, so that they are put in again.
  package var dropsSpaces: Bool {
    splitters.contains { $0 == .whitespace || $0 == .words } && !splitters.contains(.gpt2)
  }

  /// Whether the space before a text's first token is none of the text.
  var addsSpace: Bool { prefix != nil || normalizers.contains { if case .prepend = $0 { true } else { false } } }

  /// Whether no piece goes on across a line's start, and nothing is put before one.
  var cutsLines: Bool {
    !addsSpace && splitters.contains { [.gpt2, .whitespace, .words, .isolated([0x0A])].contains($0) }
  }

  private func isAdded(_ token: String) -> Bool { added.contains { token.utf8.elementsEqual($0.content) } }

  /// `<0x41>` as 0x41.
  private static func fallbackByte(_ token: String) -> UInt8? {
    guard token.utf8.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
    return UInt8(token.dropFirst(3).dropLast(), radix: 16)
  }
}
