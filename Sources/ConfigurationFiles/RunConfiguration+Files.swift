import Configuration
import Keys
import Tasks

extension RunConfiguration {
  /// Every key, section by section, in the order in which `render()` writes them.
  package static let keys: [KeyDescription] = KeyCatalogue.keys(of: RunConfiguration(tasks: Tasks.all, name: "NAME"))

  /// The configuration as YAML with every default filled in.
  ///
  /// `parse` makes the same configuration of it, wherever it lies: paths of data are absolute, floating-point numbers
  /// are written with as many digits as they need.
  package func render() -> String {
    YAMLEmitter.text(of: KeyWriter.tree(of: self).entries ?? [])
  }

  // MARK: Loading

  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - path: the file, by the name that messages give it.
  ///   - checkFiles: whether the files that it names have to be there and to be readable more than once. A run that goes on
  ///     doesn't need them all.
  ///   - overrides: `KEY=VALUE` in dotted notation; they win over the file, later ones over earlier ones. What of the file
  ///     belongs to another choice than the one made by an override is dropped.
  ///   - remark: gets a line about each of the file's settings that an override has dropped or may have given another
  ///     meaning, if nothing is wrong.
  /// - Throws: all that is wrong with it, at once.
  package static func load(
    path: String, overrides: [String] = [], checkFiles: Bool = true, remark: (String) -> Void = { _ in }
  ) throws(ConfigurationError) -> RunConfiguration {
    let overrides = try Override.parse(overrides)
    let text = try ConfigurationFile.text(ofFileAt: path)
    let directory = Paths.directory(of: path)
    return try resolve(
      text, name: path, directory: Paths.realPath(directory) ?? directory, overrides: overrides,
      checksFiles: checkFiles, remark: remark)
  }

  /// Reads the text of a configuration.
  ///
  /// - Parameters:
  ///   - name: what messages call the text; also names the default output directory.
  ///   - directory: what relative paths in the text are relative to: a real path, without links.
  ///   - checkFiles: whether a file of data that can't be read is a problem. Without it no file is touched.
  package static func parse(
    text: String, name: String, directory: String, overrides: [String] = [], checkFiles: Bool,
    remark: (String) -> Void = { _ in }
  ) throws(ConfigurationError) -> RunConfiguration {
    let overrides = try Override.parse(overrides)
    return try resolve(
      text, name: name, directory: directory, overrides: overrides, checksFiles: checkFiles, remark: remark)
  }

  /// - Parameter overrideDirectory: what relative paths in overrides are relative to.
  static func resolve(
    _ text: String, name: String, directory: String, overrides: [Override],
    overrideDirectory: String = Paths.workingDirectory, checksFiles: Bool, remark: (String) -> Void = { _ in }
  ) throws(ConfigurationError) -> RunConfiguration {
    let parser = YAMLParser(text)
    guard var tree = parser.tree else { throw .invalid(file: name, parser.problems) }
    if tree.isNull { tree.content = .mapping([]) }

    var problems = parser.problems
    for override in overrides { problems += override.apply(to: &tree) }
    let reading = Reading(
      catalogue: keys, problems: problems, home: Paths.home,
      lookUp: Paths.lookup(fileDirectory: directory, overrideDirectory: overrideDirectory, checksFiles: checksFiles))
    var configuration = RunConfiguration(tasks: Tasks.all, name: Paths.stem(of: name))
    KeyReader.read(&configuration, from: tree, path: "", reading: reading)
    for objection in configuration.objections { reading.report(objection, in: tree) }

    guard reading.problems.isEmpty else {
      throw .invalid(file: name, reading.problems.sorted { $0.origin < $1.origin })
    }
    reading.remarkOnHeldOutFiles(of: configuration, in: tree)
    reading.remarks.sorted { $0.origin < $1.origin }.forEach { remark($0.line(file: name)) }
    return configuration
  }
}

extension Reading {
  /// Whoever trains on other text by an override measures on the file's text still, which may be in another language.
  fileprivate func remarkOnHeldOutFiles(of configuration: RunConfiguration, in tree: ValueTree) {
    guard case .text(let corpus) = configuration.data, case .override = tree.origin(ofKey: "data.train") else { return }
    for (key, source) in [("data.validation", corpus.validation), ("data.test", corpus.test)] {
      guard case .file(let path) = source, case .file = tree.origin(ofKey: key) else { continue }
      remark(
        tree.origin(ofKey: key), key,
        "\(printable(path)) stays, though data.train is another text; give \(key) too, as a file or as {split: 0.1}")
    }
  }

  /// Raises an objection at the place of its key.
  fileprivate func report(_ objection: Objection, in tree: ValueTree) {
    let keys = [objection.key] + objection.otherKeys
    // Of what couldn't be read there is only the default here, which nobody asked for.
    let isMoot = problems.contains { problem in keys.contains { Self.overlap($0, problem.key) } }
    if !isMoot { report(tree.origin(ofKey: objection.key), objection.key, objection.reason) }
  }

  /// Whether one key holds the other or is it.
  private static func overlap(_ a: String, _ b: String) -> Bool {
    a == b || a.hasPrefix(b + ".") || b.hasPrefix(a + ".")
  }
}
