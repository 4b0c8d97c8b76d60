import Configuration
import Keys
import Tasks

/// Many runs from one file: a run's configuration, and what changes in it from trial to trial.
package struct SweepConfiguration: Sendable {
  /// The configuration that every trial begins with: an absolute path.
  package var base = ""
  package var method = Method.grid
  package var metric = Metric()
  /// How many trials there are; a grid has as many as it has points.
  package var trials = 10
  /// Decides what is drawn.
  package var seed = 1
  package var parameters: [SweepParameter] = []
  package var output: Output

  /// What relative paths among the parameters' values are relative to.
  private(set) var directory = ""

  /// How trials get their values, and how long they train.
  package enum Method: Sendable, Equatable {
    /// Every combination of the values.
    case grid
    /// Values drawn independently.
    case random
    /// Values drawn independently, and only the better trials of each rung train on.
    case asha(Halving)
  }

  /// Successive halving: who trains how far.
  package struct Halving: Sendable, Equatable {
    /// Epochs of the first rung.
    package var minEpochs = 1
    /// One trial in so many goes on to the next rung, which has as many times the epochs.
    package var reductionFactor = 3

    package init() {}
  }

  /// What trials are compared by: the best epoch's value.
  package struct Metric: Sendable, Equatable {
    package fileprivate(set) var measure = Measure.validationLoss
    private var givenGoal: Measure.Goal?

    package init() {}

    /// What `metrics.jsonl` calls it.
    package var name: String { measure.field }

    /// Which values are better; for each metric there is one that goes without saying.
    package var goal: Measure.Goal { givenGoal ?? measure.goal }

    /// What all runs write to their metrics after every epoch, and what those of a task do.
    fileprivate static let measures = Tasks.all.map(\.measure).reduce(into: [Measure.validationLoss, .trainLoss]) {
      if !$0.contains($1) { $0.append($1) }
    }
  }

  package struct Output: Sendable, Equatable {
    /// The sweep's directory, relative to the working directory.
    package var directory: String
  }

  static let keys: [KeyDescription] = KeyCatalogue.keys(of: SweepConfiguration(name: "NAME"))

  /// The defaults, and nothing to vary.
  private init(name: String) {
    let stem = Paths.stem(of: name)
    output = Output(directory: "sweeps/\(stem.isEmpty ? "sweep" : stem)")
  }

  /// The sweep as YAML with every default filled in; `parse` makes the same trials of it, wherever it lies.
  package func render() -> String { YAMLEmitter.text(of: KeyWriter.tree(of: self).entries ?? []) }
}

// MARK: - Keys

extension SweepConfiguration: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("base", &base, .inputFile, "the configuration that every trial begins with")
    keys.variant(&method)
    keys.section("metric", &metric, "what trials are compared by")
    keys.value("trials", &trials, .whole(1...Self.trialLimit), "how many trials there are (random and asha)")
    keys.value("seed", &seed, .whole(0...Int.max), "decides what is drawn (random and asha)")
    keys.value("parameters", &parameters, .sweepParameters, "keys of the base configuration, and their values")
    keys.section("output", &output, "what is kept of it")
  }

  /// A directory with more trials than this is none that a person looks at.
  static let trialLimit = 10_000
}

extension SweepConfiguration.Method: KeyVariant {
  package static let selector = VariantSelector.value(
    ofKey: "method", noun: "method", help: "how trials get their values")

  package static let alternatives: [Self] = [.grid, .random, .asha(SweepConfiguration.Halving())]

  package var name: String {
    switch self {
    case .grid: "grid"
    case .random: "random"
    case .asha: "asha"
    }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .grid, .random: break
    case .asha(var halving):
      keys.value("min_epochs", &halving.minEpochs, .whole(1...1_000_000), "epochs of the first rung")
      keys.value(
        "reduction_factor", &halving.reductionFactor, .whole(2...1000),
        "one trial in so many goes on to the next rung, which has as many times the epochs")
      self = .asha(halving)
    }
  }
}

extension SweepConfiguration.Metric: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("name", &measure, .measure(among: Self.measures), "a value of an epoch's line in metrics.jsonl")
    var goal: Measure.Goal? = goal
    keys.optional("goal", &goal, .choice, "which values are better; absent: what suits the metric")
    givenGoal = goal
  }
}

