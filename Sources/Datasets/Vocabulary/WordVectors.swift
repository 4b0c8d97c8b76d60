/// Word vectors that were trained elsewhere, for the tokens of a vocabulary.
package struct WordVectors: Sendable, Equatable {
  private enum Match { case none, lowercase, exact }

  package let width: Int
  /// By token id, how well the word of its vector matches.
  private var matches: [Match]
  /// By token id, where in `values` its vector begins; that of a token without one means nothing.
  private var starts: [Int]
  private var values: [Float] = []

  /// Tokens whose vector is that of just this word.
  package var exactCount: Int { matches.count { $0 == .exact } }
  /// Tokens whose vector is that of their lowercase form; in a vocabulary of lower case, of a word whose lowercase form they are.
  package var lowercaseCount: Int { matches.count { $0 == .lowercase } }

  /// The vector of a token, nil if the file has none.
  package func vector(ofId id: Int) -> ArraySlice<Float>? {
    matches[id] == .none ? nil : values[starts[id]..<starts[id] + width]
  }

  /// Reads the vectors of a vocabulary's tokens from the text of word2vec or GloVe, and passes over all others. Of two
  /// lines with one word the first counts. What is in lower case takes the first word of any case, where its own doesn't come.
  ///
  /// O(bytes of the file) time; memory is the vectors that were asked for.
  package static func read(
    _ path: String, words: Vocabulary, width: Int, chunkSize: Int = TextReader.defaultChunkSize
  ) throws(CorpusError) -> WordVectors {
    let wanted = WantedWords(words)
    var vectors = WordVectors(width: width, count: words.count)
    var parser = VectorParser(path: path, width: width)
    var file = try TextFile(.file(path), chunkSize: chunkSize)
    do throws(CorpusError) {
      while try file.advance() {
        for i in file.chunk where try parser.advance(file.bytes[i]) { try vectors.take(parser, wanted) }
      }
      if try parser.finish() { try vectors.take(parser, wanted) }
      return vectors
    } catch {
      throw file.cause(of: error)
    }
  }

  private init(width: Int, count: Int) {
    self.width = width
    matches = Array(repeating: .none, count: count)
    starts = Array(repeating: 0, count: count)
  }

  /// Takes over the vector of the parser's line, if a token waits for it.
  private mutating func take(_ parser: VectorParser, _ wanted: WantedWords) throws(CorpusError) {
    let start = values.count
    var isTaken = false
    if let id = wanted.id(of: parser.word), matches[id] != .exact {
      (matches[id], starts[id], isTaken) = (.exact, start, true)
    }
    for id in wanted.ids(ofLowercase: parser.word) where matches[id] == .none {
      (matches[id], starts[id], isTaken) = (.lowercase, start, true)
    }
    if isTaken { values += try parser.numbers() }
  }
}

/// The tokens that vectors are looked for, by their bytes.
private struct WantedWords {
  private let exact: TokenTable
  /// What stands for the tokens that a line of a file can't hold (see `VectorText`), and their ids by its number.
  private var written = TokenTable()
  private var writtenIds: [Int] = []
  /// The lowercase forms that differ from their tokens.
  private var lowercase = TokenTable()
  /// By a lowercase form's number, the ids of its tokens.
  private var lowercaseIds: [[Int]] = []
  /// Whether it is the tokens that are in lower case, and words of a file that may not be.
  private let isLowercase: Bool

  init(_ words: Vocabulary) {
    exact = words.table
    isLowercase = words.isLowercase
    for (id, token) in words.tokens.enumerated() {
      let word = VectorText.word(for: token)
      if word != token, Int(written.insert(word)) == writtenIds.count { writtenIds.append(id) }
      let form = token.inLowercase
      if form.utf8.elementsEqual(token.utf8) { continue }
      let number = Int(lowercase.insert(form))
      if number == lowercaseIds.count { lowercaseIds.append([]) }
      lowercaseIds[number].append(id)
    }
  }

  func id(of word: ArraySlice<UInt8>) -> Int? {
    word.withUnsafeBytes { word in
      exact.number(of: word).map { Int($0) } ?? written.number(of: word).map { writtenIds[Int($0)] }
    }
  }

  func ids(ofLowercase word: ArraySlice<UInt8>) -> [Int] {
    if isLowercase {
      return exact.number(of: String(decoding: word, as: UTF8.self).inLowercase).map { [Int($0)] } ?? []
    }
    return word.withUnsafeBytes { lowercase.number(of: $0) }.map { lowercaseIds[Int($0)] } ?? []
  }
}
