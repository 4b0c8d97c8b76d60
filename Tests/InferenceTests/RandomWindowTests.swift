import Compute
import Datasets
import Inference
import ModelTestSupport
import Models
import Testing

/// Windows of random length: all of the text in each epoch, lengths as the paper draws them, and nothing that an interruption
/// could change.
@Suite struct RandomWindowTests {
  private static let usual = RandomWindows.Distribution(base: 70, halved: 0.05, deviation: 5, shortest: 5)

  private static func source(
    tokens: Int, streams: Int, _ distribution: RandomWindows.Distribution = usual, seed: Int = 1
  ) throws -> RandomWindowMinibatches {
    let tokens = (0..<Int32(tokens)).map { $0 }
    let batches = try StreamBatches(Column(tokens), streams: streams, window: distribution.base)
    return RandomWindowMinibatches(batches, distribution, seed: seed)
  }

  /// Memory for the minibatches of a source.
  private static func minibatch(for source: some MinibatchSource, tokens: Int) -> Minibatch {
    let shape = ModelShape(vocabulary: tokens, embedding: 1, cell: .gru, hidden: 1, layers: 1, classes: tokens)
    return SequenceModel(
      Parameters(shape, kernels: Kernels.available[0]), source.capacity, gradients: nil, workers: 1, carriesState: true
    ).minibatch
  }

  private static func lengths(_ source: RandomWindowMinibatches, epoch: Int, base: Int = usual.base) -> [Int] {
    (0..<source.count).map { Int((source.learningRateFactor(index: $0, epoch: epoch) * Double(base)).rounded()) }
  }

  @Test(arguments: [
    usual, .init(base: 8, halved: 0.5, deviation: 8, shortest: 1), .init(base: 3, halved: 0, deviation: 0, shortest: 3),
    .init(base: 900, halved: 1, deviation: 100, shortest: 2),
  ])
  func everyEpochReadsTheWholeTextInItsOrder(distribution: RandomWindows.Distribution) throws {
    let (count, streams) = (1201, 3)
    let source = try Self.source(tokens: count, streams: streams, distribution)
    let minibatch = Self.minibatch(for: source, tokens: count)
    #expect(source.targetCount == 1200)
    for epoch in 0..<4 {
      var read = [[Int32]](repeating: [], count: streams)
      for index in 0..<source.count {
        try source.fill(minibatch, index: index, epoch: epoch, step: 1)
        for row in 0..<minibatch.rows {
          read[row % streams].append(minibatch.inputs[row])
          #expect(minibatch.targets[row] == minibatch.inputs[row] + 1)
        }
      }
      #expect(read == (0..<streams).map { stream in (0..<400).map { Int32(stream * 400 + $0) } }, "epoch \(epoch)")
      #expect(Self.lengths(source, epoch: epoch, base: distribution.base).allSatisfy { $0 >= distribution.shortest })
    }
  }

  @Test func lengthsAreDistributedAsInThePaper() throws {
    let source = try Self.source(tokens: 2_000_001, streams: 2)
    let lengths = Self.lengths(source, epoch: 0).dropLast()
    let (short, usual) = (lengths.filter { $0 < 52 }, lengths.filter { $0 >= 52 })
    func mean(_ values: [Int]) -> Double { Double(values.reduce(0, +)) / Double(values.count) }
    func deviation(_ values: [Int]) -> Double {
      (values.reduce(0) { $0 + (Double($1) - mean(values)) * (Double($1) - mean(values)) } / Double(values.count))
        .squareRoot()
    }
    // Four standard errors of some 14,500 lengths, of which some 720 are short.
    #expect(abs(Double(short.count) / Double(lengths.count) - 0.05) < 0.0073)
    #expect(abs(mean(usual) - 70) < 0.17 && abs(mean(short) - 35) < 0.75)
    #expect(abs(deviation(usual) - 5) < 0.15 && abs(deviation(short) - 5) < 0.6)
  }

  @Test func epochsHaveTheSameLengthsInAnotherOrder() throws {
    let source = try Self.source(tokens: 50_001, streams: 5)
    let epochs = (0..<3).map { Self.lengths(source, epoch: $0) }
    #expect(epochs[0] != epochs[1] && epochs[1] != epochs[2])
    #expect(epochs.allSatisfy { $0.sorted() == epochs[0].sorted() && $0.reduce(0, +) == 10_000 })
    #expect(try Self.lengths(Self.source(tokens: 50_001, streams: 5, seed: 2), epoch: 0) != epochs[0])
    // A run that goes on asks for any window of any epoch first.
    let resumed = try Self.source(tokens: 50_001, streams: 5)
    let index = resumed.count - 3
    #expect(resumed.learningRateFactor(index: index, epoch: 2) == Double(epochs[2][index]) / 70)
    let (a, b) = (Self.minibatch(for: source, tokens: 50_001), Self.minibatch(for: source, tokens: 50_001))
    try source.fill(a, index: index, epoch: 2, step: 1)
    try resumed.fill(b, index: index, epoch: 2, step: 1)
    #expect(a.rows == b.rows && (0..<a.rows).allSatisfy { a.inputs[$0] == b.inputs[$0] })
  }
}
