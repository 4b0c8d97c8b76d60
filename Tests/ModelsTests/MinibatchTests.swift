import ModelTestSupport
import Models
import Testing

/// What a minibatch knows of its tokens, against the simplest way to find it out.
@Suite struct MinibatchTests {
  @Test(arguments: 0..<40)
  func distinctTokensSlotsAndRowsByToken(seed: UInt64) {
    var random = TestRandom(seed: seed)
    let streams = Int.random(in: 1...7, using: &random)
    let capacity = Int.random(in: 1...12, using: &random)
    let vocabulary = Int.random(in: 1...50, using: &random)
    let minibatch = Minibatch(streams: streams, timesteps: capacity, vocabulary: vocabulary)
    // The same minibatch again and again: nothing of one filling may be left in the next.
    for _ in 0..<5 {
      let timesteps = Int.random(in: 1...capacity, using: &random)
      let rows = streams * timesteps
      let tokens = (0..<rows).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
      let targets = (0..<rows).map { _ in Int32.random(in: Minibatch.masked..<3, using: &random) }
      for row in 0..<rows { (minibatch.inputs[row], minibatch.targets[row]) = (tokens[row], targets[row]) }
      minibatch.prepare(timesteps: timesteps)

      var distinct: [Int32] = []
      for token in tokens where !distinct.contains(token) { distinct.append(token) }
      let rowsOfEach = distinct.map { token in tokens.indices.filter { tokens[$0] == token } }
      let starts = rowsOfEach.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }

      #expect(minibatch.rows == rows)
      #expect(minibatch.targetCount == targets.count { $0 != Minibatch.masked })
      #expect(minibatch.distinctCount == distinct.count)
      #expect((0..<distinct.count).map { minibatch.distinctTokens[$0] } == distinct)
      #expect((0..<rows).map { distinct[Int(minibatch.slots[$0])] } == tokens)
      #expect((0..<rows).map { Int(minibatch.rowsByToken[$0]) } == rowsOfEach.flatMap { $0 })
      #expect((0...distinct.count).map { Int(minibatch.rowStarts[$0]) } == starts)
    }
  }

  @Test(arguments: 0..<40)
  func distinctPairsOfIdAndForm(seed: UInt64) {
    struct Pair: Hashable {
      let id, form: Int32
    }
    var random = TestRandom(seed: seed)
    let forms = Int.random(in: 1...30, using: &random)
    let capacity = Timeline.Capacity(sequences: 6, timesteps: 9, rows: 40)
    let minibatch = Minibatch(SequenceModel.Capacity(capacity, forms: forms), vocabulary: 8)
    for _ in 0..<5 {
      let lengths = (0..<Int.random(in: 1...6, using: &random)).map { _ in Int.random(in: 1...6, using: &random) }
        .sorted(by: >)
      minibatch.layOut(sequences: lengths.count) { lengths[$0] }
      // A form's own id, shared with others, or that of unknown words.
      let pairs = (0..<minibatch.rows).map { _ in
        let form = Int32.random(in: 0..<Int32(forms), using: &random)
        return Pair(id: Bool.random(using: &random) ? 0 : form % 8, form: form)
      }
      for (row, pair) in pairs.enumerated() {
        minibatch.inputs[row] = pair.id
        minibatch.forms?[row] = pair.form
      }
      minibatch.prepare()

      var distinct: [Pair] = []
      for pair in pairs where !distinct.contains(pair) { distinct.append(pair) }
      let rowsOfEach = distinct.map { pair in pairs.indices.filter { pairs[$0] == pair } }
      let found = (0..<minibatch.distinctCount).map {
        Pair(id: minibatch.distinctTokens[$0], form: minibatch.distinctForms?[$0] ?? -1)
      }
      #expect(found == distinct)
      #expect(pairs.indices.map { distinct[Int(minibatch.slots[$0])] } == pairs)
      #expect(pairs.indices.map { Int(minibatch.rowsByToken[$0]) } == rowsOfEach.flatMap { $0 })
      let timeline = minibatch.timeline
      for (sequence, length) in lengths.enumerated() {
        let rows = (0..<length).map { timeline.row($0, sequence) }
        #expect(rows.map { minibatch.reversedSlots[$0] } == rows.reversed().map { minibatch.slots[$0] })
      }
    }
  }
}
