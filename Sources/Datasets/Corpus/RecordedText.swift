import Files

/// A text or treebank as it was read, before its tokens have ids of a vocabulary. Its tokens are places in a table: see `RecordedWords`.
package struct RecordedText: Sendable {
  /// The files, for messages.
  let paths: [String]
  package let sourceSHA256: String
  package let extent: TextExtent
  /// Carriage returns without a newline behind them.
  let loneCarriageReturns: Int
  package let words: RecordedWords
  /// All tokens, as places in tables of words: see `RecordedWords`.
  package let tokens: Column<Int32>
  /// By column, the tags of a treebank; empty for a text.
  package let tags: [RecordedTags]
  /// Where each sentence ends in the tokens.
  package let ends: Column<Int64>
  /// How long the text is up to the end of each sentence.
  package let extents: ExtentColumns

  /// All of it.
  package var whole: TextPart { TextPart(text: self, tokens: 0..<tokens.count, extent: extent) }

  /// What a text is split between.
  package enum Unit: Sendable {
    case characters, sentences

    var noun: String {
      switch self {
      case .characters: "character"
      case .sentences: "sentence"
      }
    }
  }

  package func count(of unit: Unit) -> Int {
    switch unit {
    case .characters: tokens.count
    case .sentences: ends.count
    }
  }

  /// The units of a range. O(1), but where it is cut between characters O(line).
  package func part(_ range: Range<Int>, in unit: Unit) throws(FileError) -> TextPart {
    let (start, end) = (try place(of: range.lowerBound, in: unit), try place(of: range.upperBound, in: unit))
    return TextPart(text: self, tokens: start.token..<end.token, extent: end.extent - start.extent)
  }

  /// Where a unit begins, and how long the text is up to there.
  private func place(of position: Int, in unit: Unit) throws(FileError) -> (token: Int, extent: TextExtent) {
    switch unit {
    case .characters:
      let before = try place(of: ends.partition { $0 > Int64(position) }, in: .sentences)
      return (position, try before.extent + extent(ofCharacters: min(before.token, position)..<position))
    case .sentences:
      if position == 0 { return (0, TextExtent()) }
      // White space behind the last sentence goes with that sentence.
      if position == ends.count { return (tokens.count, extent) }
      return (Int(try ends.number(at: position - 1)), try extents.extent(at: position - 1))
    }
  }

  /// How long tokens are that are a character each, from a line's beginning on.
  private func extent(ofCharacters range: Range<Int>) throws(FileError) -> TextExtent {
    var meter = TextMeter()
    try tokens[range].forEachPiece { places, _ in
      let text = places.flatMap { words.table[Int($0)].utf8 }
      meter.add(UTF8Span(unchecked: text.span))
    }
    return meter.extent
  }
}

/// How long a text is up to the end of each of its sentences.
package struct ExtentColumns: Sendable {
  package let characters, words, bytes: Column<Int64>

  func extent(at sentence: Int) throws(FileError) -> TextExtent {
    TextExtent(
      characters: Int(try characters.number(at: sentence)), words: Int(try words.number(at: sentence)),
      bytes: Int(try bytes.number(at: sentence)))
  }
}

/// The same while the text is read.
struct ExtentSpools {
  private var characters = PackedSpool<Int64>(isAscending: true)
  private var words = PackedSpool<Int64>(isAscending: true)
  private var bytes = PackedSpool<Int64>(isAscending: true)

  /// - Parameter start: how long the text is before what the extents are of.
  mutating func append(_ extents: ArraySlice<TextExtent>, from start: TextExtent) throws(FileError) {
    try characters.append(extents.map { Int64(start.characters + $0.characters) })
    try words.append(extents.map { Int64(start.words + $0.words) })
    try bytes.append(extents.map { Int64(start.bytes + $0.bytes) })
  }

  consuming func columns() throws(FileError) -> ExtentColumns {
    ExtentColumns(
      characters: try characters.numbers().column, words: try words.numbers().column, bytes: try bytes.numbers().column)
  }
}

