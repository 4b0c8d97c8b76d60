import Files
import Foundation

/// A run's event file, for TensorBoard: `events.out.tfevents.SECONDS.rnn-train` in the run's directory.
///
/// No step is ever in it twice. A run that goes back to a checkpoint, resumed or after a divergence, begins a new file with
/// the events up to that checkpoint's step and removes the old one: a TensorBoard that has read that one goes over to the
/// new file, whose first words tell it to forget what it has read.
package final class EventLog {
  private let directory: OpenDirectory
  private var file: AppendedFile

  /// - Parameter step: where the run goes on; events of later steps are dropped.
  package init(directory: OpenDirectory, resumingAt step: Int) throws(FileError) {
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
    let event = Event.summary(step: step, scalars: scalars, texts: texts)
    try file.append(EventRecords.record(event))
  }

  /// Waits until the disk has all events.
  package func makeDurable() throws(FileError) { try file.makeDurable() }

  // MARK: files

  private static let (prefix, suffix) = ("events.out.tfevents.", ".rnn-train")

  /// - Returns: the seconds of an event file's name; nil for another file's.
  private static func seconds(of name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
    return Int(name.dropFirst(prefix.count).dropLast(suffix.count)).flatMap { plausible.contains($0) ? $0 : nil }
  }

  /// Seconds of event files that rnn-train writes, up to the year 2286: a larger number is another program's.
  private static let plausible = 0..<10_000_000_000

  private static func begin(in directory: OpenDirectory, keepingUpTo step: Int) throws(FileError) -> AppendedFile {
    let old = try directory.names().filter { seconds(of: $0) != nil }.sorted()
    // TensorBoard reads files in the order of their names.
    let now = max(Int(Date().timeIntervalSince1970), (old.last.flatMap(seconds(of:)) ?? 0) + 1)
    let digits = String(now)
    let name = prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + suffix
    var kept: [UInt8] = []
    if step > 0, let last = old.last { kept = try events(ofFile: InputFile(last, in: directory), upTo: step) }
    if kept.isEmpty { kept = [Event.version, Event.start].flatMap(EventRecords.record) }
    try directory.write(kept, to: name)
    let file = try AppendedFile(name, in: directory)
    for name in old { try directory.remove(name) }
    return file
  }

  /// The records of a file up to the first that is damaged or of a later step. Steps never fall from event to event.
  private static func events(ofFile file: InputFile, upTo step: Int) throws(FileError) -> [UInt8] {
    let bytes = try file.contents()
    var end = 0
    for record in EventRecords.messages(in: bytes) {
      guard Event.step(of: record.message) <= step else { break }
      end = record.end
    }
    return Array(bytes[..<end])
  }
}
