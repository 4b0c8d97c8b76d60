import Compute
import Datasets
import Models
import Synchronization

/// Texts that a language model reads side by side, a token of each at a time, and what it expects next in each of them.
///
/// What it expects depends on a stream's own tokens alone: not on how many streams there are, nor on the number of threads.
final class TokenStreams {
  let count: Int
  private let runner: ModelRunner<SequenceModel>
  private let workers: Workers
  private let classes: Int
  /// What is read before a prompt, so that it begins as a line does; nil where the text had no lines.
  private let sentenceEnd: Int32?
  /// What is read where there is nothing else: `<unk>` may never have been trained.
  private let mostFrequent: Int32
  /// The streams' states while they are rearranged.
  private let before: [OwnedMatrix]

  init(_ model: TrainedModel, count: Int, workers: Workers) {
    self.count = count
    self.workers = workers
    classes = model.parameters.shape.classes
    sentenceEnd = model.vocabulary.sentenceEnd(model.tokenization)
    mostFrequent = model.vocabulary.mostFrequentId ?? 0
    let capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: count, timesteps: 1))
    let sequenceModel = SequenceModel(
      model.parameters, capacity, gradients: nil, workers: workers.parallelism, carriesState: true)
    runner = ModelRunner(sequenceModel, sequenceModel.forwardPhases(), workers: workers)
    before = sequenceModel.carriedStates.map { OwnedMatrix(rows: $0.matrix.rows, columns: $0.matrix.columns) }
  }

  /// Begins every stream with a prompt, as after the end of a line.
  ///
  /// Where the vocabulary has no line end, the prompt begins as a stream does, from nothing; without a prompt either, the most
  /// frequent token is read first.
  func begin(with prompt: [Int32]) {
    runner.model.resetState()
    if let sentenceEnd {
      read { _ in sentenceEnd }
    } else if prompt.isEmpty {
      read { _ in mostFrequent }
    }
    read(prompt)
  }

  /// Reads the same tokens in every stream.
  func read(_ tokens: [Int32]) {
    for token in tokens { read { _ in token } }
  }

  /// Reads a token of each stream.
  func read(_ token: (_ stream: Int) -> Int32) {
    runner.run { minibatch in
      for stream in 0..<count { minibatch.inputs[stream] = token(stream) }
      minibatch.prepare(timesteps: 1)
    } read: { _ in
    }
  }

  /// Makes something of what the first streams expect next: the logits of their next token, [vocabulary] each. Several
  /// streams have their turn at a time.
  func map<Result: Sendable>(
    first: Int, _ make: @escaping @Sendable (_ stream: Int, _ logits: UnsafeBufferPointer<Float>) -> Result
  ) -> [Result] {
    let (model, classes, results) = (runner.model, classes, Results<Result>(count: first))
    let phase = Phase(.output, jobs: { first }) { stream in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: classes) { logits in
        model.logits(row: stream, into: logits)
        results.put(make(stream, UnsafeBufferPointer(logits)), at: stream)
      }
    }
    workers.run(PhaseList([phase]))
    return results.all
  }

  /// Puts the state of stream `origins[i]` into stream i; streams past their count have no defined state then.
  func rearrange(_ origins: [Int]) {
    let index = (origins + [Int](repeating: 0, count: count - origins.count)).map { Int32($0) }
    for ((_, state), before) in zip(runner.model.carriedStates, before) {
      before.view.copyRows(from: state)
      index.withUnsafeBufferPointer { index in
        if let base = index.baseAddress { state.gatherRows(of: before.view, index: base) }
      }
    }
  }

  /// What jobs give, by their numbers.
  private final class Results<Result: Sendable>: Sendable {
    private let values: Mutex<[Result?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    func put(_ value: Result, at index: Int) { values.withLock { $0[index] = value } }

    /// Once every job has put its own.
    var all: [Result] { values.withLock { $0.compactMap(\.self) } }
  }
}
