import Files

/// `metrics.jsonl`: one JSON object a line, the primary record of a run.
///
/// All lines of a step are on the disk before the checkpoint of that step is, so a resumed run knows which of them it will
/// write again: those of later steps. They are cut off when it begins, and so is the result on the test split, which stands
/// at the end of a run that has finished.
final class MetricsLog {
  private let file: AppendedFile

  /// Opens the log for appending.
  ///
  /// - Parameter step: where the run goes on; lines of later steps, and a line that was cut off, are dropped.
  init(in directory: RunDirectory, resumingAt step: Int) throws(FileError) {
    file = try AppendedFile(RunDirectory.metricsName, in: directory.directory, heldBy: directory.lock)
    try rewind(to: step)
  }

  /// Drops the lines of all steps after one, as a run does that goes on from there.
  func rewind(to step: Int) throws(FileError) { try file.cut { Self.end(of: $0, step: step) } }

  /// Where the last whole line of a step up to this one ends. Steps never fall from line to line.
  private static func end(of text: [UInt8], step: Int) -> Int {
    var (start, end) = (0, 0)
    while let newline = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: text[start..<newline], as: UTF8.self)
      if let found = self.step(of: line) {
        if found > step || isTestResult(line) { break }
        end = newline + 1
      }
      start = newline + 1
    }
    return end
  }

  /// Every line begins with its step.
  private static func step(of line: String) -> Int? {
    let prefix = "{\"step\":"
    guard line.hasPrefix(prefix), line.hasSuffix("}") else { return nil }
    return Int(line.dropFirst(prefix.count).prefix { $0.isNumber })
  }

  /// Whether a line is what a finished run comes to, and not of its course.
  static func isTestResult(_ line: String) -> Bool { line.contains(",\"kind\":\"\(RunMetrics.Kind.test.rawValue)\"") }

  /// A line with the step in front. A number that JSON can't express becomes null.
  ///
  /// - Throws: only when there is too much that couldn't be written.
  func write(step: Int, _ fields: [(name: String, value: MetricValue)]) throws(FileError) {
    try file.append(
      Array(("{\"step\":\(step)" + fields.map { ",\"\($0.name)\":\($0.value)" }.joined() + "}\n").utf8))
  }

  /// Waits until the disk has all lines: before the checkpoint that a resumed run would not write them again after.
  ///
  /// - Returns: whether the file had been removed or replaced, and was put back.
  func makeDurable() throws(FileError) -> Bool { try file.makeDurable() }
}

/// What a line of metrics can hold, as JSON.
enum MetricValue: CustomStringConvertible {
  case whole(Int)
  case number(Double)
  /// A word that needs no escaping.
  case word(String)

  var description: String {
    switch self {
    case .whole(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .word(let value): "\"\(value)\""
    }
  }
}
