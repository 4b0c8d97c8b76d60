import Compute
import Datasets
import Inference

/// A language model: it gives text its probability, and writes text.
///
/// A value that never changes. Copies share the weights, and any number of threads or tasks may use it at the same time.
public struct LanguageModel: Sendable {
  private let model: TrainedModel

  /// Loads a language model that `rnn-train export --format safetensors` has written.
  ///
  /// Cost: the file is read once. Memory is that of the weights, twice for those of recurrent layers.
  ///
  /// - Throws: ``ModelError`` of the kinds `unreadableFile`, `notModel` and `otherTask`.
  public init(contentsOf path: String) throws(ModelError) {
    model = try TrainedModel(contentsOf: path)
    if model.tagging != nil {
      throw ModelError(.otherTask, "\(path): expected a language model, found a tagger")
    }
  }

  /// The tokens that it knows, words or characters, by id.
  public var vocabulary: [String] { model.vocabulary.tokens }

  // MARK: scoring

  /// What a model makes of a line.
  public struct Score: Sendable, Equatable {
    /// The natural logarithm of the line's probability, its unknown tokens read as `<unk>`: the sum over its tokens.
    public let logProbability: Double
    /// The logarithm of each token's probability after those before it; of a model that was trained from right to left, after those
    /// behind it. The last one is the line's end.
    public let tokenLogProbabilities: [Double]
    /// The tokens that the vocabulary lacks, in their order.
    public let unknownTokens: [String]
  }

  /// The probabilities of lines of text, each read from its beginning as after the end of another line. A line's score depends
  /// neither on the lines beside it nor on the number of threads.
  ///
  /// Cost: O(tokens). Each call takes memory of its own for 64 lines side by side, so that it is best given many lines at once.
  ///
  /// - Parameters:
  ///   - lines: text as the model has learnt from, without newlines.
  ///   - threads: that share the work, at least 1.
  /// - Throws: ``ModelError`` of the kind `invalidInput`.
  public func score(_ lines: [String], threads: Int = 1) throws(ModelError) -> [Score] {
    if lines.contains(where: { $0.utf8.contains(UInt8(ascii: "\n")) }) {
      throw ModelError(.invalidInput, "a line to be scored: expected one line, found a newline in it")
    }
    var encoder = LineEncoder(model.vocabulary, model.tokenization, file: "a line to be scored")
    do {
      var encoded: [TokenLine] = []
      for line in lines { encoded.append(try encoder.encode(Array(line.utf8))) }
      let scorer = Scorer(model, carriesState: false, workers: Workers(count: threads))
      return try scorer.score(encoded).map { score in
        Score(
          logProbability: score.logProbability, tokenLogProbabilities: score.tokenLogProbabilities,
          unknownTokens: score.line.unknown)
      }
    } catch {
      throw ModelError(.invalidInput, "\(error)")
    }
  }

  // MARK: writing

  /// How the next token is chosen.
  public struct Sampling: Sendable, Equatable {
    /// Divides the logits: below 1 likely tokens become likelier; 0 takes the likeliest.
    public var temperature = 1.0
    /// Choose from so many of the likeliest tokens only, at least 1.
    public var topK: Int?
    /// Choose from the likeliest tokens that have this probability together, above 0 and up to 1.
    public var topP: Double?
    /// Decides every choice: the same seed gives the same text.
    public var seed: UInt64 = 1

    public init() {}
  }

  /// Text that goes on from a prompt, and begins with it; of a model that was trained from right to left, text that ends with it.
  ///
  /// Cost: one timestep for each token of the prompt and of the text. A call computes on one thread.
  ///
  /// - Parameters:
  ///   - prompt: the text's beginning; empty: that of a line.
  ///   - length: tokens to write, words or characters.
  ///   - sampling: how each token is drawn.
  /// - Throws: ``ModelError`` of the kind `invalidInput`.
  public func generate(
    prompt: String = "", length: Int, sampling: Sampling = Sampling()
  ) throws(ModelError) -> String {
    var text = ""
    try generate(prompt: prompt, length: length, sampling: sampling) { text += $0 }
    return text
  }

  /// The same, piece by piece as it is written.
  ///
  /// - Parameters:
  ///   - prompt: the text's beginning; empty: that of a line.
  ///   - length: tokens to write, words or characters.
  ///   - sampling: how each token is drawn.
  ///   - emit: gets the prompt, and then each token as soon as it is chosen; from right to left, the whole text at its end.
  public func generate(
    prompt: String = "", length: Int, sampling: Sampling = Sampling(), emit: (String) -> Void
  ) throws(ModelError) {
    guard length >= 0 else { throw ModelError(.invalidInput, "length: expected 0 or more, found \(length)") }
    let settings = try Inference.Sampling(sampling)
    do {
      try TextGenerator(model).generate(
        prompt: prompt, TextGenerator.Extent(length: length), settings, emit: emit)
    } catch {
      throw ModelError(.invalidInput, "prompt: \(error)")
    }
  }
}

extension Inference.Sampling {
  fileprivate init(_ sampling: LanguageModel.Sampling) throws(ModelError) {
    func require(_ holds: Bool, _ expectation: String) throws(ModelError) {
      if !holds { throw ModelError(.invalidInput, expectation) }
    }
    let temperature = sampling.temperature
    try require(
      temperature >= 0 && temperature.isFinite, "temperature: expected a number of 0 or more, found \(temperature)")
    if let topK = sampling.topK { try require(topK >= 1, "topK: expected 1 or more, found \(topK)") }
    if let topP = sampling.topP { try require(topP > 0 && topP <= 1, "topP: expected above 0, up to 1, found \(topP)") }
    self.init()
    self.temperature = temperature
    topK = sampling.topK
    topP = sampling.topP
    seed = sampling.seed
  }
}
