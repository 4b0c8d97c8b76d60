import Compute
import Datasets
import Files
import Models
import Synchronization

/// What language models of characters make of words in their sentences (Akbik, Blythe and Vollgraf: Contextual String Embeddings for
/// Sequence Labeling, COLING 2018): the hidden states that their output layers read, of the forward one after a word's last
/// character, of the backward one, which comes from the sentence's end, after its first one. They are as they were trained; a tagger
/// that trains them on has parameters of its own for them, and asks for what they read alone.
///
/// A sentence is read as a line of its own, from the zero state after the token that ends one, a space between words. What stands
/// beside it never shows in its numbers, nor does the number of threads.
package final class CharacterModels: Sendable {
  private let models: [TrainedModel]
  /// By what a text is.
  private let kept = Mutex<[String: WordFeatures]>([:])

  /// Rows of a minibatch, unless a single sentence has more.
  private static let rows = 8192

  /// - Parameter models: of characters or grapheme clusters, one or two.
  package init(_ models: [TrainedModel]) {
    precondition(models.allSatisfy { Self.suits($0.tokenization.kind) }, "words are spelled")
    self.models = models
  }

  /// Whether a model of such tokens can read words letter by letter.
  package static func suits(_ tokens: TokenKind) -> Bool { tokens == .character || tokens == .grapheme }

  /// Numbers for each word.
  package var width: Int { models.reduce(0) { $0 + $1.stateWidth } }

  /// The networks of a tagger that trains them on.
  package var readers: [ModelShape.Reader] {
    models.map { ModelShape.Reader(reading: $0.direction, $0.parameters.shape) }
  }

  /// Puts their parameters where a tagger has them that trains them on; nothing where it has none.
  package func put(into parameters: Parameters) {
    let layout = parameters.layout
    for (reader, model) in zip(parameters.shape.readers, models) {
      let own = model.parameters.layout
      let sources = Dictionary(uniqueKeysWithValues: own.parameters.map { ("\(reader.name).\($0.name)", $0) })
      for parameter in layout.parameters[layout.parametersOfReaders] where parameter.name.hasPrefix(reader.name + ".") {
        guard let source = sources[parameter.name] else { preconditionFailure("no model has \(parameter.name)") }
        layout.setElements(
          of: parameter, in: parameters.values, to: own.elements(of: source, in: model.parameters.values))
      }
    }
    parameters.renewTransposedCopies()
  }

  /// What a tagger reads of a text by them: numbers for each word, or [model][sentence] characters, if it trains them on.
  ///
  /// - Parameters:
  ///   - forms: what the words are spelled as.
  ///   - trainsOn: whether it does.
  ///   - keeps: whether numbers are kept for the next time that the same words are asked for.
  /// - Throws: what keeps the text from being read.
  package func context(
    of sequence: TokenSequence, forms: [String], trainsOn: Bool, keeps: Bool, workers: Workers
  ) throws(FileError) -> (features: WordFeatures?, readings: [[CharacterReading]]) {
    trainsOn
      ? (nil, try readings(of: sequence, forms: forms))
      : (try features(of: sequence, forms: forms, keeps: keeps, workers: workers), [])
  }

  /// The states at the ends of every word. Cost: a forward pass over all characters; memory: `width` floats for each word.
  ///
  /// - Parameters:
  ///   - forms: what the words are spelled as.
  ///   - keeps: whether they are kept for the next time that the same words are asked for.
  /// - Throws: what keeps the text from being read.
  private func features(
    of sequence: TokenSequence, forms: [String], keeps: Bool, workers: Workers
  ) throws(FileError) -> WordFeatures {
    let key = keeps ? try sequence.contentHash(forms: forms) : ""
    if keeps, let features = kept.withLock({ $0[key] }) { return features }
    let features = features(of: try sequence.sentences(of: forms), workers: workers)
    if keeps { kept.withLock { $0[key] = features } }
    return features
  }

  /// [model][sentence] what each reads. Cost: O(characters); memory: 4 bytes for each of them and each word, and for each model.
  ///
  /// - Parameter forms: what the words are spelled as.
  /// - Throws: what keeps the text from being read.
  private func readings(of sequence: TokenSequence, forms: [String]) throws(FileError) -> [[CharacterReading]] {
    let sentences = try sequence.sentences(of: forms)
    return models.map { model in
      var wordTokens = WordTokens(model)
      return sentences.map { CharacterReading(of: $0, by: model, &wordTokens) }
    }
  }

  /// - Parameter sentences: [sentence][word]
  package func features(of sentences: [[String]], workers: Workers) -> WordFeatures {
    var features = WordFeatures(words: sentences.reduce(0) { $0 + $1.count }, width: width)
    var column = 0
    for model in models {
      read(sentences, by: model, workers, from: column, into: &features)
      column += model.stateWidth
    }
    return features
  }

  private func read(
    _ sentences: [[String]], by model: TrainedModel, _ workers: Workers, from column: Int,
    into features: inout WordFeatures
  ) {
    var firstWord = 0
    var wordTokens = WordTokens(model)
    let readings = sentences.filter { !$0.isEmpty }.map { words in
      defer { firstWord += words.count }
      return (firstWord: firstWord, CharacterReading(of: words, by: model, &wordTokens))
    }.sorted { ($1.1.tokens.count, $0.firstWord) < ($0.1.tokens.count, $1.firstWord) }
    let batches = Self.batches(of: readings.map(\.1))
    guard let longest = readings.first?.1.tokens.count else { return }
    let capacity = SequenceModel.Capacity(
      Timeline.Capacity(
        sequences: batches.map(\.count).max() ?? 0, timesteps: longest,
        rows: batches.map { $0.reduce(0) { $0 + readings[$1].1.tokens.count } }.max() ?? 0))
    let network = SequenceModel(
      model.parameters, capacity, gradients: nil, workers: workers.parallelism, carriesState: false)
    let runner = ModelRunner(network, network.forwardPhases(), workers: workers)
    for batch in batches {
      runner.run { minibatch in
        minibatch.layOut(sequences: batch.count) { readings[batch.lowerBound + $0].1.tokens.count }
        for (sequence, (_, reading)) in readings[batch].enumerated() {
          for (t, token) in reading.tokens.enumerated() {
            minibatch.inputs[minibatch.timeline.row(t, sequence)] = token
          }
        }
        minibatch.prepare()
      } read: { network in
        for (sequence, (firstWord, reading)) in readings[batch].enumerated() {
          for (word, t) in reading.ends.enumerated() {
            features.take(
              network.outputInput, row: network.minibatch.timeline.row(Int(t), sequence), word: firstWord + word,
              from: column, count: model.stateWidth)
          }
        }
      }
    }
  }

  /// Neighbouring sentences that are read side by side.
  private static func batches(of readings: [CharacterReading]) -> [Range<Int>] {
    var batches: [Range<Int>] = []
    var (first, rows) = (0, 0)
    for (index, reading) in readings.enumerated() {
      if index > first, rows + reading.tokens.count > Self.rows {
        batches.append(first..<index)
        (first, rows) = (index, 0)
      }
      rows += reading.tokens.count
    }
    return first < readings.count ? batches + [first..<readings.count] : batches
  }
}

