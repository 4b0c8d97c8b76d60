import Files
import Glibc

/// `metrics.jsonl`: one JSON object a line, the primary record of a run.
///
/// All lines of a step are on the disk before the checkpoint of that step is, so a resumed run knows which of them it will
/// write again: those of later steps. They are cut off when it begins.
///
/// Lines since the last checkpoint stay in memory as well: what the disk had no room for, or lost after it had said yes,
/// is written again with the next one.
final class MetricsLog {
  private let path: String
  private let descriptor: Int32
  /// Bytes of the file that are on the disk for certain.
  private var durable: Int
  /// The lines behind them.
  private var recent: [UInt8] = []
  /// How many bytes of `recent` are in the file.
  private var written = 0

  /// Bytes of `recent`: years of steps. A run whose metrics can't be written for so long ends.
  private static let limit = 64 << 20

  /// Opens the log for appending.
  ///
  /// - Parameter step: where the run goes on; lines of later steps, and a line that was cut off, are dropped.
  init(_ path: String, resumingAt step: Int) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(.create, path: path, code: errno) }
    durable = Int(lseek(descriptor, 0, SEEK_END))
    try Directory.flush(Path.directory(of: path))
    try rewind(to: step)
  }

  deinit { close(descriptor) }

  /// Drops the lines of all steps after one, as a run does that goes on from there.
  func rewind(to step: Int) throws(FileError) {
    try makeDurable()
    durable = Self.end(of: try FileContents.read(path), step: step)
    try truncate()
    try flush()
  }

  /// Where the last whole line of a step up to this one ends. Steps never fall from line to line.
  private static func end(of text: [UInt8], step: Int) -> Int {
    var (start, end) = (0, 0)
    while let newline = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if let found = self.step(of: String(decoding: text[start..<newline], as: UTF8.self)) {
        if found > step { break }
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

  /// A line with the step in front. A number that JSON can't express becomes null.
  ///
  /// - Throws: only when there is too much that couldn't be written.
  func write(step: Int, _ fields: [(name: String, value: MetricValue)]) throws(FileError) {
    recent += Array(("{\"step\":\(step)" + fields.map { ",\"\($0.name)\":\($0.value)" }.joined() + "}\n").utf8)
    do throws(FileError) {
      try writeRecent()
    } catch {
      // Nothing is lost yet, and `makeDurable` reports it if it lasts.
      if recent.count > Self.limit { throw error }
    }
  }

  /// Waits until the disk has all lines: before the checkpoint that a resumed run would not write them again after.
  func makeDurable() throws(FileError) {
    try writeRecent()
    do throws(FileError) {
      try flush()
    } catch {
      // Nobody knows which of them the disk has.
      written = 0
      throw error
    }
    durable += recent.count
    (recent, written) = ([], 0)
  }

  private func writeRecent() throws(FileError) {
    // What an earlier try left behind the last whole line.
    if written == 0 { try truncate() }
    while written < recent.count {
      let count = recent.withUnsafeBytes { bytes in
        pwrite(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written, off_t(durable + written))
      }
      guard count >= 0 || errno == EINTR else { throw .system(.write, path: path, code: errno) }
      written += max(count, 0)
    }
  }

  private func truncate() throws(FileError) {
    guard ftruncate(descriptor, off_t(durable)) == 0 else { throw .system(.write, path: path, code: errno) }
  }

  private func flush() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw .system(.makeDurable, path: path, code: errno) }
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
