import Datasets
import Testing

/// A window's inputs and targets.
private func rows(_ batches: StreamBatches, _ window: Int) -> (inputs: [Int32], targets: [Int32]) {
  let count = batches.timesteps(inWindow: window) * batches.streams
  var inputs = [Int32](repeating: -1, count: count)
  var targets = inputs
  inputs.withUnsafeMutableBufferPointer { i in
    targets.withUnsafeMutableBufferPointer { t in
      if let i = i.baseAddress, let t = t.baseAddress { batches.fill(window: window, inputs: i, targets: t) }
    }
  }
  return (inputs, targets)
}

@Suite struct StreamBatchesTests {
  @Test func layoutIsTimestepByTimestep() throws {
    // L = (12 - 1) / 2 = 5: stream 0 reads 0..<5, stream 1 reads 5..<10; token 11 is no stream's.
    let batches = try StreamBatches(Array(0..<12), streams: 2, window: 3)
    #expect(batches.length == 5 && batches.windowCount == 2 && batches.targetCount == 10)
    let first = rows(batches, 0)
    #expect(first.inputs == [0, 5, 1, 6, 2, 7] && first.targets == [1, 6, 2, 7, 3, 8])
    let last = rows(batches, 1)
    #expect(last.inputs == [3, 8, 4, 9] && last.targets == [4, 9, 5, 10])
  }

  @Test func windowsOfAllSizesReproduceTheStreams() throws {
    for count in [2, 3, 7, 64, 65, 101] {
      let tokens = (0..<Int32(count)).map { $0 &* 7 % 31 }
      for streams in 1..<min(count, 12) {
        for window in [1, 2, 3, 5, 8, 200] {
          let batches = try StreamBatches(tokens, streams: streams, window: window)
          var inputs = [[Int32]](repeating: [], count: streams)
          var targets = inputs
          for index in 0..<batches.windowCount {
            let (i, t) = rows(batches, index)
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

  @Test func backwardIsTheTextFromItsEnd() throws {
    let tokens = (0..<101).map { Int32($0) &* 7 % 31 }
    for (streams, window) in [(1, 8), (3, 5), (7, 200)] {
      let batches = try StreamBatches(tokens, streams: streams, window: window, direction: .backward)
      let reversed = try StreamBatches(tokens.reversed(), streams: streams, window: window)
      for index in 0..<reversed.windowCount {
        let (found, expected) = (rows(batches, index), rows(reversed, index))
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
