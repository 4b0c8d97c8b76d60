/// Makes text subwords.
///
/// Memory: what `PieceEncoder` remembers.
struct SubwordEncoder: Tokenizer {
  private let tokenizer: BytePairTokenizer
  private var encoder: PieceEncoder
  /// The places that the run has for tokens, by id; -1: it hasn't met the token.
  private var places: [Int32]

  init(_ tokenizer: BytePairTokenizer) {
    self.tokenizer = tokenizer
    encoder = PieceEncoder(tokenizer)
    places = Array(repeating: -1, count: tokenizer.model.tokens.count)
  }

  mutating func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun) {
    let bytes = text.span.withUnsafeBufferPointer { Array($0) }
    guard tokenizer.dropsSpaces else { return encode(bytes[...], isStart: isStart, into: &run) }
    // A line's end is no token that would end a sentence.
    var start = 0
    while let end = bytes.firstPlace(of: 0x0A, in: start..<bytes.count) {
      encode(bytes[start...end], isStart: isStart && start == 0, into: &run)
      run.endSentence()
      start = end + 1
    }
    encode(bytes[start...], isStart: isStart && start == 0, into: &run)
  }

  private mutating func encode(_ text: ArraySlice<UInt8>, isStart: Bool, into run: inout TokenRun) {
    if text.isEmpty { return }
    let characters = run.characters
    encoder.encode(text, isStart: isStart) { piece, ids in
      for id in ids {
        if places[Int(id)] >= 0 {
          run.append(place: places[Int(id)])
        } else {
          places[Int(id)] = run.append(tokenizer.model.tokens[Int(id)].utf8)
        }
      }
      run.characters += Self.scalars(piece)
      if piece.contains(0x0A) { run.endSentence() }
    }
    // Normalizers may have changed how many there are.
    run.characters = characters + text.withUnsafeBufferPointer(Self.scalars)
  }

  private static func scalars(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    text.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) }
  }
}
