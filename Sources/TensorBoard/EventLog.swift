import Files
import Foundation
import SwiftProtobuf

/// A run's event file, for TensorBoard: `events.out.tfevents.SECONDS.rnn-train` in the run's directory.
///
/// No step is ever in it twice. A run that goes back to a checkpoint, resumed or after a divergence, begins a new file with
/// the events up to that checkpoint's step and removes the old one: a TensorBoard that has read that one goes over to the
/// new file, whose first words tell it to forget what it has read.
package final class EventLog {
  private let directory: String
  private var file: AppendedFile

  /// - Parameter step: where the run goes on; events of later steps are dropped.
  package init(directory: String, resumingAt step: Int) throws(FileError) {
    self.directory = directory
    file = try Self.begin(in: directory, keepingUpTo: step)
  }

  /// Drops the events of all steps after one, as a run does that goes on from there.
  package func rewind(to step: Int) throws(FileError) {
    try file.makeDurable()
    file = try Self.begin(in: directory, keepingUpTo: step)
  }

  /// Adds what is known of a step: numbers, and texts that are shown as they are.
  ///
  /// - Throws: only when there is too much that couldn't be written.
  package func write(step: Int, scalars: [(tag: String, value: Double)], texts: [(tag: String, text: String)] = [])
    throws(FileError)
  {
    var event = Event(step: step)
    event.summary.value =
      scalars.map { Summary.Value(tag: $0.tag, scalar: $0.value) }
      + texts.map { Summary.Value(tag: $0.tag, text: $0.text) }
    try file.append(EventRecords.record(event.bytes))
  }

  /// Waits until the disk has all events.
  package func makeDurable() throws(FileError) { try file.makeDurable() }

  // MARK: files

  private static let (prefix, suffix) = ("events.out.tfevents.", ".rnn-train")

  /// - Returns: the seconds of an event file's name; nil for another file's.
  private static func seconds(of name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return Int(name.dropFirst(prefix.count).dropLast(suffix.count))
  }

  private static func begin(in directory: String, keepingUpTo step: Int) throws(FileError) -> AppendedFile {
    let old = try Directory.names(in: directory).filter { seconds(of: $0) != nil }.sorted()
    // TensorBoard reads files in the order of their names.
    let now = max(Int(Date().timeIntervalSince1970), (old.last.flatMap(seconds(of:)) ?? 0) + 1)
    let digits = String(now)
    let name = prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + suffix
    let path = Path.join(directory, name)
    var kept: [UInt8] = []
    if step > 0, let last = old.last { kept = try events(ofFile: Path.join(directory, last), upTo: step) }
    if kept.isEmpty { kept = [Event.version, .start].flatMap { EventRecords.record($0.bytes) } }
    try DurableFile.write(kept, to: path)
    let file = try AppendedFile(path)
    for name in old { try Directory.remove(Path.join(directory, name)) }
    return file
  }

  /// The records of a file up to the first that is damaged or of a later step. Steps never fall from event to event.
  private static func events(ofFile path: String, upTo step: Int) throws(FileError) -> [UInt8] {
    let bytes = try FileContents.read(path)
    var end = 0
    for record in EventRecords.messages(in: bytes) {
      guard let event = try? Event(serializedBytes: Array(record.message)), event.step <= step else { break }
      end = record.end
    }
    return Array(bytes[..<end])
  }
}

extension Event {
  fileprivate static var version: Event {
    var event = Event(step: 0)
    event.fileVersion = "brain.Event:2"
    return event
  }

  fileprivate static var start: Event {
    var event = Event(step: 0)
    event.sessionLog.status = .start
    return event
  }

  fileprivate init(step: Int) {
    self.init()
    wallTime = Date().timeIntervalSince1970
    self.step = Int64(step)
  }

  /// Messages without required fields can always be written.
  fileprivate var bytes: [UInt8] { (try? serializedBytes()) ?? [] }
}

extension Summary.Value {
  fileprivate init(tag: String, scalar: Double) {
    self.init()
    self.tag = tag
    simpleValue = Float(scalar)
  }

  /// TensorBoard takes texts for Markdown: as a block of code it keeps its lines.
  fileprivate init(tag: String, text: String) {
    self.init()
    self.tag = tag
    metadata.pluginData.pluginName = "text"
    tensor.dtype = .string
    tensor.tensorShape.dim = [.with { $0.size = 1 }]
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    tensor.stringVal = [Data(lines.map { "    " + $0 }.joined(separator: "\n").utf8)]
  }
}
