/// What the readers of one configuration share: where its paths lead, and what was wrong so far.
package final class Reading {
  /// What a path may lead to.
  package enum Input: Sendable {
    case file, fileOrDirectory
    /// Files of a corpus: a file, a directory of them, a pattern that matches some, or `-` for standard input.
    case corpus
  }

  /// The path as a reader of files takes it, and why it can't be read, if it can't.
  package typealias FileLookup = (_ path: String, _ origin: Origin, _ input: Input) -> (
    path: String, obstacle: String?
  )

  fileprivate let lookUp: FileLookup
  /// What `~` at a path's beginning stands for.
  private let home: String?
  /// Every key of the file's kind, for suggestions.
  package let catalogue: [KeyDescription]
  package private(set) var problems: [ConfigurationProblem]
  /// What is right but may not be meant: what overrides make of the file's settings.
  package private(set) var remarks: [ConfigurationProblem] = []

  /// - Parameters:
  ///   - catalogue: every key of the file's kind.
  ///   - problems: what was wrong before.
  ///   - home: what `~` at a path's beginning stands for; nil: nothing.
  ///   - lookUp: finds the files that keys name.
  package init(
    catalogue: [KeyDescription], problems: [ConfigurationProblem], home: String? = nil, lookUp: @escaping FileLookup
  ) {
    self.catalogue = catalogue
    self.problems = problems
    self.lookUp = lookUp
    self.home = home
  }

  package func report(_ origin: Origin, _ key: String, _ message: String) {
    problems.append(ConfigurationProblem(origin: origin, key: key, message: message))
  }

  package func remark(_ origin: Origin, _ key: String, _ message: String) {
    remarks.append(ConfigurationProblem(origin: origin, key: key, message: message))
  }

  /// A path whose `~` is the home directory, as shells read it: in the middle of a word they don't.
  fileprivate func expanded(_ path: String) -> String {
    guard let home, path == "~" || path.hasPrefix("~/") else { return path }
    return home + path.dropFirst()
  }

  /// The path as a reader of files takes it. One that can't be read is reported.
  fileprivate func inputFile(_ path: String, at origin: Origin, key: String, as input: Input) -> String {
    let (resolved, obstacle) = lookUp(path, origin, input)
    if let obstacle { report(origin, key, "\(obstacle): \(printable(resolved))") }
    return resolved
  }
}

/// A key that is being read: what a kind of value reports to.
package struct ReadingSite {
  /// The key in dotted notation.
  package let path: String
  package let reading: Reading

  /// A key of the mapping that is read here.
  package func child(_ key: String) -> ReadingSite { ReadingSite(path: "\(path).\(key)", reading: reading) }

  /// Reports that a tree isn't what was expected.
  package func mismatch<Value>(_ tree: ValueTree, expected: String, found: String? = nil, hint: String = "") -> Value? {
    reading.report(tree.origin, path, "expected \(expected), found \(found ?? tree.summary)\(hint)")
    return nil
  }

  /// A path as it's written, but for `~` at its beginning.
  package func path(_ tree: ValueTree, expected: String) -> String? {
    guard let text = tree.text, !text.isEmpty, !text.utf8.contains(0) else {
      return mismatch(tree, expected: expected)
    }
    // In quotes it is a name like any other.
    return tree.plainText == nil ? text : reading.expanded(text)
  }

  /// The path of a file to read, resolved. A file that isn't there is reported, and is a path still.
  ///
  /// - Parameter input: what it may lead to.
  package func inputFile(_ tree: ValueTree, expected: String, as input: Reading.Input = .file) -> String? {
    path(tree, expected: expected).map {
      reading.inputFile($0, at: tree.origin, key: path, as: input)
    }
  }

  /// Reads a mapping that one of several forms of a value is written as.
  package func read(_ section: inout some KeySection, from tree: ValueTree) {
    KeyReader.read(&section, from: tree, path: path, reading: reading)
  }
}
