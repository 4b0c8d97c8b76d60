/// What the readers of one configuration share: where its paths lead, and what was wrong so far.
final class Reading {
  private let fileDirectory: String
  private let workingDirectory: String
  private let checksFiles: Bool
  /// Whether an override that chooses an alternative takes the file's keys of other alternatives out.
  let dropsReplacedKeys: Bool
  /// Every key of the file's kind, for suggestions.
  let catalogue: [KeyDescription]
  private(set) var problems: [ConfigurationProblem]

  /// - Parameters:
  ///   - fileDirectory: what relative paths in the file are relative to.
  ///   - workingDirectory: what relative paths in overrides are relative to.
  ///   - checksFiles: whether a file that can't be read is a problem.
  ///   - dropsReplacedKeys: whether an override that chooses an alternative takes the file's keys of others out.
  ///   - catalogue: every key of the file's kind.
  ///   - problems: what was wrong before.
  init(
    fileDirectory: String, workingDirectory: String, checksFiles: Bool, dropsReplacedKeys: Bool = false,
    catalogue: [KeyDescription], problems: [ConfigurationProblem]
  ) {
    self.fileDirectory = fileDirectory
    self.workingDirectory = workingDirectory
    self.checksFiles = checksFiles
    self.dropsReplacedKeys = dropsReplacedKeys
    self.catalogue = catalogue
    self.problems = problems
  }

  func report(_ origin: Origin, _ key: String, _ message: String) {
    problems.append(ConfigurationProblem(origin: origin, key: key, message: message))
  }

  /// The path as a reader of files takes it. One that can't be read is reported.
  fileprivate func inputFile(_ path: String, at origin: Origin, key: String) -> String {
    let directory = if case .file = origin { fileDirectory } else { workingDirectory }
    let resolved = Paths.join(directory, path)
    if checksFiles, let obstacle = Paths.obstacle(toReading: resolved) {
      report(origin, key, "\(obstacle): \(printable(resolved))")
    }
    return resolved
  }
}

/// A key that is being read: what a kind of value reports to.
struct ReadingSite {
  /// The key in dotted notation.
  let path: String
  let reading: Reading

  /// A key of the mapping that is read here.
  func child(_ key: String) -> ReadingSite { ReadingSite(path: "\(path).\(key)", reading: reading) }

  /// Reports that a tree isn't what was expected.
  func mismatch<Value>(_ tree: YAMLTree, expected: String, found: String? = nil, hint: String = "") -> Value? {
    reading.report(tree.origin, path, "expected \(expected), found \(found ?? tree.summary)\(hint)")
    return nil
  }

  /// A path as it's written.
  func path(_ tree: YAMLTree, expected: String) -> String? {
    guard let text = tree.text, !text.isEmpty, !text.utf8.contains(0) else {
      return mismatch(tree, expected: expected)
    }
    return text
  }

  /// The path of a file to read, resolved. A file that isn't there is reported, and is a path still.
  func inputFile(_ tree: YAMLTree, expected: String) -> String? {
    path(tree, expected: expected).map { reading.inputFile($0, at: tree.origin, key: path) }
  }

  /// Reads a mapping that one of several forms of a value is written as.
  func read(_ section: inout some KeySection, from tree: YAMLTree) {
    KeyReader.read(&section, from: tree, path: path, reading: reading)
  }
}
