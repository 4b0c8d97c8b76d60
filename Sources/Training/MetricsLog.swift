import Files
import Glibc

/// `metrics.jsonl`: one JSON object a line, the primary record of a run.
///
/// All lines of a step are written before the checkpoint of that step, so a resumed run knows which of them it will write
/// again: those of later steps. They are cut off when it begins.
final class MetricsLog {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  /// Opens the log for appending.
  ///
  /// - Parameter step: where the run goes on; lines of later steps, and a line that was cut off, are dropped.
  init(_ path: String, resumingAt step: Int) throws {
    self.path = path
    if access(path, F_OK) == 0 {
      let text = String(decoding: try FileContents.read(path), as: UTF8.self)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
      let whole = text.hasSuffix("\n") ? lines[...] : lines.dropLast()
      let kept = whole.filter { Self.step(of: $0).map { $0 <= step } ?? false }
      try DurableFile.write(Array(kept.map { $0 + "\n" }.joined().utf8), to: path)
    }
    guard let file = fopen(path, "ae") else { throw FileError.system(.create, path: path, code: errno) }
    self.file = file
  }

  deinit { fclose(file) }

  /// Every line begins with its step.
  private static func step(of line: Substring) -> Int? {
    let prefix = "{\"step\":"
    guard line.hasPrefix(prefix) else { return nil }
    return Int(line.dropFirst(prefix.count).prefix { $0.isNumber })
  }

  /// Waits until the disk has all lines: before the checkpoint that a resumed run would not write them again after.
  func makeDurable() throws(FileError) {
    guard fsync(fileno(file)) == 0 else { throw .system(.makeDurable, path: path, code: errno) }
  }

  /// A line with the step in front. A number that JSON can't express becomes null.
  func write(step: Int, _ fields: [(name: String, value: MetricValue)]) throws {
    let line = "{\"step\":\(step)" + fields.map { ",\"\($0.name)\":\($0.value)" }.joined() + "}\n"
    guard fputs(line, file) >= 0, fflush(file) == 0 else { throw FileError.system(.write, path: path, code: errno) }
  }
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
