import Configuration
import Files

/// What the files of the trials' data held when their sweep began: trials that read something else can't be compared, and a
/// trial's own checkpoints remember it only from the time on when it has begun.
struct SourceFiles {
  /// A line of the journal has one for each file.
  struct Entry: Codable, Sendable, Equatable {
    let path: String
    let sha256: String
  }

  private let hashes: [String: String]
  /// Files that have been looked at, and what they were then: they are read again only if that has changed.
  private var stamps: [String: FileStamp] = [:]

  /// - Parameter entries: those of the journal; files that they lack, as in an older version's, are anything.
  init(_ entries: [Entry]) { hashes = Dictionary(entries.map { ($0.path, $0.sha256) }) { $1 } }

  /// Reads the files of some configurations, each once.
  static func entries(of configurations: [RunConfiguration]) throws -> [Entry] {
    var entries: [Entry] = []
    for path in Set(try configurations.flatMap { try $0.dataFiles() }).sorted() {
      entries.append(Entry(path: path, sha256: try ContentHash.hex(ofFile: path)))
    }
    return entries
  }

  /// - Throws: `SweepError.changedData`, or why a file can't be read.
  mutating func require(_ configuration: RunConfiguration) throws {
    for path in try configuration.dataFiles() {
      guard let hash = hashes[path] else { continue }
      let stamp = try FileStamp(path)
      if stamps[path] == stamp { continue }
      guard try ContentHash.hex(ofFile: path) == hash else { throw SweepError.changedData(file: path) }
      stamps[path] = stamp
    }
  }
}
