/// Subwords of a text that comes in pieces of any size: the same tokens as of the whole text.
///
/// Memory: the longest stretch without a place to cut, see `Stretches`, and what `PieceEncoder` remembers.
struct SubwordEncoder: Tokenizer {
  private let tokenizer: BytePairTokenizer
  private var encoder: PieceEncoder
  private var stretches: Stretches
  /// Whether nothing of the text has been encoded.
  private var isStart = true
  /// The numbers that the record has for tokens, by id; -1: it hasn't met the token.
  private var numbers: [Int32]

  init(_ tokenizer: BytePairTokenizer) {
    self.tokenizer = tokenizer
    encoder = PieceEncoder(tokenizer)
    stretches = Stretches(cutsLines: tokenizer.cutsLines)
    numbers = Array(repeating: -1, count: tokenizer.model.tokens.count)
  }

  mutating func consume(_ text: UTF8Span, into record: inout CorpusRecord) {
    stretches.append(text.span)
    if let text = stretches.next() { encode(text, into: &record) }
  }

  mutating func finish(into record: inout CorpusRecord) {
    encode(stretches.rest(), into: &record)
    isStart = true
  }

  private mutating func encode(_ text: [UInt8], into record: inout CorpusRecord) {
    guard tokenizer.dropsSpaces else { return encode(stretch: text, into: &record) }
    // A line's end is no token that would end a sentence.
    var start = 0
    while let end = text[start...].firstIndex(of: 0x0A) {
      encode(stretch: Array(text[start...end]), into: &record)
      record.endSentence()
      start = end + 1
    }
    encode(stretch: Array(text[start...]), into: &record)
  }

  private mutating func encode(stretch text: [UInt8], into record: inout CorpusRecord) {
    if text.isEmpty { return }
    let characters = record.characters
    encoder.encode(text, isStart: isStart) { piece, ids in
      for id in ids {
        if numbers[Int(id)] >= 0 {
          record.append(number: numbers[Int(id)])
        } else {
          numbers[Int(id)] = record.append(Array(tokenizer.model.tokens[Int(id)].utf8))
        }
      }
      record.characters += Self.scalars(piece)
      if piece.contains(0x0A) { record.endSentence() }
    }
    // Normalizers may have changed how many there are.
    record.characters = characters + text.withUnsafeBufferPointer(Self.scalars)
    isStart = false
  }

  private static func scalars(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    text.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
  }
}

/// Text that comes in pieces, given out up to the last place where what follows can't change what stands before: before a space
/// or a newline behind something else.
struct Stretches {
  /// Whether newlines are such places.
  private let cutsLines: Bool
  private var pending: [UInt8] = []

  init(cutsLines: Bool) { self.cutsLines = cutsLines }

  mutating func append(_ text: Span<UInt8>) {
    pending.reserveCapacity(pending.count + text.count)
    for index in text.indices { pending.append(text[index]) }
  }

  /// What may be looked at; nil if that is nothing. O(what stays).
  mutating func next() -> [UInt8]? {
    guard let end = lastCut else { return nil }
    let tail = Array(pending[end...])
    pending.removeSubrange(end...)
    defer { pending = tail }
    return pending
  }

  /// All that is left, at a text's end.
  mutating func rest() -> [UInt8] {
    defer { pending = [] }
    return pending
  }

  private var lastCut: Int? {
    pending.withUnsafeBufferPointer { text in
      var position = text.count - 1
      while position > 0 {
        if text[position] == 0x20 || (cutsLines && text[position] == 0x0A) {
          var before = position - 1
          while before > 0, text[before] & 0xC0 == 0x80 { before -= 1 }
          if !ScalarTraits.next(text, before).0.contains(.space) { return position }
        }
        position -= 1
      }
      return nil
    }
  }
}
