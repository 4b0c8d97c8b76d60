import Datasets
import Models

/// Lines side by side, from window to window: each row predicts a token of its line from all before it.
///
/// A window holds the lines that have tokens left, so that there is no padding. Lines that have been the same up to its end
/// are one sequence of it: what they begin with in common, as the hypotheses of an n-best list do, is computed once. The
/// more lines are left, the shorter a window is, so that few sequences are told apart sooner than they differ.
final class LineWindows: MinibatchSource {
  /// What windows take.
  struct Shape {
    /// Most lines side by side.
    let lines: Int
    /// What the rows of a window of fewer lines come to by its timesteps, nearly; one line has so many.
    let rows: Int

    var capacity: SequenceModel.Capacity {
      SequenceModel.Capacity(Timeline.Capacity(sequences: lines, timesteps: rows, rows: max(lines, rows)))
    }
  }

  private let lines: [[Int32]]
  private let context: Int32
  private let shape: Shape
  private let windows: [Window]

  /// - Parameters:
  ///   - lines: tokens to be predicted, those of the longest line first, and none empty.
  ///   - context: what is read before the first token of each.
  init(_ lines: [[Int32]], after context: Int32, _ shape: Shape) {
    self.lines = lines
    self.context = context
    self.shape = shape
    windows = Window.all(of: lines, rows: shape.rows)
  }

  var count: Int { windows.count }
  var targetCount: Int { lines.reduce(0) { $0 + $1.count } }
  var capacity: SequenceModel.Capacity { shape.capacity }
  var carriesState: Bool { true }

  func predecessors(after index: Int) -> [Int32]? { index + 1 < count ? windows[index + 1].predecessors : nil }

  func fill(_ minibatch: Minibatch, index: Int, epoch: Int, step: Int) {
    let window = windows[index]
    minibatch.layOut(sequences: window.lines.count) { window.positions(of: lines[window.lines[$0]]).count }
    for (sequence, line) in window.lines.enumerated() {
      let tokens = lines[line]
      for (timestep, position) in window.positions(of: tokens).enumerated() {
        let row = minibatch.timeline.row(timestep, sequence)
        minibatch.inputs[row] = position == 0 ? context : tokens[position - 1]
        minibatch.targets[row] = tokens[position]
      }
    }
    minibatch.prepare()
  }

  /// Calls back with each token that a window predicts: its line, its position there, and the row that it is predicted in.
  func forEachToken(
    of timeline: Timeline, window index: Int, _ body: (_ line: Int, _ position: Int, _ row: Int) -> Void
  ) {
    let window = windows[index]
    for (line, sequence) in window.sequences.enumerated() {
      for (timestep, position) in window.positions(of: lines[line]).enumerated() {
        body(line, position, timeline.row(timestep, Int(sequence)))
      }
    }
  }
}

/// Some timesteps of the lines that are long enough.
private struct Window {
  /// The positions in a line that it predicts.
  let timesteps: Range<Int>
  /// [lines that have tokens left, the longest first] the sequence of each.
  private(set) var sequences: [Int32] = []
  /// [sequences] a line of each; those with most timesteps come first, as their lines do.
  private(set) var lines: [Int] = []
  /// [sequences] the one of the window before that each goes on from.
  private(set) var predecessors: [Int32] = []

  /// What makes lines one sequence.
  private struct Content: Hashable {
    let predecessor: Int32
    let tokens: ArraySlice<Int32>
  }

  /// The windows of some lines, the longest first. Cost: O(tokens).
  static func all(of lines: [[Int32]], rows: Int) -> [Window] {
    var windows: [Window] = []
    var (start, left) = (0, lines.count)
    while true {
      while left > 0, lines[left - 1].count <= start { left -= 1 }
      guard left > 0 else { return windows }
      let end = start + max(1, rows / left)
      windows.append(Window(start..<end, of: lines[..<left], after: windows.last))
      start = end
    }
  }

  private init(_ timesteps: Range<Int>, of lines: ArraySlice<[Int32]>, after before: Window?) {
    self.timesteps = timesteps
    var sequenceOf: [Content: Int32] = [:]
    sequenceOf.reserveCapacity(lines.count)
    for (line, tokens) in lines.enumerated() {
      let content = Content(predecessor: before?.sequences[line] ?? 0, tokens: tokens[positions(of: tokens)])
      let next = Int32(self.lines.count)
      let sequence = sequenceOf[content, default: next]
      sequences.append(sequence)
      if sequence == next {
        sequenceOf[content] = next
        self.lines.append(line)
        predecessors.append(content.predecessor)
      }
    }
  }

  /// The positions of a line that has tokens left.
  func positions(of line: [Int32]) -> Range<Int> { timesteps.clamped(to: 0..<line.count) }
}
