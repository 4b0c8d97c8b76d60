import Compute
import Datasets
import Models

/// Tags sentences that need not be in any dataset, by one tagger or by several together.
///
/// Several that have learnt the same tags from other seeds make other mistakes: what the mean of their probabilities says is right more
/// often than what any of them says (Hansen and Salamon: Neural Network Ensembles, IEEE PAMI 1990). It takes the sum of their times.
package final class Tagger {
  private let members: [TaggerMember]
  /// The first one's, with the combinations of all.
  private let tagging: TaggingVocabulary
  /// How the tags of a word are chosen: of means each word's by themselves, as nobody knows how likely a sentence's are together.
  private let output: any OutputKind

  /// Nil for models that know no tags, or not all the same ones, and for none.
  ///
  /// - Parameter models: their order decides between equally likely tags alone; tags go in any combination that one of them knows.
  package init?(_ models: [TrainedModel], workers: Workers) {
    guard let first = models.first, var tagging = first.tagging,
      models.allSatisfy({ $0.tagging?.columns == tagging.columns })
    else { return nil }
    if models.count > 1 {
      let combinations = Set(models.flatMap { $0.tagging?.combinations ?? [] })
      tagging.combinations = combinations.sorted { $0.lexicographicallyPrecedes($1) }
    }
    self.tagging = tagging
    output = models.count > 1 ? Softmax() : first.parameters.shape.output
    members = models.map { TaggerMember($0, workers: workers) }
  }

  /// Nil for a model that knows no tags.
  package convenience init?(_ model: TrainedModel, workers: Workers) { self.init([model], workers: workers) }

  /// What it tags, by column.
  package var columns: [TagSet] { tagging.columns }
  /// How many words the first one's training split has: the forms of a dataset of its that are numbered below.
  package var trainingWords: Int { tagging.trainingWords.count }

  /// The tags of every word, [sentence][word][column]. Cost: O(words); memory grows with the longest sentence so far, and what
  /// several taggers say of `sharedProbabilities` is in memory at a time.
  package func tag(_ sentences: [[String]]) -> [[[String]]] {
    let decoder = decoder
    return read(sentences) { word, _, _ in zip(tagging.columns, decoder.tags(word)).map { $0.tags[Int($1)] } }
  }

  /// Chooses a word's tags as `tag` does.
  package var decoder: TagDecoder { TagDecoder(tagging, output: output) }

  /// A tag with its probability among all tags of the word; where a sentence's tags have a distribution together, the sum over
  /// all sequences of tags that have it there.
  package typealias RankedTag = (tag: String, probability: Double)

  /// The likeliest tag of every word in its first column, which of one column is what `tag` gives, and the likeliest tags by
  /// themselves, the likeliest first.
  package func rank(_ sentences: [[String]], count: Int) -> [[(given: RankedTag, ranking: [RankedTag])]] {
    let tags = tagging.columns[0].tags
    func ranked(_ found: RankedClass) -> RankedTag { (tags[Int(found.id)], found.probability) }
    return read(sentences) { word, _, _ in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: tags.count) { logits in
        word.logits(column: 0, into: logits)
        let logits = UnsafeBufferPointer(logits)
        return (
          ranked(RankedClass.of(word.likeliest(column: 0), by: logits)),
          RankedClass.likeliest(count, by: logits).map(ranked)
        )
      }
    }
  }

  /// Something for every word, [sentence][word].
  ///
  /// - Parameter result: gets what the taggers make of a word, with the number of its sentence and its place in it.
  package func read<Result>(
    _ sentences: [[String]], _ result: (_ word: any WordDistributions, _ sentence: Int, _ place: Int) -> Result
  ) -> [[Result]] {
    var results = sentences.map { _ in [Result]() }
    if members.count == 1 {
      members[0].read(sentences) { model, rows, sentence in
        results[sentence] = rows.enumerated().map { result(ReadWord(model, row: $1), sentence, $0) }
      }
      return results
    }
    for range in Self.pieces(of: sentences.map { $0.count * tagging.columns.reduce(0) { $0 + $1.tags.count } }) {
      let means = means(of: sentences[range])
      var index = 0
      for sentence in range {
        for place in sentences[sentence].indices {
          results[sentence].append(result(means[index], sentence, place))
          index += 1
        }
      }
    }
    return results
  }

  /// Probabilities of words that are in memory at a time, of at least one sentence: 32 MB.
  private static let sharedProbabilities = 1 << 22

  /// Neighbouring sentences that have so many probabilities at most, or are alone.
  private static func pieces(of probabilities: [Int]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var (begin, sum) = (0, 0)
    for (index, count) in probabilities.enumerated() {
      if index > begin, sum + count > sharedProbabilities {
        pieces.append(begin..<index)
        (begin, sum) = (index, 0)
      }
      sum += count
    }
    return pieces + [begin..<probabilities.count]
  }

  private func means(of sentences: ArraySlice<[String]>) -> MeanDistributions {
    let starts = sentences.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    let means = MeanDistributions(
      words: starts[sentences.count], tags: tagging.columns.map(\.tags.count), taggers: members.count)
    for member in members {
      member.read(Array(sentences)) { model, rows, sentence in
        for (place, row) in rows.enumerated() { means.add(ReadWord(model, row: row), at: starts[sentence] + place) }
      }
    }
    return means
  }
}