extension CharacterReading {
  /// A sentence as a model reads its characters.
  fileprivate init(of words: [String], by model: TrainedModel, _ wordTokens: inout WordTokens) {
    self.init(tokens: [model.vocabulary.beforeLine(model.tokenization)], ends: words.map { _ in 0 })
    for (place, word) in model.direction.ordered(Array(words.indices)).enumerated() {
      if place > 0 { tokens.append(wordTokens.space) }
      tokens += wordTokens.of(words[word])
      ends[word] = Int32(tokens.count - 1)
    }
  }
}

extension TokenSequence {
  /// The words of each sentence.
  fileprivate func sentences(of forms: [String]) throws(FileError) -> [[String]] {
    let numbers = try (self.forms ?? tokens).all()
    return try sentenceRanges().map { numbers[$0].map { forms[Int($0)] } }
  }
}

extension ModelShape.Reader {
  /// - Parameter network: a language model's sizes.
  package init(reading direction: ReadingDirection, _ network: ModelShape) {
    self.init(named: "language_model.\(direction.rawValue)", network)
  }
}

/// The tokens of words, in the order in which a model reads them; those of each are found once.
private struct WordTokens {
  private let model: TrainedModel
  /// The words so far, by number; byte for byte, since words that look the same may be spelled in other characters.
  private var words = TokenTable()
  /// [number]
  private var known: [[Int32]] = []
  let space: Int32

  init(_ model: TrainedModel) {
    self.model = model
    space = Self.id(" ", of: model)
  }

  mutating func of(_ word: String) -> [Int32] {
    let number = Int(words.insert(word))
    if number == known.count {
      known.append(model.direction.ordered(model.tokenization.tokens(of: word).map { Self.id($0, of: model) }))
    }
    return known[number]
  }

  /// Where there is no `<unk>`, what is unknown is read as what is most frequent.
  private static func id(_ token: String, of model: TrainedModel) -> Int32 {
    model.vocabulary.id(of: token) ?? model.vocabulary.mostFrequentId ?? 0
  }
}

/// Some numbers for each word of a text.
package struct WordFeatures: Sendable, Equatable {
  package let width: Int
  /// [word][number]
  package private(set) var values: [Float]

  init(words: Int, width: Int) {
    self.width = width
    values = [Float](repeating: 0, count: words * width)
  }

  /// Takes some of a word's numbers from a row of a matrix.
  fileprivate mutating func take(_ matrix: PanelMatrix, row: Int, word: Int, from column: Int, count: Int) {
    values.withUnsafeMutableBufferPointer { values in
      guard let numbers = values.baseAddress.map({ $0 + (word * width + column) }) else { return }
      for first in stride(from: 0, to: count, by: PanelShape.width) {
        (numbers + first).update(
          from: matrix.pointer(panel: first / PanelShape.width, row: row), count: min(PanelShape.width, count - first))
      }
    }
  }

  /// Puts a word's numbers into a row of a matrix.
  func put(word: Int, into matrix: PanelMatrix, row: Int) {
    precondition(matrix.columns == width, "a model has features of one width")
    values.withUnsafeBufferPointer { values in
      guard let numbers = values.baseAddress.map({ $0 + word * width }) else { return }
      for first in stride(from: 0, to: width, by: PanelShape.width) {
        matrix.pointer(panel: first / PanelShape.width, row: row).update(
          from: numbers + first, count: min(PanelShape.width, width - first))
      }
    }
  }
}

extension TrainedModel {
  /// Numbers of a state that the output layer reads.
  fileprivate var stateWidth: Int { parameters.shape.outputWidths.total }
}
