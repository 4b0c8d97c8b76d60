import Compute

/// How a block of the output layer's rows is shared out among workers: whole groups of 16 rows, as many for each; and what is
/// left of them, fewer than there are workers, by classes, in which all of them take part. Otherwise most would wait while the
/// others do one group more: of 25 groups among 16 workers, 28 % of the time.
struct GroupSharing {
  /// Those that a job goes through from the input to its gradient.
  let whole: Range<Int>
  /// Those whose classes, and then whose panels of the input's gradient, are shared out.
  let rest: Range<Int>
  private let workers: Int

  /// Below so many chunks of classes a group takes no longer than it takes to meet some times more.
  private static let fewestChunks = 8
  /// Jobs for each worker: they take what others are late with.
  private static let jobsOfWorker = 4

  init(_ block: SoftmaxBlock, workers: Int) {
    // The likeliest class is looked for in order.
    let isWhole = block.chunks < Self.fewestChunks || block.likeliest != nil
    let rest = isWhole ? 0 : block.groups % workers
    whole = 0..<block.groups - rest
    self.rest = whole.upperBound..<block.groups
    self.workers = workers
  }

  /// Of whole groups: in pairs, which kernels are at their best with; single ones at the end.
  var shares: GuidedShares { GuidedShares(of: whole.count, workers: workers, unit: 2, finest: 1) }

  /// Into how many parts each group of the rest is cut, of so many things.
  func parts(of things: Int) -> Int {
    rest.isEmpty ? 0 : min(things, (Self.jobsOfWorker * workers + rest.count - 1) / rest.count)
  }
}