/// One of the models that tag together.
private final class TaggerMember {
  private let model: TrainedModel
  private let workers: Workers
  private var runner: ModelRunner<SequenceModel>?
  private var capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 0, timesteps: 0))

  /// Sentences of a minibatch.
  private static let size = 32

  init(_ model: TrainedModel, workers: Workers) { (self.model, self.workers) = (model, workers) }

  /// Reads all sentences that have words, in some order.
  ///
  /// - Parameter take: gets each sentence's number, and the rows of its words while the model has them.
  func read(_ sentences: [[String]], _ take: (_ model: SequenceModel, _ rows: [Int], _ sentence: Int) -> Void) {
    var forms = TokenTable()
    var tokens: [Int32] = []
    var numbers: [Int32] = []
    var offsets: [Int64] = [0]
    for sentence in sentences {
      for word in sentence {
        numbers.append(forms.insert(word))
        tokens.append(model.vocabulary.id(of: word) ?? 0)
      }
      offsets.append(Int64(tokens.count))
    }
    let sequence = TokenSequence(
      tokens: Column(tokens), offsets: Column(offsets), forms: Column(numbers), extent: TextExtent(), sourceSHA256: "")
    do {
      let minibatches = try SentenceMinibatches(
        model.sentences(sequence, forms: forms.tokens, workers: workers), size: Self.size)
      // Without a single word there is nothing to read.
      if minibatches.count == 0 { return }
      try runner(for: minibatches.capacity).run(over: minibatches) { model, index in
        for (b, sentence) in minibatches.sentences(ofMinibatch: index).enumerated() {
          take(model, sentences[sentence].indices.map { model.minibatch.timeline.row($0, b) }, sentence)
        }
      }
    } catch {
      preconditionFailure("what is in memory can be read: \(error)")
    }
  }

  /// A runner of a model that a minibatch of so much fits in.
  private func runner(for needed: SequenceModel.Capacity) -> ModelRunner<SequenceModel> {
    if let runner, capacity.holds(needed) { return runner }
    capacity = capacity.extended(to: needed)
    let runner = ModelRunner(model.parameters, capacity, carriesState: false, predicts: true, workers: workers)
    self.runner = runner
    return runner
  }
}

extension SequenceModel.Capacity {
  fileprivate func holds(_ other: Self) -> Bool { extended(to: other) == self }

  fileprivate func extended(to other: Self) -> Self {
    func larger(_ a: Timeline.Capacity, _ b: Timeline.Capacity) -> Timeline.Capacity {
      Timeline.Capacity(
        sequences: max(a.sequences, b.sequences), timesteps: max(a.timesteps, b.timesteps), rows: max(a.rows, b.rows))
    }
    var result = Self(larger(timeline, other.timeline), forms: other.forms.map { max($0, forms ?? 0) })
    if let characters = other.characters { result.characters = larger(characters, self.characters ?? characters) }
    result.readings =
      readings.isEmpty ? other.readings : zip(readings, other.readings).map { larger($0, $1) }
    return result
  }
}
