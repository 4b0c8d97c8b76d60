/// A way to cut text into the pieces that BPE never merges across, as in the pre-tokenizers of tokenizer.json.
enum PieceSplitter: Sendable, Equatable {
  /// GPT-2's regular expression, by hand:
  ///
  ///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  case gpt2
  /// A text stands apart wherever it occurs.
  case isolated([UInt8])
  /// A piece begins at every one of this text.
  case before([UInt8])
  /// A piece begins at this text behind another, and has any number of it then.
  case beforeRun([UInt8])
  /// What stands between white space; that is dropped.
  case whitespace
  /// `\w+|[^\w\s]+`: words and runs of marks; white space is dropped.
  case words
  /// Each punctuation mark stands apart.
  case punctuation
  /// Numbers stand apart from the rest, digit by digit if so.
  case digits(individually: Bool)

  /// How files write it.
  static let spellingsOfGPT2 = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
    #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
  ]

  /// Cuts `range` of valid UTF-8 into pieces, in order.
  ///
  /// O(bytes).
  func split(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ piece: (Range<Int>) throws -> Void
  ) rethrows {
    switch self {
    case .gpt2:
      var start = range.lowerBound
      while start < range.upperBound {
        let end = Self.endOfGPT2(text, from: start, to: range.upperBound)
        try piece(start..<end)
        start = end
      }
    case .isolated(let mark): try marks(text, range, mark) { range, _ in try piece(range) }
    case .before(let mark):
      try joined(text, range, mark, piece) { _ in true }
    case .beforeRun(let mark):
      try joined(text, range, mark, piece) { wasMark in !wasMark }
    case .whitespace: try runs(text, range, { $0.contains(.space) ? nil : 1 }, piece)
    case .words: try runs(text, range, { $0.contains(.word) ? 1 : $0.contains(.space) ? nil : 2 }, piece)
    case .punctuation: try runs(text, range, { $0.contains(.punctuation) ? 0 : 1 }, piece)
    case .digits(let individually):
      try runs(text, range, { $0.contains(.number) ? individually ? 0 : 2 : 1 }, piece)
    }
  }

  /// Cuts out every occurrence of a mark.
  private func marks(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ mark: [UInt8],
    _ part: (Range<Int>, _ isMark: Bool) throws -> Void
  ) rethrows {
    var (start, position) = (range.lowerBound, range.lowerBound)
    while position + mark.count <= range.upperBound {
      guard text[position] == mark[0], mark.indices.allSatisfy({ text[position + $0] == mark[$0] }) else {
        position += 1
        continue
      }
      if start < position { try part(start..<position, false) }
      try part(position..<position + mark.count, true)
      position += mark.count
      start = position
    }
    if start < range.upperBound { try part(start..<range.upperBound, false) }
  }

  /// Puts each mark before what follows it.
  ///
  /// - Parameter begins: whether a mark begins a piece, which stands behind another mark or not.
  private func joined(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ mark: [UInt8], _ piece: (Range<Int>) throws -> Void,
    begins: (_ wasMark: Bool) -> Bool
  ) rethrows {
    var (start, wasMark) = (range.lowerBound, false)
    try marks(text, range, mark) { part, isMark in
      if isMark, part.lowerBound > start, begins(wasMark) {
        try piece(start..<part.lowerBound)
        start = part.lowerBound
      }
      wasMark = isMark
    }
    if start < range.upperBound { try piece(start..<range.upperBound) }
  }

  /// Puts scalars of one group together; those of group 0 stand alone, and those of none are dropped.
  private func runs(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ group: (ScalarTraits) -> Int?,
    _ piece: (Range<Int>) throws -> Void
  ) rethrows {
    var (start, position) = (range.lowerBound, range.lowerBound)
    var current: Int?
    while position < range.upperBound {
      let (traits, length) = ScalarTraits.next(text, position)
      let next = group(traits)
      if next != current || next == 0 {
        if current != nil { try piece(start..<position) }
        (start, current) = (position, next)
      }
      position += length
    }
    if current != nil { try piece(start..<range.upperBound) }
  }

  /// Where the expression's match ends that begins at a position.
  private static func endOfGPT2(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
    var position = start
    if text[start] == UInt8(ascii: "'"), let length = contraction(text, start + 1, end) { return start + 1 + length }
    if text[start] == 0x20, start + 1 < end { position += 1 }
    var (traits, length) = ScalarTraits.next(text, position)
    if !traits.contains(.space) {
      let kind = traits.intersection([.letter, .number])
      repeat {
        position += length
        if position == end { return end }
        (traits, length) = ScalarTraits.next(text, position)
      } while !traits.contains(.space) && traits.intersection([.letter, .number]) == kind
      return position
    }
    // White space: all of it at the text's end, all but the last elsewhere, unless that is all.
    var last = start
    position = start
    repeat {
      (traits, length) = ScalarTraits.next(text, position)
      if !traits.contains(.space) { return last > start ? last : position }
      last = position
      position += length
    } while position < end
    return end
  }

  /// How long what follows an apostrophe is, if it is one of English's contractions.
  private static func contraction(_ text: UnsafeBufferPointer<UInt8>, _ position: Int, _ end: Int) -> Int? {
    guard position < end else { return nil }
    let first = Unicode.Scalar(text[position])
    let second = position + 1 < end ? Unicode.Scalar(text[position + 1]) : " "
    switch (first, second) {
    case ("r", "e"), ("v", "e"), ("l", "l"): return 2
    case ("s", _), ("t", _), ("m", _), ("d", _): return 1
    default: return nil
    }
  }
}

