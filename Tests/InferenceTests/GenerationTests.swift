import Compute
import Datasets
import Inference
import Testing

/// Samples side by side, where they end, and beam search against trying all texts.
@Suite struct GenerationTests {
  private static let tiny = TinyModel(words: ["a", "b", "."])

  private func texts(
    _ samples: Int, _ extent: TextGenerator.Extent, workers: Int = 1, prompt: String = ""
  ) throws -> [String] {
    var texts: [String] = []
    try TextGenerator(Self.tiny.model, workers: Workers(count: workers, processors: workers)).generate(
      prompt: prompt, extent, Sampling(), samples: samples
    ) { texts.append($0) }
    return texts
  }

  // MARK: samples

  /// More than are drawn side by side.
  @Test func samplesAreWhatTheyAreAlone() throws {
    let extent = TextGenerator.Extent(length: 12)
    let many = try texts(70, extent, prompt: "b a")
    #expect(many.count == 70 && Set(many).count > 30)
    #expect(try texts(70, extent, workers: 3, prompt: "b a") == many)
    for count in [1, 2, 3, 17, 65] { #expect(try texts(count, extent, prompt: "b a") == Array(many.prefix(count))) }
    var first = ""
    try TextGenerator(Self.tiny.model).generate(prompt: "b a", extent, Sampling()) { first += $0 }
    #expect(first == many[0])
  }

  @Test func textsEndWithALineOrASentence() throws {
    let whole = try texts(20, TextGenerator.Extent(length: 30))
    let lines = try texts(20, TextGenerator.Extent(length: 30, end: .line))
    let sentences = try texts(20, TextGenerator.Extent(length: 30, end: .sentence))
    for ((whole, line), sentence) in zip(zip(whole, lines), sentences) {
      func cut(_ marks: String) -> String {
        whole.firstIndex { marks.contains($0) }.map { String(whole[...$0]) } ?? whole
      }
      #expect(line == cut("\n"))
      #expect(sentence == cut(".\n"))
    }
    #expect(lines.count { $0.hasSuffix("\n") } > 0 && sentences.count { $0.hasSuffix(".") } > 0)
  }

  /// What a user writes and what the model writes is one text, as far as the model is concerned.
  @Test func aConversationGoesOnInOneState() throws {
    var sampling = Sampling()
    sampling.temperature = 0
    let generator = TextGenerator(Self.tiny.model)
    let extent = TextGenerator.Extent(length: 3, end: .line)
    let conversation = try generator.conversation(extent, sampling)
    var read = ""
    for line in ["a b", "b", ". a", "b"] {
      var answer = ""
      try conversation.answer(line) { answer += $0 }
      var text = ""
      try generator.generate(prompt: read + line, extent, sampling) { text += $0 }
      #expect(text == read + line + answer)
      read = text.hasSuffix("\n") ? text : text + "\n"
    }
  }

  @Test func aVocabularyWithoutAnEndIsRefused() throws {
    let model = Self.tiny.model
    let letters = TrainedModel(
      model.parameters, vocabulary: Vocabulary(tokens: ["a", "b", "c", "d", "e"]), tokenization: .character,
      tagging: nil)
    for end in TextEnd.allCases {
      #expect(throws: GenerationError.noEnd(end)) {
        try TextGenerator(letters).generate(prompt: "a", .init(length: 2, end: end), Sampling()) { _ in }
      }
    }
  }

  // MARK: beam search

  /// All texts of so many tokens, or shorter where an end is given, with their log-probabilities; `<unk>` is in none.
  private func allTexts(length: Int, end: Int?, prompt: [Int]) -> [(tokens: [Int], logProbability: Double)] {
    var (open, ended) = ([(tokens: [Int](), logProbability: 0.0)], [(tokens: [Int], logProbability: Double)]())
    for _ in 0..<length {
      let longer = open.flatMap { text in
        let next = Self.tiny.logProbabilities(after: prompt + text.tokens)
        return (1..<next.count).map { (tokens: text.tokens + [$0], logProbability: text.logProbability + next[$0]) }
      }
      ended += longer.filter { $0.tokens.last == end }
      open = longer.filter { $0.tokens.last != end }
    }
    return (ended + open).sorted { $0.logProbability > $1.logProbability }
  }

  private func text(_ tokens: [Int]) -> String {
    var joiner = TextJoiner(.whitespace)
    return tokens.map { joiner.append(Self.tiny.model.vocabulary.tokens[$0]) }.joined()
  }

  @Test(arguments: [(3, nil), (4, nil), (4, TextEnd.line)] as [(Int, TextEnd?)])
  func aBeamThatHoldsAllTextsFindsTheLikeliest(length: Int, end: TextEnd?) throws {
    let expected = allTexts(length: length, end: end == nil ? nil : 1, prompt: [2])
    let found = try TextGenerator(Self.tiny.model).search(
      prompt: "a", .init(length: length, end: end), width: expected.count)
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(found.text == text([2] + expected.tokens))
      #expect(abs(found.logProbability - expected.logProbability) < 1e-5)
      #expect(found.tokens == expected.tokens.count)
    }
  }

  /// A narrow beam against the same search in double precision, step by step.
  @Test(arguments: [1, 2, 3, 5]) func aNarrowBeamKeepsTheLikeliest(width: Int) throws {
    var beam = [(tokens: [Int](), logProbability: 0.0)]
    for _ in 0..<6 {
      let longer = beam.flatMap { text in
        let next = Self.tiny.logProbabilities(after: text.tokens)
        return (1..<next.count).map { (tokens: text.tokens + [$0], logProbability: text.logProbability + next[$0]) }
      }
      beam = Array(longer.sorted { $0.logProbability > $1.logProbability }.prefix(width))
    }
    let found = try TextGenerator(Self.tiny.model).search(prompt: "", .init(length: 6), width: width)
    #expect(found.map(\.text) == beam.map { text($0.tokens) })
    let threads = TextGenerator(Self.tiny.model, workers: Workers(count: 3, processors: 3))
    let other = try threads.search(prompt: "", .init(length: 6), width: width)
    #expect(other.map(\.logProbability) == found.map(\.logProbability))
  }

  @Test func aBeamOfOneIsTheGreedyText() throws {
    var sampling = Sampling()
    sampling.temperature = 0
    for end in [nil, TextEnd.line] {
      var greedy = ""
      try TextGenerator(Self.tiny.model).generate(prompt: "b", .init(length: 20, end: end), sampling) { greedy += $0 }
      let found = try TextGenerator(Self.tiny.model).search(prompt: "b", .init(length: 20, end: end), width: 1)
      #expect(found.map(\.text) == [greedy])
    }
  }
}
