/// Every extended grapheme cluster (UAX #29) is a token: what readers take for a character, whatever scalars it is made of. A newline
/// is always a token of its own, and ends a sentence.
///
/// Clusters are those of Swift's `Character`, found scalar by scalar, as they are in a text of any length. The version of
/// Unicode is that of Swift's standard library: 16.0 in Swift 6.2.
///
/// Memory: the longest token, which has no bound: any number of combining marks may stand behind a letter. What is read at a time
/// is a line at least, where no two characters of ASCII stand side by side.
struct GraphemeTokenizer: Tokenizer {
  private var token: [UInt8] = []
  private var last: Unicode.Scalar?
  /// Knows what stands before, as far as it matters to the next scalar.
  private var recognizer = Unicode._CharacterRecognizer()
  /// The places that the run has for ASCII characters.
  private var places = [Int32?](repeating: nil, count: 0x80)

  mutating func tokenize(_ text: UTF8Span, isStart: Bool, into run: inout TokenRun) {
    last = nil
    var scalars = text.makeUnicodeScalarIterator()
    while let scalar = scalars.next() {
      if isBreak(before: scalar) { endToken(&run) }
      run.characters += 1
      token.append(scalar)
      last = scalar
      if scalar == "\n" {
        endToken(&run)
        run.endSentence()
      }
    }
    endToken(&run)
  }

  private mutating func endToken(_ run: inout TokenRun) {
    switch token.count {
    case 0: return
    case 1:
      let byte = Int(token[0])
      if let place = places[byte] { run.append(place: place) } else { places[byte] = run.append(token) }
    default: run.append(token)
    }
    token.removeAll(keepingCapacity: true)
  }

  private mutating func isBreak(before scalar: Unicode.Scalar) -> Bool {
    // A cluster has no newline within, here; and between scalars below the combining marks there is always a break.
    guard let last, scalar != "\n", last != "\n", max(last.value, scalar.value) >= 0x300 else {
      recognizer = Unicode._CharacterRecognizer()
      _ = recognizer.hasBreak(before: scalar)
      return true
    }
    return recognizer.hasBreak(before: scalar)
  }
}
