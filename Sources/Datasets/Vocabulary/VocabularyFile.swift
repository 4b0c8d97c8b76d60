/// A vocabulary as a text: a token a line, whose id is the number of lines before it.
///
/// White space and control characters stand as `<U+000A>` where characters are tokens, as in `VectorText`: a line's end couldn't be
/// written otherwise. CR LF and a byte order mark are read as in every text.
package enum VocabularyFile {
  /// Reads a vocabulary. Special tokens that the file lacks are the caller's to add.
  ///
  /// O(bytes) time; memory is the tokens.
  ///
  /// - Parameters:
  ///   - format: of the corpus. Words that its files mark may have spaces in them.
  ///   - isLowercase: whether words are looked up in lower case, so that no other token would ever be found.
  /// - Throws: `CorpusError.malformedLine` with a `VocabularyProblem`; `.empty` for a file without a line; what is wrong with the
  ///   file as a text.
  package static func read(
    _ path: String, _ tokenization: Tokenization, format: any CorpusFormat, isLowercase: Bool = false
  ) throws(CorpusError) -> Vocabulary {
    var lines = try TextLines(.file(path))
    do throws(CorpusError) {
      return try read(&lines, of: path, tokenization, format: format, isLowercase: isLowercase)
    } catch {
      throw lines.cause(of: error)
    }
  }

  private static func read(
    _ lines: inout TextLines, of path: String, _ tokenization: Tokenization, format: any CorpusFormat, isLowercase: Bool
  ) throws(CorpusError) -> Vocabulary {
    var table = TokenTable()
    while let chunk = try lines.next() {
      for line in chunk {
        let number = table.count + 1
        func problem(_ problem: VocabularyProblem) -> CorpusError {
          .malformedLine(MalformedLine(path: path, line: number, problem: problem))
        }
        let token: String
        do throws(VocabularyProblem) {
          token = try self.token(of: String(decoding: line, as: UTF8.self), tokenization, format)
        } catch {
          throw problem(error)
        }
        if isLowercase, !token.isInLowercase { throw problem(.upperCase(found: token)) }
        let first = Int(table.insert(token)) + 1
        if first < number { throw problem(.repeated(token, line: first)) }
      }
    }
    if table.count == 0 { throw .empty(paths: [path]) }
    return Vocabulary(tokens: table.tokens, isLowercase: isLowercase)
  }

  private static func token(
    of line: String, _ tokenization: Tokenization, _ format: any CorpusFormat
  ) throws(VocabularyProblem) -> String {
    if line.isEmpty { throw .empty(takesEscapes: tokenization.kind.isSeamless) }
    if tokenization.kind.isSeamless {
      let token = unescaped(line)
      if token == Vocabulary.unknownToken { return token }
      guard tokenization.tokens(of: token).count == 1 else { throw .notOne(tokenization.kind, found: line) }
      return token
    }
    if !format.hasTokens, line.unicodeScalars.contains(where: WhitespaceTokenizer.isWhitespace) {
      throw .whiteSpace(found: line)
    }
    return line
  }

  /// A line with scalars in place of what stands for them.
  private static func unescaped(_ line: String) -> String {
    line.replacing(/<U\+([0-9A-Fa-f]{4,6})>/) { match in
      UInt32(match.1, radix: 16).flatMap(Unicode.Scalar.init).map { String($0) } ?? String(match.0)
    }
  }
}

/// What can be wrong with a line of a vocabulary.
package enum VocabularyProblem: LineProblem {
  case empty(takesEscapes: Bool)
  /// A token of an earlier line.
  case repeated(String, line: Int)
  case whiteSpace(found: String)
  /// What isn't in lower case, where words are looked up so.
  case upperCase(found: String)
  /// What is no token at a level where each has one length.
  case notOne(TokenKind, found: String)

  package var description: String {
    switch self {
    case .empty(let takesEscapes):
      "expected a token, found an empty line" + (takesEscapes ? " (a newline is written <U+000A>)" : "")
    case .repeated(let token, let line):
      "\"\(VectorText.word(for: token))\" is the token of line \(line) already; each has one id"
    case .whiteSpace(let found):
      "expected one token without white space in it, found \"\(found)\" (cut -f1 or awk '{print $1}' takes counts away)"
    case .upperCase(let found):
      "expected a token in lower case, as data.vocabulary.lowercase looks for it, found \"\(found)\""
    case .notOne(let kind, let found):
      "expected one token of the kind \(kind.rawValue), found \"\(found)\""
    }
  }
}