/// A part of a text: a split, as a rule.
package struct TextPart: Sendable {
  package let text: RecordedText
  /// Which of the text's tokens it has.
  package let tokens: Range<Int>
  let extent: TextExtent

  package var words: RecordedWords { text.words }
  package var paths: [String] { text.paths }
  package var tags: [RecordedTags] { text.tags.map { $0[tokens] } }

  /// How often each of the words in memory comes in it. O(tokens).
  package func counts() throws(CorpusError) -> [Int] {
    if tokens == 0..<text.tokens.count { return words.counts }
    var counts = [Int](repeating: 0, count: words.table.count)
    do throws(FileError) {
      try words.places(of: text.tokens)[tokens].forEachPiece { places, _ in
        for place in places where place >= 0 { counts[Int(place)] += 1 }
      }
    } catch {
      throw .file(error)
    }
    return counts
  }

  /// n+1 positions, of its n sentences. A cut between characters may go through a sentence, whose parts then are a sentence
  /// each. O(log n).
  func offsets() throws(FileError) -> Column<Int64> {
    let ends = text.ends
    let first = try ends.partition { $0 > Int64(tokens.lowerBound) }
    let last = try ends.partition { $0 >= Int64(tokens.upperBound) }
    let (count, start, end) = (tokens.isEmpty ? 1 : last - first + 2, Int64(tokens.lowerBound), Int64(tokens.count))
    return Column(count: count) { range, memory throws(FileError) in
      guard let base = memory.baseAddress else { return }
      let inner = range.clamped(to: 1..<max(1, count - 1))
      if !inner.isEmpty {
        try ends.read(
          inner.lowerBound - 1 + first..<inner.upperBound - 1 + first,
          into: base + (inner.lowerBound - range.lowerBound))
        for i in inner { memory[i - range.lowerBound] -= start }
      }
      if range.contains(0) { memory[-range.lowerBound] = 0 }
      if count > 1, range.contains(count - 1) { memory[count - 1 - range.lowerBound] = end }
    }
  }

  /// The tokens by their ids in a vocabulary, without tags and forms. The text stays where it is: ids are made of its places
  /// whenever they are read. O(words); O(tokens) in a vocabulary without `<unk>`.
  ///
  /// - Throws: `CorpusError.unknownToken` if the vocabulary has no `<unk>` and lacks a token.
  package func sequence(in vocabulary: Vocabulary) throws(CorpusError) -> TokenSequence {
    let sequence: TokenSequence
    var unknown: String?
    do throws(FileError) {
      let ids = try words.ids(of: text.tokens, in: vocabulary)[tokens]
      sequence = TokenSequence(
        tokens: ids, offsets: try offsets(), extent: extent, sourceSHA256: text.sourceSHA256)
      if vocabulary.unknownId == nil, let position = try ids.first(where: { $0 < 0 })?.position {
        let place = Int(try words.places(of: text.tokens).number(at: tokens.lowerBound + position))
        unknown = place < 0 ? Vocabulary.unknownToken : words.table[place]
      }
    } catch {
      throw .file(error)
    }
    if let unknown { throw .unknownToken(unknown, paths: paths) }
    return sequence
  }

  /// The same of a text whose vocabulary isn't its own, with what is to be said of how its words are normalized. O(tokens).
  package func heldOutSequence(in vocabulary: Vocabulary) throws(CorpusError) -> TokenSequence {
    var sequence = try sequence(in: vocabulary)
    sequence.otherNormalForms = try otherNormalForms(than: vocabulary)
    return sequence
  }

  /// How many words a vocabulary that isn't their own lacks only since it has them in another Unicode normalization form.
  /// Words that were too many to be kept aren't looked at. O(tokens).
  func otherNormalForms(than vocabulary: Vocabulary) throws(CorpusError) -> Int {
    var check = NormalizationCheck(vocabulary)
    for (place, count) in try counts().enumerated() where count > 0 { check.note(words.table[place], count: count) }
    return check.otherForms
  }
}
