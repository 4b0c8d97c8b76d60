import Datasets
import Models

/// Lines side by side, from window to window: each row predicts a token of its line from all before it.
///
/// A window holds the lines that have tokens left, so that there is no padding, and memory is that of a window however long
/// a line is.
final class LineWindows: MinibatchSource {
  private let lines: [[Int32]]
  private let context: Int32
  private let timesteps: Int

  /// - Parameters:
  ///   - lines: tokens to be predicted, those of the longest line first, and none empty.
  ///   - context: what is read before the first token of each.
  ///   - timesteps: of a window; the last one may be shorter.
  init(_ lines: [[Int32]], after context: Int32, timesteps: Int) {
    self.lines = lines
    self.context = context
    self.timesteps = timesteps
  }

  private var longest: Int { lines.first?.count ?? 0 }

  var count: Int { (longest + timesteps - 1) / timesteps }
  var targetCount: Int { lines.reduce(0) { $0 + $1.count } }
  var capacity: SequenceModel.Capacity { Self.capacity(lines: lines.count, timesteps: timesteps) }
  var carriesState: Bool { true }

  /// What windows of up to so many lines take.
  static func capacity(lines: Int, timesteps: Int) -> SequenceModel.Capacity {
    SequenceModel.Capacity(Timeline.Capacity(sequences: lines, timesteps: timesteps))
  }

  func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) {
    let start = index * timesteps
    let count = lines.firstIndex { $0.count <= start } ?? lines.count
    minibatch.layOut(sequences: count) { min(lines[$0].count - start, timesteps) }
    forEachRow(of: minibatch, window: index) { row, line, position in
      minibatch.inputs[row] = position == 0 ? context : lines[line][position - 1]
      minibatch.targets[row] = lines[line][position]
    }
    minibatch.prepare()
  }

  /// Calls back with each row of a window that is laid out, the line that it is of, and the position that it predicts in it.
  func forEachRow(of minibatch: Minibatch, window: Int, _ body: (_ row: Int, _ line: Int, _ position: Int) -> Void) {
    let timeline = minibatch.timeline
    for line in 0..<timeline.sequences {
      for timestep in 0..<timeline.length(line) {
        body(timeline.row(timestep, line), line, window * timesteps + timestep)
      }
    }
  }
}