/// What splitters ask of a scalar.
struct ScalarTraits: OptionSet, Sendable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// `\s`
  static let space = Self(rawValue: 1)
  /// `\p{L}`
  static let letter = Self(rawValue: 2)
  /// `\p{N}`
  static let number = Self(rawValue: 4)
  /// `\w`
  static let word = Self(rawValue: 8)
  /// ASCII's marks, and `\p{P}`
  static let punctuation = Self(rawValue: 16)

  /// Those of the scalar that begins at a position of valid UTF-8, and its length in bytes.
  @inline(__always)
  static func next(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (Self, Int) {
    let byte = text[position]
    if byte < 0x80 { return (table[Int(byte)], 1) }
    func bits(_ offset: Int) -> Int { Int(text[position + offset] & 0x3F) }
    if byte < 0xE0 { return (table[Int(byte & 0x1F) << 6 | bits(1)], 2) }
    if byte < 0xF0 { return (table[Int(byte & 0xF) << 12 | bits(1) << 6 | bits(2)], 3) }
    let value = UInt32(Int(byte & 7) << 18 | bits(1) << 12 | bits(2) << 6 | bits(3))
    return (Unicode.Scalar(value).map(Self.init) ?? [], 4)
  }

  /// Of the Basic Multilingual Plane.
  private static let table: [Self] = (UInt32(0)..<0x10000).map { Unicode.Scalar($0).map(Self.init) ?? [] }

  private init(_ scalar: Unicode.Scalar) {
    let properties = scalar.properties
    var traits: Self = properties.isWhitespace ? .space : []
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: traits.insert(.letter)
    case .decimalNumber: traits.formUnion([.number, .word])
    case .letterNumber, .otherNumber: traits.insert(.number)
    case .nonspacingMark, .spacingMark, .enclosingMark: traits.insert(.word)
    case .connectorPunctuation: traits.formUnion([.word, .punctuation])
    case .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
      .otherPunctuation:
      traits.insert(.punctuation)
    case .mathSymbol, .currencySymbol, .modifierSymbol: if scalar.isASCII { traits.insert(.punctuation) }
    default: break
    }
    if properties.isAlphabetic || properties.isJoinControl { traits.insert(.word) }
    self = traits
  }
}
