import Compute

/// Where the rows of a minibatch stand: sequences side by side, the longest first, timestep after timestep.
///
/// Timestep t has one row for each of the sequences 0 ..< count(t) that are longer than t, so there is no padding. Where
/// all sequences are of one length, row r = t * B + b is timestep t of sequence b.
///
/// State matrices have `sequences` more rows, before all others: what the first timestep begins with.
///
/// Written by the training loop between steps, read by all workers in a step.
package final class Timeline: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  /// Most sequences, timesteps and rows that fit.
  package let capacity: Capacity
  package private(set) var sequences = 0
  package private(set) var timesteps = 0
  package private(set) var rows = 0
  /// [timesteps + 1] the first row of each.
  private let starts: Buffer<Int>
  /// [sequences + 1] rows of all sequences before.
  private let rowsBefore: Buffer<Int>
  /// [rows] of each row the one that is as far from its sequence's end as this one is from its beginning.
  package let reversed: Buffer<Int32>
  /// [rows] the sequence of each.
  package let sequenceOfRow: Buffer<Int32>
  /// Where the rows of a shard stand in the whole minibatch; nil of a timeline that is of a whole one.
  private let places: Places?

  /// [rows] the row of the whole minibatch, and its sequence.
  private struct Places {
    let rows: Buffer<Int32>
    let sequences: Buffer<Int32>
  }

  package struct Capacity: Sendable, Equatable {
    package var sequences: Int
    package var timesteps: Int
    package var rows: Int

    package init(sequences: Int, timesteps: Int, rows: Int) {
      self.sequences = sequences
      self.timesteps = timesteps
      self.rows = rows
    }

    /// Sequences of one length.
    package init(sequences: Int, timesteps: Int) {
      self.init(sequences: sequences, timesteps: timesteps, rows: sequences * timesteps)
    }
  }

  /// - Parameter isShard: whether it is of some sequences of a whole minibatch: see `layOut(_:of:)`.
  package init(_ capacity: Capacity, isShard: Bool = false) {
    self.capacity = capacity
    places =
      isShard
      ? Places(
        rows: Buffer(count: capacity.rows, repeating: 0), sequences: Buffer(count: capacity.rows, repeating: 0)) : nil
    starts = Buffer(count: capacity.timesteps + 1, repeating: 0)
    rowsBefore = Buffer(count: capacity.sequences + 1, repeating: 0)
    reversed = Buffer(count: capacity.rows, repeating: 0)
    sequenceOfRow = Buffer(count: capacity.rows, repeating: 0)
  }

  /// Takes over sequences of these lengths. Cost: O(rows).
  ///
  /// - Parameter lengths: above 0, the longest first.
  package func layOut(sequences count: Int, length: (Int) -> Int) {
    precondition(count <= capacity.sequences)
    sequences = count
    timesteps = count > 0 ? length(0) : 0
    precondition(timesteps <= capacity.timesteps)
    for sequence in 0..<count {
      let length = length(sequence)
      precondition(length > 0 && (sequence == 0 || length <= self.length(sequence - 1)), "the longest come first")
      rowsBefore[sequence + 1] = rowsBefore[sequence] + length
    }
    rows = rowsBefore[count]
    precondition(rows <= capacity.rows)
    var alive = count
    for timestep in 0..<timesteps {
      while length(alive - 1) <= timestep { alive -= 1 }
      starts[timestep + 1] = starts[timestep] + alive
    }
    for timestep in 0..<timesteps {
      for sequence in 0..<self.count(timestep: timestep) {
        let row = row(timestep, sequence)
        sequenceOfRow[row] = Int32(sequence)
        reversed[row] = Int32(self.row(self.length(sequence) - 1 - timestep, sequence))
      }
    }
  }

  /// Takes over neighbouring sequences of a whole minibatch, maybe none. Cost: O(rows).
  func layOut(_ range: Range<Int>, of whole: Timeline) {
    guard let places else { preconditionFailure("a timeline of a shard is made as one") }
    layOut(sequences: range.count) { whole.length(range.lowerBound + $0) }
    for timestep in 0..<timesteps {
      for sequence in 0..<count(timestep: timestep) {
        let row = row(timestep, sequence)
        places.rows[row] = Int32(whole.row(timestep, range.lowerBound + sequence))
        places.sequences[row] = Int32(range.lowerBound + sequence)
      }
    }
  }

  /// [rows] the row of the whole minibatch that each one is; nil where this is the whole, and rows are what they are.
  var rowsInWhole: Buffer<Int32>? { places?.rows }
  /// [rows] the sequence of the whole minibatch that each one is of.
  var sequencesInWhole: Buffer<Int32> { places?.sequences ?? sequenceOfRow }

  /// Timesteps of a sequence.
  package func length(_ sequence: Int) -> Int { rowsBefore[sequence + 1] - rowsBefore[sequence] }

  /// The rows of each sequence, for loops in a job.
  var sequenceRows: SequenceRows.All {
    SequenceRows.All(starts: UnsafePointer(starts.base), rowsBefore: UnsafePointer(rowsBefore.base))
  }

  /// Sequences that have a timestep.
  package func count(timestep: Int) -> Int {
    timestep < timesteps ? starts[timestep + 1] - starts[timestep] : 0
  }

  package func row(_ timestep: Int, _ sequence: Int) -> Int { starts[timestep] + sequence }

  /// The last row of a sequence.
  package func lastRow(_ sequence: Int) -> Int { row(length(sequence) - 1, sequence) }

  /// A timestep's rows for those of some sequences that have it.
  package func rows(timestep: Int, _ range: Range<Int>) -> Range<Int> {
    let first = starts[timestep] + range.lowerBound
    return first..<first + max(0, min(range.upperBound, count(timestep: timestep)) - range.lowerBound)
  }

  /// Calls back with the rows of each timestep, for those of some sequences that have it.
  func forEachTimestep(of sequences: Range<Int>, _ body: (_ rows: Range<Int>) -> Void) {
    for timestep in 0..<timesteps {
      let rows = rows(timestep: timestep, sequences)
      guard !rows.isEmpty else { return }
      body(rows)
    }
  }

  /// Where a timestep's rows begin in a state matrix, before it and after it.
  package func stateRow(before timestep: Int, _ sequence: Int) -> Int {
    timestep == 0 ? sequence : capacity.sequences + row(timestep - 1, sequence)
  }

  /// A job's share of the sequences: neighbours, with about as many rows as those of any other job.
  package func share(job: Int, jobs: Int) -> Range<Int> { boundary(job, of: jobs)..<boundary(job + 1, of: jobs) }

  private func boundary(_ index: Int, of jobs: Int) -> Int {
    // The first sequence with at least this share of the rows before it.
    let wanted = rows * index
    var (low, high) = (0, sequences)
    while low < high {
      let middle = (low + high) / 2
      if rowsBefore[middle] * jobs < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Stretches of timesteps whose rows before and after stand without a gap: for products over all rows.
  ///
  /// - Parameter body: gets the first row of the stretch in state matrices as they were before, and its rows.
  package func forEachStretch(from first: Int, _ body: (_ before: Int, _ rows: Range<Int>) -> Void) {
    var timestep = first
    while timestep < timesteps {
      let begin = timestep
      while timestep + 1 < timesteps
        && stateRow(before: timestep + 1, 0) - stateRow(before: timestep, 0) == count(timestep: timestep)
      {
        timestep += 1
      }
      timestep += 1
      body(stateRow(before: begin, 0), starts[begin]..<starts[timestep])
    }
  }
}
