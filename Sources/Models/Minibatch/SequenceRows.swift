/// Where the rows of one sequence of a minibatch stand: plain numbers, and a pointer into the timeline, which has to outlive
/// it. Loops over sequences read it without counting references to the timeline, which workers would wait for each other for.
struct SequenceRows {
  fileprivate let starts: UnsafePointer<Int>
  let sequence: Int
  /// Timesteps.
  let count: Int

  /// The row of a timestep.
  subscript(timestep: Int) -> Int { starts[timestep] + sequence }

  /// Those of all sequences.
  struct All {
    /// [timesteps] the first row of each.
    let starts: UnsafePointer<Int>
    /// [sequences + 1] rows of all sequences before.
    let rowsBefore: UnsafePointer<Int>

    subscript(sequence: Int) -> SequenceRows {
      SequenceRows(
        starts: starts, sequence: sequence, count: rowsBefore[sequence + 1] - rowsBefore[sequence])
    }
  }
}
