/// Makes stretches of text tokens: finds added tokens, normalizes and cuts what is between them, and encodes the pieces, those that
/// came before from memory.
///
/// Memory: the tokenizer's, and that of at most `mostPieces` different pieces.
struct PieceEncoder {
  private let tokenizer: BytePairTokenizer
  /// By byte, whether an added token begins with it.
  private var beginsAdded = [Bool](repeating: false, count: 256)
  private var scratch = BytePairModel.Scratch()
  /// Pieces whose tokens are known.
  private var pieces = TokenTable()
  /// The tokens of all of them; piece i's end at `ends[i]`.
  private var ids: [Int32] = []
  private var ends: [Int] = []
  /// Whether text stands before that has no added token behind it.
  private var isBegun = false

  /// Different pieces from which on memory begins anew.
  private static let mostPieces = 1 << 18
  /// Bytes of the longest piece that is remembered.
  private static let longestPiece = 64

  init(_ tokenizer: BytePairTokenizer) {
    self.tokenizer = tokenizer
    for token in tokenizer.added { beginsAdded[Int(token.content[0])] = true }
  }

  /// Encodes a stretch of valid UTF-8.
  ///
  /// - Parameters:
  ///   - isStart: whether it is a text's start. If not, what stands before it is no added token.
  ///   - emit: gets each piece of text, as the splitters see it, and its tokens.
  mutating func encode(
    _ text: ArraySlice<UInt8>, isStart: Bool,
    _ emit: (_ piece: UnsafeBufferPointer<UInt8>, _ ids: ArraySlice<Int32>) -> Void
  ) {
    isBegun = !isStart
    var (start, position) = (text.startIndex, text.startIndex)
    while !tokenizer.added.isEmpty, position < text.endIndex {
      guard beginsAdded[Int(text[position])],
        let token = tokenizer.added.first(where: { text[position...].starts(with: $0.content) })
      else {
        position += 1
        continue
      }
      var end = position
      if token.stripsLeft { while end > start, Self.isSpace(text[end - 1]) { end -= 1 } }
      if end > start { encode(section: text[start..<end], isStart: isStart && start == text.startIndex, emit) }
      token.content.withUnsafeBufferPointer { emit($0, [token.id]) }
      position += token.content.count
      (start, isBegun) = (position, false)
    }
    if start < text.endIndex { encode(section: text[start...], isStart: isStart && start == text.startIndex, emit) }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private mutating func encode(
    section: ArraySlice<UInt8>, isStart: Bool, _ emit: (UnsafeBufferPointer<UInt8>, ArraySlice<Int32>) -> Void
  ) {
    let changed = changed(section, isStart: isStart)
    isBegun = true
    (changed ?? section).withUnsafeBufferPointer { text in
      split(text, 0..<text.count, tokenizer.splitters[...], emit)
    }
  }

  /// The section as the splitters are to see it; nil: as it is.
  private func changed(_ section: ArraySlice<UInt8>, isStart: Bool) -> ArraySlice<UInt8>? {
    if tokenizer.normalizers.isEmpty, tokenizer.prefix == nil, tokenizer.spaceMark == nil { return nil }
    var text = section
    if !tokenizer.normalizers.isEmpty {
      var string = String(decoding: section, as: UTF8.self)
      for normalizer in tokenizer.normalizers {
        if case .prepend = normalizer, isBegun { continue }
        string = normalizer.apply(string)
      }
      text = Array(string.utf8)[...]
    }
    if let mark = tokenizer.spaceMark {
      text = Array(TextNormalizer.replace(" ", with: mark).apply(String(decoding: text, as: UTF8.self)).utf8)[...]
    }
    if let prefix = tokenizer.prefix, !isBegun, isStart || !prefix.isForStart, !text.isEmpty,
      !text.starts(with: prefix.text)
    {
      text = (prefix.text + text)[...]
    }
    return text
  }

  private mutating func split(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ splitters: ArraySlice<PieceSplitter>,
    _ emit: (UnsafeBufferPointer<UInt8>, ArraySlice<Int32>) -> Void
  ) {
    guard let first = splitters.first else {
      return encode(piece: UnsafeBufferPointer(rebasing: text[range]), emit)
    }
    first.split(text, range) { split(text, $0, splitters.dropFirst(), emit) }
  }

  private mutating func encode(
    piece: UnsafeBufferPointer<UInt8>, _ emit: (UnsafeBufferPointer<UInt8>, ArraySlice<Int32>) -> Void
  ) {
    if piece.count > Self.longestPiece {
      var own: [Int32] = []
      tokenizer.model.encode(piece, &scratch, into: &own)
      return emit(piece, own[...])
    }
    if pieces.count >= Self.mostPieces { (pieces, ids, ends) = (TokenTable(), [], []) }
    let number = Int(pieces.insert(UnsafeRawBufferPointer(piece)))
    if number == ends.count {
      tokenizer.model.encode(piece, &scratch, into: &ids)
      ends.append(ids.count)
    }
    emit(piece, ids[(number == 0 ? 0 : ends[number - 1])..<ends[number]])
  }
}
