import Compute

/// The token ids of a minibatch with their targets, laid out by a timeline; of words that are spelled, their characters too.
///
/// Between steps one thread lays out sequences, writes what they hold, and has it taken over by `prepare`; workers only read.
package final class Minibatch: @unchecked Sendable {
  // Unchecked: the rule above.

  package let timeline: Timeline
  /// [rows]
  package let inputs: Buffer<Int32>
  /// [rows] `masked` where nothing is to be predicted. Of several output layers: what the first one is to predict.
  package var targets: Buffer<Int32> { targetsOfOutputs[0] }
  /// [output layer][rows] the same for each.
  package let targetsOfOutputs: [Buffer<Int32>]
  /// [rows] the word form of each input: an id may stand for many, as that of unknown words does. Nil where ids are all
  /// there is.
  package let forms: Buffer<Int32>?
  /// How the forms are spelled; nil where it doesn't matter.
  let spellings: FormSpellings?
  /// [reader] the sequences' characters; none where nobody reads them.
  let readings: [SentenceReadings]
  /// [rows, features] what else is known of each input; nil where nothing is.
  private let featureMemory: OwnedMatrix?
  /// What the last minibatch was prepared with: its shards spell and read by it as well.
  private var spelling: ((_ form: Int) -> ArraySlice<Int32>)?
  private var reading: ((_ reader: Int, _ sequence: Int) -> CharacterReading)?

  /// Different inputs, in order of first appearance: ids, or pairs of an id and a form.
  package private(set) var distinctCount = 0
  /// [distinctCount] their ids.
  package let distinctTokens: Buffer<Int32>
  /// [distinctCount] their forms.
  package let distinctForms: Buffer<Int32>?
  /// [rows] which of the distinct inputs a row has.
  package let slots: Buffer<Int32>
  /// [rows] the same, with each sequence the other way round.
  package let reversedSlots: Buffer<Int32>
  /// [rows] all rows, those of the first distinct input first, in order within each.
  package let rowsByToken: Buffer<Int32>
  /// [distinctCount + 1] where a distinct input's rows begin in `rowsByToken`.
  package let rowStarts: Buffer<Int32>
  /// [vocabulary or forms] the slot of an input, -1 outside `prepare`.
  private let slotOfKey: Buffer<Int32>
  /// [forms] the slot of the same form under another id, as word dropout makes them.
  private let otherSlotOfForm: Buffer<Int32>?

  /// A row whose target is this counts for nothing.
  package static let masked: Int32 = -1

  /// - Parameters:
  ///   - characters: how many characters words are spelled with; nil where spellings don't matter. Otherwise the capacity
  ///     has room for them.
  ///   - readers: how many characters each of those knows that read the sequences' characters; the capacity has room for what
  ///     they read.
  ///   - features: width of what else is known of each input; 0: nothing.
  ///   - outputs: output layers, at least one.
  ///   - isShard: whether it is going to hold some sequences of a whole minibatch: see `load(_:of:)`.
  package init(
    _ capacity: SequenceModel.Capacity, vocabulary: Int, characters: Int? = nil, readers: [Int] = [],
    features: Int = 0, outputs: Int = 1, isShard: Bool = false
  ) {
    timeline = Timeline(capacity.timeline, isShard: isShard)
    let (rows, formCount) = (capacity.timeline.rows, capacity.forms)
    inputs = Buffer(count: rows, repeating: 0)
    targetsOfOutputs = (0..<outputs).map { _ in Buffer(count: rows, repeating: Self.masked) }
    forms = formCount.map { _ in Buffer(count: rows, repeating: 0) }
    featureMemory = features > 0 ? OwnedMatrix(rows: rows, columns: features) : nil
    distinctTokens = Buffer(count: rows, repeating: 0)
    distinctForms = formCount.map { _ in Buffer(count: rows, repeating: 0) }
    slots = Buffer(count: rows, repeating: 0)
    reversedSlots = Buffer(count: rows, repeating: 0)
    rowsByToken = Buffer(count: rows, repeating: 0)
    rowStarts = Buffer(count: rows + 2, repeating: 0)
    slotOfKey = Buffer(count: formCount ?? vocabulary, repeating: -1)
    otherSlotOfForm = formCount.map { Buffer(count: $0, repeating: -1) }
    spellings = characters.map {
      guard let spelled = capacity.characters else { preconditionFailure("spelled words need room for characters") }
      return FormSpellings(spelled, vocabulary: $0)
    }
    precondition(readers.count <= capacity.readings.count, "sentences that are read need room for their characters")
    readings = zip(readers, capacity.readings).map { SentenceReadings($1, words: rows, vocabulary: $0) }
  }

  /// Sequences of one length each, as a language model has them.
  package convenience init(streams: Int, timesteps: Int, vocabulary: Int) {
    self.init(
      SequenceModel.Capacity(Timeline.Capacity(sequences: streams, timesteps: timesteps)), vocabulary: vocabulary)
  }

  package var rows: Int { timeline.rows }
  package var timesteps: Int { timeline.timesteps }

  /// Rows with a target that counts, of one output layer at least: what losses and gradients are divided by, unless a step
  /// says otherwise.
  package private(set) var targetCount = 0

  /// [rows, features] to be written with the inputs; nil where nothing is known but these.
  package var features: PanelMatrix? { featureMemory?.view.rows(0..<rows) }

  /// Lays out sequences of these lengths; inputs and targets are to be written next, each at its `timeline.row`.
  ///
  /// - Parameter length: above 0, the longest first.
  package func layOut(sequences: Int, length: (Int) -> Int) { timeline.layOut(sequences: sequences, length: length) }

  /// Takes over as many sequences as fit, of one length: row t * B + b was written for timestep t of sequence b.
  package func prepare(timesteps: Int) {
    layOut(sequences: timeline.capacity.sequences) { _ in timesteps }
    prepare()
  }

  /// Takes over what was written. Cost: O(rows + characters), no allocation.
  ///
  /// - Parameters:
  ///   - spelling: a form's characters as ids, at least one; nil where spellings don't matter.
  ///   - reading: a sequence's characters as a reader reads them; nil where there is none.
  package func prepare(
    spelling: ((_ form: Int) -> ArraySlice<Int32>)? = nil,
    reading: ((_ reader: Int, _ sequence: Int) -> CharacterReading)? = nil
  ) {
    prepare(spelling, reading, sequencesBefore: 0)
  }

  /// - Parameter sequencesBefore: what `reading` counts of the whole minibatch before the first one.
  private func prepare(
    _ spelling: ((_ form: Int) -> ArraySlice<Int32>)?,
    _ reading: ((_ reader: Int, _ sequence: Int) -> CharacterReading)?, sequencesBefore: Int
  ) {
    (self.spelling, self.reading) = (spelling, reading)
    targetCount = countTargets()
    distinctCount = 0
    let (slots, reversedSlots, rowStarts) = (slots.base, reversedSlots.base, rowStarts.base)
    let (rowsByToken, reversed) = (rowsByToken.base, timeline.reversed.base)
    for row in 0..<rows {
      slots[row] = slot(ofRow: row)
      rowStarts[Int(slots[row]) + 2] += 1
    }
    for row in 0..<rows { reversedSlots[row] = slots[Int(reversed[row])] }
    // Counting sort: starts are one place ahead while rows are put in, and end up where they belong.
    rowStarts[0] = 0
    rowStarts[1] = 0
    for slot in 0..<distinctCount { rowStarts[slot + 2] += rowStarts[slot + 1] }
    for row in 0..<rows {
      let slot = Int(slots[row])
      rowsByToken[Int(rowStarts[slot + 1])] = Int32(row)
      rowStarts[slot + 1] += 1
    }
    takeOverSpellings(spelling)
    for slot in 0..<distinctCount {
      slotOfKey[key(ofSlot: slot)] = -1
      if let otherSlotOfForm { otherSlotOfForm[key(ofSlot: slot)] = -1 }
    }
    for (reader, readings) in readings.enumerated() {
      guard let reading else { preconditionFailure("a minibatch for readers has what they read") }
      readings.prepare(timeline) { reading(reader, sequencesBefore + $0) }
    }
  }

  private func countTargets() -> Int {
    targetsOfOutputs.indices.reduce(0) { count, output in
      // Rows that no output layer before has counted; of a single layer nothing is asked of others.
      let (targets, before) = (targetsOfOutputs[output].base, targetsOfOutputs[..<output])
      return count
        + (0..<rows).count { row in
          targets[row] != Self.masked && before.allSatisfy { $0.base[row] == Self.masked }
        }
    }
  }

  /// Takes over neighbouring sequences of a whole minibatch, maybe none. Cost: O(rows + characters), no allocation.
  func load(_ sequences: Range<Int>, of whole: Minibatch) {
    timeline.layOut(sequences, of: whole.timeline)
    guard let places = timeline.rowsInWhole else { return }
    func take(_ source: Buffer<Int32>, _ destination: Buffer<Int32>) {
      let (source, destination, places) = (source.base, destination.base, places.base)
      for row in 0..<rows { destination[row] = source[Int(places[row])] }
    }
    take(whole.inputs, inputs)
    if let features, let wholeFeatures = whole.features { features.gatherRows(of: wholeFeatures, index: places.base) }
    for (targets, wholeTargets) in zip(targetsOfOutputs, whole.targetsOfOutputs) { take(wholeTargets, targets) }
    if let forms, let wholeForms = whole.forms { take(wholeForms, forms) }
    prepare(
      spellings == nil ? nil : whole.spelling, readings.isEmpty ? nil : whole.reading,
      sequencesBefore: sequences.lowerBound)
  }

  private func key(ofSlot slot: Int) -> Int { Int(distinctForms?[slot] ?? distinctTokens[slot]) }

  private func slot(ofRow row: Int) -> Int32 {
    guard let forms, let distinctForms, let otherSlotOfForm else {
      let token = Int(inputs[row])
      if slotOfKey[token] < 0 { slotOfKey[token] = addSlot(ofRow: row) }
      return slotOfKey[token]
    }
    let form = Int(forms[row])
    func slot(in table: Buffer<Int32>) -> Int32? {
      if table[form] < 0 {
        table[form] = addSlot(ofRow: row)
        distinctForms[Int(table[form])] = forms[row]
      }
      return distinctTokens[Int(table[form])] == inputs[row] ? table[form] : nil
    }
    guard let slot = slot(in: slotOfKey) ?? slot(in: otherSlotOfForm) else {
      preconditionFailure("a form has more than two ids in one minibatch")
    }
    return slot
  }

  private func addSlot(ofRow row: Int) -> Int32 {
    distinctTokens[distinctCount] = inputs[row]
    rowStarts[distinctCount + 2] = 0
    distinctCount += 1
    return Int32(distinctCount - 1)
  }

  /// Each form once, in order of first appearance, with its words.
  private func takeOverSpellings(_ spelling: ((_ form: Int) -> ArraySlice<Int32>)?) {
    guard let spellings else { return }
    guard let spelling, let distinctForms, let otherSlotOfForm else {
      preconditionFailure("a minibatch of spelled words has forms and their spelling")
    }
    spellings.removeAll()
    for slot in 0..<distinctCount {
      let form = Int(distinctForms[slot])
      // Under its other id a form is not a new one.
      guard slotOfKey[form] == slot else { continue }
      spellings.add(form: form, length: spelling(form).count, words: (slotOfKey[form], otherSlotOfForm[form]))
    }
    spellings.prepare(spelling: spelling)
  }
}
