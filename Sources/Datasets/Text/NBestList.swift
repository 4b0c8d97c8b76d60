/// Several texts for each utterance, as speech recognisers and translators list them, one hypothesis a line:
///
///     utterance-id text
///     utterance-id score text
///
/// Kaldi numbers an utterance's hypotheses, `a-1`, `a-2` and so on, so that all ids are different; ESPnet's files, one behind
/// the other, have an id on several lines. Which of the two a list is, is told by all its ids: they are Kaldi's if all are
/// different and numbered, and every utterance has a number 1. Otherwise an id is that of an utterance.
package struct NBestList: Sendable {
  package struct Hypothesis: Sendable {
    /// As the list has it.
    package let id: String
    /// What the recogniser gave it, the higher the better; nil where the list has no scores.
    package let score: Double?
    /// Without white space around it; empty where nothing was recognised.
    package let text: String
  }

  package struct Utterance: Sendable {
    package let id: String
    /// Where in the list its hypotheses are, at least one.
    package fileprivate(set) var hypotheses: [Int]
  }

  /// What messages call the list.
  package let name: String
  /// In the order of the lines.
  package let hypotheses: [Hypothesis]
  /// In the order in which they come first.
  package let utterances: [Utterance]

  /// Reads a whole list.
  ///
  /// - Parameter scored: whether there is a score behind each id.
  /// - Throws: `CorpusError.malformedLine` with an `NBestProblem`; `.empty` for a list without a line.
  package init(_ source: TextSource, scored: Bool) throws(CorpusError) {
    var lines = try TextLines(source)
    var hypotheses: [Hypothesis] = []
    while let chunk = try lines.next() {
      for line in chunk {
        do throws(NBestProblem) {
          hypotheses.append(try Hypothesis(line: String(decoding: line, as: UTF8.self), scored: scored))
        } catch {
          throw .malformedLine(MalformedLine(path: lines.name, line: hypotheses.count + 1, problem: error))
        }
      }
    }
    if hypotheses.isEmpty { throw .empty(paths: [lines.name]) }
    name = lines.name
    self.hypotheses = hypotheses
    utterances = Self.utterances(of: hypotheses)
  }

  private static func utterances(of hypotheses: [Hypothesis]) -> [Utterance] {
    var table = TokenTable()
    var utterances: [Utterance] = []
    for (index, id) in (numberedUtterances(of: hypotheses) ?? hypotheses.map(\.id)).enumerated() {
      let number = Int(table.insert(id))
      if number == utterances.count { utterances.append(Utterance(id: id, hypotheses: [])) }
      utterances[number].hypotheses.append(index)
    }
    return utterances
  }

  /// The utterance of each hypothesis, if the ids are numbered as Kaldi's are.
  private static func numberedUtterances(of hypotheses: [Hypothesis]) -> [String]? {
    var (ids, utterances, begun) = (TokenTable(), TokenTable(), TokenTable())
    var result: [String] = []
    for hypothesis in hypotheses {
      guard ids.insert(hypothesis.id) == result.count, let (utterance, number) = hypothesis.numbered else { return nil }
      _ = utterances.insert(utterance)
      if number == "1" { _ = begun.insert(utterance) }
      result.append(utterance)
    }
    return begun.count == utterances.count ? result : nil
  }
}

extension NBestList.Hypothesis {
  /// - Parameter line: without its end.
  fileprivate init(line: String, scored: Bool) throws(NBestProblem) {
    var rest = line.unicodeScalars[...]
    func field() -> Substring.UnicodeScalarView {
      rest = rest.drop(while: WhitespaceTokenizer.isWhitespace)
      defer { rest = rest.drop { !WhitespaceTokenizer.isWhitespace($0) } }
      return rest.prefix { !WhitespaceTokenizer.isWhitespace($0) }
    }
    let id = String(field())
    if id.isEmpty { throw .noUtterance(scored: scored) }
    var score: Double?
    if scored {
      let text = String(field())
      guard let number = Double(text), number.isFinite else { throw .noScore(found: text) }
      score = number
    }
    rest = rest.drop(while: WhitespaceTokenizer.isWhitespace)
    while let last = rest.last, WhitespaceTokenizer.isWhitespace(last) { rest.removeLast() }
    self.init(id: id, score: score, text: String(rest))
  }

  /// The id as an utterance's and a number, `a-b-12` as `a-b` and `12`.
  fileprivate var numbered: (utterance: String, number: Substring)? {
    guard let hyphen = id.lastIndex(of: "-"), hyphen > id.startIndex else { return nil }
    let number = id[id.index(after: hyphen)...]
    guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return (String(id[..<hyphen]), number)
  }

  /// Whether the text begins with a number, as if the list had scores.
  package var beginsWithNumber: Bool {
    text.split(separator: " ", maxSplits: 1).first.flatMap { Double($0) } != nil
  }
}

/// What can be wrong with a line of an n-best list.
package enum NBestProblem: LineProblem {
  case noUtterance(scored: Bool)
  case noScore(found: String)

  package var description: String {
    switch self {
    case .noUtterance(let scored): "expected `utterance-id \(scored ? "score " : "")text`, found an empty line"
    case .noScore(found: ""): "expected `utterance-id score text`, found nothing behind the id"
    case .noScore(let found): "expected `utterance-id score text`, found \"\(found)\" instead of a finite number"
    }
  }
}