extension ValueKind<Measure> {
  fileprivate static func measure(among measures: [Measure]) -> Self {
    choice(of: measures.map(\.field), value: { field in measures.first { $0.field == field } }, name: \.field)
  }
}

extension SweepConfiguration.Output: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("directory", &directory, .outputDirectory, "the sweep's directory, relative to the working directory")
  }
}

// MARK: - Loading

extension SweepConfiguration {
  /// Reads a sweep file, and checks that its base is there. `configurations(of:)` checks everything else.
  ///
  /// - Parameters:
  ///   - path: the file, by the name that messages give it.
  ///   - overrides: `KEY=VALUE` in dotted notation; they win over the file.
  package static func load(path: String, overrides: [String] = []) throws(ConfigurationError) -> SweepConfiguration {
    let overrides = try Override.parse(overrides)
    let text = try ConfigurationFile.text(ofFileAt: path)
    let directory = Paths.directory(of: path)
    return try resolve(
      text, name: path, directory: Paths.realPath(directory) ?? directory, overrides: overrides, checksFiles: true)
  }

  /// Reads the text of a sweep file without touching any other file.
  package static func parse(
    text: String, name: String, directory: String
  ) throws(ConfigurationError) -> SweepConfiguration {
    try resolve(text, name: name, directory: directory, overrides: [], checksFiles: false)
  }

  private static func resolve(
    _ text: String, name: String, directory: String, overrides: [Override], checksFiles: Bool
  ) throws(ConfigurationError) -> SweepConfiguration {
    let parser = YAMLParser(text)
    guard var tree = parser.tree else { throw .invalid(file: name, parser.problems) }
    if tree.isNull { tree.content = .mapping([]) }
    var problems = parser.problems
    for override in overrides { problems += override.holdingDots(below: "parameters").apply(to: &tree) }
    let reading = Reading(
      catalogue: keys, problems: problems, home: Paths.home,
      lookUp: Paths.lookup(
        fileDirectory: directory, overrideDirectory: Paths.workingDirectory, checksFiles: checksFiles))
    var sweep = SweepConfiguration(name: name)
    sweep.directory = directory
    for override in overrides where isKeyOfRuns(override.path) {
      let key = override.path.joined(separator: ".")
      tree.content = .mapping((tree.entries ?? []).filter { $0.key != override.path[0] })
      reading.report(
        override.origin, key,
        "a key of the trials' configuration, not of the sweep's; parameters.\(key)={values: [\(printable(override.valueText))]} "
          + "sets it in every trial")
    }
    KeyReader.read(&sweep, from: tree, path: "", reading: reading)
    if reading.problems.isEmpty { sweep.reportObjections(at: tree.origin, to: reading) }
    guard reading.problems.isEmpty else {
      throw .invalid(file: name, reading.problems.sorted { $0.origin < $1.origin })
    }
    return sweep
  }

  /// Whether a path of a key is one of a run's configuration and none of a sweep's.
  private static func isKeyOfRuns(_ path: [Substring]) -> Bool {
    let key = path.joined(separator: ".")
    return !keys.contains { $0.path == path[0] } && RunConfiguration.keys.contains { $0.path == key }
  }

  /// Reports what is wrong with a sweep of which every single value is right.
  private func reportObjections(at start: Origin, to reading: Reading) {
    if base.isEmpty { reading.report(start, "base", "missing; expected a run's configuration") }
    guard let first = parameters.first else {
      return reading.report(start, "parameters", "missing; expected the keys that change, and their values")
    }
    guard method == .grid else { return }
    for parameter in parameters where parameter.values == nil {
      reading.report(
        parameter.origin, "parameters.\(parameter.key)",
        "a grid needs values; give values: […], or choose the method random")
    }
    if gridCount == nil { reading.report(first.origin, "parameters", "more than \(Self.trialLimit) combinations") }
  }

  /// The points of the grid, nil if they are too many.
  package var gridCount: Int? {
    var count = 1
    for parameter in parameters {
      count *= parameter.values?.count ?? 1
      if count > Self.trialLimit { return nil }
    }
    return count
  }
}
