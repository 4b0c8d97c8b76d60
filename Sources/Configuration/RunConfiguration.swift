/// Everything that decides what a run does, as a configuration file says it.
///
/// The value of every property that has one here is the default of its key.
package struct RunConfiguration: Sendable, Equatable {
  /// Decides every random number of the run.
  package var seed = 1
  package var task = Task.languageModel
  package var data: Data
  package var model = Model()
  package var training = Training()
  package var evaluation = Evaluation()
  package var output: Output

  package enum Task: String, CaseIterable, Sendable {
    /// Predicts the next token.
    case languageModel = "language-model"
    /// Predicts a tag for every token.
    case tagging
  }

  package init(data: Data, output: Output) {
    self.data = data
    self.output = output
  }
}

extension RunConfiguration: KeySection {
  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("seed", &seed, .whole(0...Int.max), "decides every random number of the run")
    keys.value("task", &task, .choice, "what the model learns: the next token, or a tag for every token")
    keys.section("data", &data, "what to learn from")
    keys.section("model", &model, "the network")
    keys.section("training", &training, "how it learns")
    keys.section("evaluation", &evaluation, "how it is measured")
    keys.section("output", &output, "what is kept of it")
  }
}

extension RunConfiguration {
  /// Every key, section by section, in the order in which `render()` writes them.
  package static let keys: [KeyDescription] = KeyCatalogue.keys(of: RunConfiguration(name: "NAME"))

  /// The configuration as YAML with every default filled in.
  ///
  /// `parse` makes the same configuration of it, wherever it lies: paths of data are absolute, floating-point numbers
  /// are written with as many digits as they need.
  package func render() -> String {
    YAMLEmitter.text(of: KeyWriter.tree(of: self).entries ?? [])
  }
}

// MARK: - Loading

extension RunConfiguration {
  /// Reads a configuration file.
  ///
  /// - Parameters:
  ///   - path: the file, by the name that messages give it.
  ///   - checkFiles: whether the files that it names have to be there and to be readable more than once. A run that goes on
  ///     doesn't need them all.
  ///   - overrides: `KEY=VALUE` in dotted notation; they win over the file, later ones over earlier ones.
  /// - Throws: all that is wrong with it, at once.
  package static func load(
    path: String, overrides: [String] = [], checkFiles: Bool = true
  ) throws(ConfigurationError) -> RunConfiguration {
    let overrides = try Override.parse(overrides)
    let text = try ConfigurationFile.text(ofFileAt: path)
    let directory = Paths.directory(of: path)
    return try resolve(
      text, name: path, directory: Paths.realPath(directory) ?? directory, overrides: overrides, checksFiles: checkFiles
    )
  }

  /// Reads the text of a configuration.
  ///
  /// - Parameters:
  ///   - name: what messages call the text; also names the default output directory.
  ///   - directory: what relative paths in the text are relative to: a real path, without links.
  ///   - checkFiles: whether a file of data that can't be read is a problem. Without it no file is touched.
  package static func parse(
    text: String, name: String, directory: String, overrides: [String] = [], checkFiles: Bool
  ) throws(ConfigurationError) -> RunConfiguration {
    let overrides = try Override.parse(overrides)
    return try resolve(text, name: name, directory: directory, overrides: overrides, checksFiles: checkFiles)
  }

  /// - Parameters:
  ///   - overrideDirectory: what relative paths in overrides are relative to.
  ///   - dropsReplacedKeys: whether an override that chooses an alternative takes the file's keys of others out.
  static func resolve(
    _ text: String, name: String, directory: String, overrides: [Override],
    overrideDirectory: String = Paths.workingDirectory, checksFiles: Bool, dropsReplacedKeys: Bool = false
  ) throws(ConfigurationError) -> RunConfiguration {
    let parser = YAMLParser(text)
    guard var tree = parser.tree else { throw .invalid(file: name, parser.problems) }
    if tree.isNull { tree.content = .mapping([]) }

    var problems = parser.problems
    for override in overrides { problems += override.apply(to: &tree) }
    let reading = Reading(
      fileDirectory: directory, workingDirectory: overrideDirectory, checksFiles: checksFiles,
      dropsReplacedKeys: dropsReplacedKeys, catalogue: keys, problems: problems)
    var configuration = RunConfiguration(name: name)
    KeyReader.read(&configuration, from: tree, path: "", reading: reading)
    configuration.reportObjections(in: tree, to: reading)

    guard reading.problems.isEmpty else {
      throw .invalid(file: name, reading.problems.sorted { $0.origin < $1.origin })
    }
    return configuration
  }

  /// What a configuration is before anything is read: the defaults, and no data.
  private init(name: String) {
    let stem = Paths.stem(of: name)
    self.init(data: Data.alternatives[0], output: Output(directory: "runs/\(stem.isEmpty ? "run" : stem)"))
  }
}
