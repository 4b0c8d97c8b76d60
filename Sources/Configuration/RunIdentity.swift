import Keys

// What of a configuration decides a prepared dataset, and what a run can't change once it has begun.

extension RunConfiguration {
  /// What decides how text becomes a dataset, one `key=value` a line, without paths: with a hash of the files' bytes it
  /// identifies the dataset. In which direction it is read is nothing of it. Nil where data isn't text.
  package var datasetSettings: String? {
    guard case .text = data else { return nil }
    return withoutPaths.settings
      .filter { $0.key == "task" || ($0.key.hasPrefix("data.") && $0.key != "data.direction") }
      .map { "\($0.key)=\($0.value)\n" }
      .joined()
  }

  /// The keys, or the sections of them, that stay as they are from a run's first step to its last.
  private static let fixedKeys = [
    "seed", "task", "data", "model", "training.batch_size", "training.shards", "training.bptt",
    "training.random_windows",
    "training.optimizer.name", "training.averaging",
  ]

  /// What may change when a run is resumed, for people: everything else that isn't among the fixed keys.
  package static let changeableKeys =
    "training (but batch_size, shards, bptt, random_windows, averaging and the optimizer's name), evaluation, output (but directory), and where files of data lie"

  /// Whether a key stays as it is from a run's first step to its last.
  package static func isFixed(_ key: String) -> Bool {
    (fixedKeys + ["output.directory"]).contains { key == $0 || key.hasPrefix($0 + ".") }
  }

  /// The keys in which a configuration differs so that a run of this one can't go on with it, in their usual order.
  ///
  /// Where files of data lie doesn't count, since a corpus may move; whether they are the same needs their bytes.
  package func incompatibilities(with other: RunConfiguration) -> [String] {
    var keys = differences(from: other, in: Self.fixedKeys).map(\.key)
    // Settings may change, but where one kept no moment, there is none for another to go on with.
    let (oldOptimizer, newOptimizer) = (training.optimizer, other.training.optimizer)
    if oldOptimizer.name == newOptimizer.name, oldOptimizer.momentNames != newOptimizer.momentNames {
      keys += newOptimizer.keysOfMoments.map { "training.optimizer.\($0)" }
    }
    return keys
  }

  /// The keys, or the sections of them, that decide what the layers of a model are and what they compute.
  private static let layerKeys = [
    "model.embedding", "model.cell", "model.activation", "model.hidden", "model.layers", "model.bidirectional",
    "model.residual", "model.characters", "model.character_model",
  ]

  /// A key that two configurations have with different values, as text; nil where one of them doesn't have it.
  package struct Difference: Sendable, Equatable {
    package let key: String
    package let own: String?
    package let other: String?

    package init(key: String, own: String?, other: String?) {
      (self.key, self.own, self.other) = (key, own, other)
    }
  }

  /// In what of its layers' settings a configuration differs: the parameters of a model of this one can't be those of the
  /// other's.
  package func layerDifferences(from other: RunConfiguration) -> [Difference] {
    // Character models that were trained on aren't what they were; frozen ones can be trained on at any share.
    let keepsModels = model.trainsCharacterModels || !other.model.trainsCharacterModels
    return differences(from: other, in: Self.layerKeys).filter {
      $0.key != "model.character_model.learning_rate_share" || !keepsModels
    }
  }

  /// Everything in which a configuration differs, the places of its files included.
  package func differences(from other: RunConfiguration) -> [Difference] {
    Self.differences(between: settings, and: other.settings)
  }

  /// What was set to another value than it would have had by itself: `own` of a difference is the configuration's value,
  /// `other` the default; data and directories, which have none, are left out.
  package var departures: [Difference] {
    let defaults = RunConfiguration(tasks: allTasks, name: "")
    let tree = KeyWriter.tree(of: self)
    let usual = Self.settings(of: KeyDefaults.tree(of: defaults, chosen: tree), path: "")
    let given = ["data.train", "data.validation", "data.test", "data.dataset", "output.directory"]
    return Self.differences(between: settings, and: usual).filter { difference in
      !given.contains { difference.key == $0 || difference.key.hasPrefix($0 + ".") }
    }
  }

  /// - Parameter keys: those that count, or the sections of them.
  private func differences(from other: RunConfiguration, in keys: [String]) -> [Difference] {
    Self.differences(between: withoutPaths.settings, and: other.withoutPaths.settings).filter { difference in
      keys.contains { difference.key == $0 || difference.key.hasPrefix($0 + ".") }
    }
  }

  private typealias Settings = [(key: String, value: String)]

  private static func differences(between ownSettings: Settings, and otherSettings: Settings) -> [Difference] {
    let own = Dictionary(uniqueKeysWithValues: ownSettings.map { ($0.key, $0.value) })
    let others = Dictionary(uniqueKeysWithValues: otherSettings.map { ($0.key, $0.value) })
    var order: [String] = []
    for key in (ownSettings + otherSettings).map(\.key) where !order.contains(key) { order.append(key) }
    return order.filter { own[$0] != others[$0] }.map { Difference(key: $0, own: own[$0], other: others[$0]) }
  }

  /// This configuration without the places of its files, though with the kinds of them.
  private var withoutPaths: RunConfiguration {
    var anonymous = self
    switch data {
    case .text(var corpus):
      corpus.train = []
      if case .file = corpus.validation { corpus.validation = .file("") }
      if case .file = corpus.test { corpus.test = .file("") }
      if corpus.vocabulary.file != nil { corpus.vocabulary.file = "" }
      if case .tokenizer = corpus.tokens { corpus.tokens = .tokenizer("") }
      anonymous.data = .text(corpus)
    case .dataset: anonymous.data = .dataset(path: "")
    case .synthetic: break
    }
    if model.vectors != nil { anonymous.model.vectors = "" }
    if model.characterModel?.forward != nil { anonymous.model.characterModel?.forward = "" }
    if model.characterModel?.backward != nil { anonymous.model.characterModel?.backward = "" }
    return anonymous
  }

  /// Every key that holds a value, in dotted notation, with the value as text.
  package var settings: [(key: String, value: String)] {
    Self.settings(of: KeyWriter.tree(of: self), path: "")
  }

  private static func settings(of tree: ValueTree, path: String) -> [(key: String, value: String)] {
    switch tree.content {
    case .mapping(let entries):
      entries.flatMap { settings(of: $0.value, path: path.isEmpty ? $0.key : "\(path).\($0.key)") }
    case .scalar(let text, _):
      [(path, text)]
    case .list(let items):
      [(path, items.isEmpty ? "" : "[\(items.compactMap(\.text).joined(separator: ", "))]")]
    }
  }
}
