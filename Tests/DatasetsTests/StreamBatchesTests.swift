import Datasets
import Files
import Testing

/// A window's inputs and targets.
private func rows(_ batches: StreamBatches, _ window: Int) throws -> (inputs: [Int32], targets: [Int32]) {
  let count = batches.timesteps(inWindow: window) * batches.streams
  var inputs = [Int32](repeating: -1, count: count)
  var targets = inputs
  try inputs.withUnsafeMutableBufferPointer { i in
    try targets.withUnsafeMutableBufferPointer { t in
      if let i = i.baseAddress, let t = t.baseAddress { try batches.fill(window: window, inputs: i, targets: t) }
    }
  }
  return (inputs, targets)
}

@Suite struct StreamBatchesTests {
  @Test func layoutIsTimestepByTimestep() throws {
    // L = (12 - 1) / 2 = 5: stream 0 reads 0..<5, stream 1 reads 5..<10; token 11 is no stream's.
    let batches = try StreamBatches(Column(Array(0..<12)), streams: 2, window: 3)
    #expect(batches.length == 5 && batches.windowCount == 2 && batches.targetCount == 10)
    let first = try rows(batches, 0)
    #expect(first.inputs == [0, 5, 1, 6, 2, 7] && first.targets == [1, 6, 2, 7, 3, 8])
    let last = try rows(batches, 1)
    #expect(last.inputs == [3, 8, 4, 9] && last.targets == [4, 9, 5, 10])
  }

  @Test func windowsOfAllSizesReproduceTheStreams() throws {
    for count in [2, 3, 7, 64, 65, 101] {
      let tokens = (0..<Int32(count)).map { $0 &* 7 % 31 }
      for streams in 1..<min(count, 12) {
        for window in [1, 2, 3, 5, 8, 200] {
          let batches = try StreamBatches(Column(tokens), streams: streams, window: window)
          var inputs = [[Int32]](repeating: [], count: streams)
          var targets = inputs
          for index in 0..<batches.windowCount {
            let (i, t) = try rows(batches, index)
            #expect(!i.isEmpty)
            for r in i.indices {
              inputs[r % streams].append(i[r])
              targets[r % streams].append(t[r])
            }
          }
          let length = (count - 1) / streams
          for b in 0..<streams {
            #expect(inputs[b] == Array(tokens[b * length..<(b + 1) * length]))
            #expect(targets[b] == Array(tokens[b * length + 1..<(b + 1) * length + 1]))
          }
        }
      }
    }
  }

  /// Whatever is asked for after what, blocks that are read ahead included.
  @Test func windowsComeInAnyOrder() throws {
    let count = 700_001
    let batches = try StreamBatches(
      Column(count: count) { range, memory in for i in range { memory[i - range.lowerBound] = Int32(i) } }, streams: 2,
      window: 1001)
    #expect(batches.windowCount == 350)
    for window in [0, 1, 130, 131, 132, 349, 0, 131, 130, 349, 348, 2] {
      let (inputs, targets) = try rows(batches, window)
      let (first, length) = (window * 1001, batches.timesteps(inWindow: window))
      var expected: [Int32] = []
      for token in Int32(first)..<Int32(first + length) { expected += [token, token + 350_000] }
      #expect(inputs == expected)
      #expect(targets == inputs.map { $0 + 1 })
    }
  }

  @Test func whatCannotBeReadIsAnError() throws {
    let batches = try StreamBatches(
      Column(count: 1_000_000) { range, memory throws(FileError) in
        if range.upperBound > 600_000 { throw .changed(path: "x") }
        memory.update(repeating: 0)
      }, streams: 1, window: 1000)
    #expect(throws: Never.self) { for window in 0..<524 { _ = try rows(batches, window) } }
    #expect(throws: FileError.changed(path: "x")) { try rows(batches, 525) }
    #expect(throws: FileError.changed(path: "x")) { try rows(batches, 525) }
    #expect(throws: Never.self) { try rows(batches, 0) }
  }

  @Test func backwardIsTheTextFromItsEnd() throws {
    let tokens = (0..<101).map { Int32($0) &* 7 % 31 }
    for (streams, window) in [(1, 8), (3, 5), (7, 200)] {
      let batches = try StreamBatches(Column(tokens), streams: streams, window: window, direction: .backward)
      let reversed = try StreamBatches(Column(tokens.reversed()), streams: streams, window: window)
      for index in 0..<reversed.windowCount {
        let (found, expected) = (try rows(batches, index), try rows(reversed, index))
        #expect(found.inputs == expected.inputs && found.targets == expected.targets)
      }
    }
  }

  @Test func aTextTooShortForItsStreamsIsRefused() throws {
    let error = #expect(throws: CorpusError.self) { try StreamBatches([1, 2, 3], streams: 3, window: 35) }
    #expect(error == .tooFewTokens(count: 3, streams: 3))
    #expect(
      error?.description == "expected more than 3 tokens to read as 3 streams, found 3; lower training.batch_size "
        + "(for training) or evaluation.streams (for evaluation; `evaluate --streams`), or use a longer text")
    #expect(throws: CorpusError.self) { try StreamBatches([], streams: 1, window: 1) }
    #expect(try StreamBatches([1, 2, 3, 4], streams: 3, window: 35).length == 1)
  }
}
