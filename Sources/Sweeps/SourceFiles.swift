import Configuration
import Files

/// What the files of the trials' data held when their sweep began: trials that read something else can't be compared, and a
/// trial's own checkpoints remember it only from the time on when it has begun.
struct SourceFiles {
  /// A line of the journal has one for each file.
  struct Entry: Codable, Sendable, Equatable {
    let path: String
    let sha256: String
    /// The path that names it in a configuration, which may be of a directory or a pattern; nil in older versions' journals.
    let source: String?
  }

  private let hashes: [String: String]
  /// By the path that names them.
  private let files: [String: Set<String>]
  /// Files that have been looked at, and what they were then: they are read again only if that has changed.
  private var stamps: [String: FileStamp] = [:]

  /// - Parameter entries: those of the journal; files that they lack, as in an older version's, are anything.
  init(_ entries: [Entry]) {
    hashes = Dictionary(entries.map { ($0.path, $0.sha256) }) { $1 }
    files = Dictionary(entries.compactMap { entry in entry.source.map { ($0, [entry.path]) } }) { $0.union($1) }
  }

  /// Reads the files of some configurations, each once.
  static func entries(of configurations: [RunConfiguration]) throws -> [Entry] {
    var sources: [String: [String]] = [:]
    for (path, files) in try configurations.flatMap({ try $0.dataFiles() }) { sources[path] = files }
    var hashes: [String: String] = [:]
    for file in Set(sources.values.joined()).sorted() { hashes[file] = try ContentHash.hex(ofFile: file) }
    return sources.sorted { $0.key < $1.key }.flatMap { source, files in
      files.compactMap { file in hashes[file].map { Entry(path: file, sha256: $0, source: source) } }
    }
  }

  /// - Throws: `SweepError.changedData`, or why a file can't be read.
  mutating func require(_ configuration: RunConfiguration) throws {
    for (source, found) in try configuration.dataFiles() {
      if let known = files[source], let other = known.symmetricDifference(found).min() {
        throw SweepError.changedData(file: other)
      }
      for path in found {
        guard let hash = hashes[path] else { continue }
        let stamp = try FileStamp(path)
        if stamps[path] == stamp { continue }
        guard try ContentHash.hex(ofFile: path) == hash else { throw SweepError.changedData(file: path) }
        stamps[path] = stamp
      }
    }
  }
}
