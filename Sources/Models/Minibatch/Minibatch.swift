/// The token ids of a minibatch with their targets, laid out by a timeline.
///
/// Filled by the training loop between steps, read by all workers in a step.
package final class Minibatch: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  package let timeline: Timeline
  /// [rows]
  package let inputs: UnsafeMutablePointer<Int32>
  /// [rows] `masked` where nothing is to be predicted.
  package let targets: UnsafeMutablePointer<Int32>
  /// [rows] the word form of each input: an id may stand for many, as that of unknown words does. Nil where ids are all
  /// there is.
  package let forms: UnsafeMutablePointer<Int32>?

  /// Different inputs, in order of first appearance: ids, or pairs of an id and a form.
  package private(set) var distinctCount = 0
  /// [distinctCount] their ids.
  package let distinctTokens: UnsafeMutablePointer<Int32>
  /// [distinctCount] their forms.
  package let distinctForms: UnsafeMutablePointer<Int32>?
  /// [rows] which of the distinct inputs a row has.
  package let slots: UnsafeMutablePointer<Int32>
  /// [rows] the same, with each sequence the other way round.
  package let reversedSlots: UnsafeMutablePointer<Int32>
  /// [rows] all rows, those of the first distinct input first, in order within each.
  package let rowsByToken: UnsafeMutablePointer<Int32>
  /// [distinctCount + 1] where a distinct input's rows begin in `rowsByToken`.
  package let rowStarts: UnsafeMutablePointer<Int32>
  /// [vocabulary or forms] the slot of an input, -1 outside `prepare`.
  private let slotOfKey: UnsafeMutablePointer<Int32>
  /// [forms] the slot of the same form under another id, as word dropout makes them.
  private let otherSlotOfForm: UnsafeMutablePointer<Int32>?

  /// A row whose target is this counts for nothing.
  package static let masked: Int32 = -1

  /// - Parameter forms: how many word forms there are; nil where ids are all there is.
  package init(_ capacity: Timeline.Capacity, vocabulary: Int, forms formCount: Int? = nil) {
    timeline = Timeline(capacity)
    let rows = capacity.rows
    func allocate(_ count: Int, _ value: Int32) -> UnsafeMutablePointer<Int32> {
      let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: count)
      pointer.initialize(repeating: value, count: count)
      return pointer
    }
    inputs = allocate(rows, 0)
    targets = allocate(rows, Self.masked)
    forms = formCount == nil ? nil : allocate(rows, 0)
    distinctTokens = allocate(rows, 0)
    distinctForms = formCount == nil ? nil : allocate(rows, 0)
    slots = allocate(rows, 0)
    reversedSlots = allocate(rows, 0)
    rowsByToken = allocate(rows, 0)
    rowStarts = allocate(rows + 2, 0)
    slotOfKey = allocate(formCount ?? vocabulary, -1)
    otherSlotOfForm = formCount.map { allocate($0, -1) }
  }

  /// Sequences of one length each, as a language model has them.
  package convenience init(streams: Int, timesteps: Int, vocabulary: Int) {
    self.init(Timeline.Capacity(sequences: streams, timesteps: timesteps), vocabulary: vocabulary)
  }

  deinit {
    let all = [inputs, targets, distinctTokens, slots, reversedSlots, rowsByToken, rowStarts, slotOfKey]
    for pointer in all + [forms, distinctForms, otherSlotOfForm].compactMap(\.self) { pointer.deallocate() }
  }

  package var rows: Int { timeline.rows }
  package var timesteps: Int { timeline.timesteps }

  /// Targets that count: what losses and gradients are divided by.
  package private(set) var targetCount = 0

  /// Lays out sequences of these lengths; inputs and targets are to be written next, each at its `timeline.row`.
  ///
  /// - Parameter length: above 0, the longest first.
  package func layOut(sequences: Int, length: (Int) -> Int) { timeline.layOut(sequences: sequences, length: length) }

  /// Takes over what was written. Cost: O(rows).
  package func prepare() {
    targetCount = 0
    distinctCount = 0
    for row in 0..<rows {
      if targets[row] != Self.masked { targetCount += 1 }
      slots[row] = slot(ofRow: row)
      rowStarts[Int(slots[row]) + 2] += 1
    }
    for row in 0..<rows { reversedSlots[row] = slots[Int(timeline.reversed[row])] }
    // Counting sort: starts are one place ahead while rows are put in, and end up where they belong.
    rowStarts[0] = 0
    rowStarts[1] = 0
    for slot in 0..<distinctCount { rowStarts[slot + 2] += rowStarts[slot + 1] }
    for row in 0..<rows {
      let slot = Int(slots[row])
      rowsByToken[Int(rowStarts[slot + 1])] = Int32(row)
      rowStarts[slot + 1] += 1
    }
    for slot in 0..<distinctCount {
      slotOfKey[key(ofSlot: slot)] = -1
      if let otherSlotOfForm { otherSlotOfForm[key(ofSlot: slot)] = -1 }
    }
  }

  /// Takes over as many sequences as fit, of one length: row t * B + b was written for timestep t of sequence b.
  package func prepare(timesteps: Int) {
    layOut(sequences: timeline.capacity.sequences) { _ in timesteps }
    prepare()
  }

  private func key(ofSlot slot: Int) -> Int { Int(distinctForms?[slot] ?? distinctTokens[slot]) }

  private func slot(ofRow row: Int) -> Int32 {
    guard let forms, let distinctForms, let otherSlotOfForm else {
      let token = Int(inputs[row])
      if slotOfKey[token] < 0 { slotOfKey[token] = addSlot(ofRow: row) }
      return slotOfKey[token]
    }
    let form = Int(forms[row])
    for table in [slotOfKey, otherSlotOfForm] {
      if table[form] < 0 {
        table[form] = addSlot(ofRow: row)
        distinctForms[Int(table[form])] = forms[row]
      }
      if distinctTokens[Int(table[form])] == inputs[row] { return table[form] }
    }
    preconditionFailure("a form has more than two ids in one minibatch")
  }

  private func addSlot(ofRow row: Int) -> Int32 {
    distinctTokens[distinctCount] = inputs[row]
    rowStarts[distinctCount + 2] = 0
    distinctCount += 1
    return Int32(distinctCount - 1)
  }
}
