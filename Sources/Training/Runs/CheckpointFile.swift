import Configuration
import ConfigurationFiles
import DatasetFiles
import Datasets
import Diagnostics
import Files
import HDF5
import Models

/// Checkpoints as sealed HDF5 files.
package enum CheckpointFile {
  // MARK: writing

  /// Writes a checkpoint so that it is there whole or not at all, and stays after a power cut.
  package static func write(_ checkpoint: Checkpoint, to path: String) throws {
    try image(of: checkpoint, for: path).save(to: path)
  }

  /// - Parameter path: what errors call the file that is to be.
  static func image(of checkpoint: Checkpoint, for path: String) throws -> HDF5Image {
    try HDF5Image.build(for: path) { try write(checkpoint, to: $0) }
  }

  private static func write(_ checkpoint: Checkpoint, to root: WritableGroup) throws {
    try root.setAttribute("format", Checkpoint.format)
    try root.setAttribute("format_version", Checkpoint.formatVersion)
    try root.setAttribute("created_by", Version.name)
    try root.writeText("config", checkpoint.configuration.render())
    let vocabulary = try root.group("vocabulary")
    try vocabulary.setAttribute("tokenization", checkpoint.tokenization.kind.rawValue)
    if let tokenizer = checkpoint.tokenization.subwords { try vocabulary.writeText("tokenizer", tokenizer.json) }
    try checkpoint.vocabulary.write(to: vocabulary)
    if let tagging = checkpoint.tagging {
      try TagSet.write(tagging.columns, to: vocabulary)
      try write(combinations: tagging.combinations, to: vocabulary)
      try vocabulary.writeStrings("characters", tagging.characters.tokens)
      try vocabulary.writeStrings("training_words", tagging.trainingWords.tokens)
    }
    try write(checkpoint.parameters, to: root.group("parameters"))
    let optimizer = try root.group("optimizer")
    for (name, tensors) in checkpoint.moments.sorted(by: { $0.key < $1.key }) {
      try write(tensors, to: optimizer.group(name))
    }
    let state = try root.group("state")
    for (hashes, suffix) in [(checkpoint.sources, sourceSuffix), (checkpoint.contents, contentSuffix)] {
      for (split, hash) in hashes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        try state.setAttribute(split.rawValue + suffix, hash)
      }
    }
    try write(checkpoint.state, to: state)
    if let origin = checkpoint.origin { try write(origin, to: root.group("origin")) }
    try write(checkpoint.carriedStates, to: state)
    guard !checkpoint.characterModels.isEmpty else { return }
    let models = try root.group(characterModels)
    for (direction, model) in checkpoint.characterModels.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      try write(model, to: models.group(direction.rawValue))
    }
  }

  /// The group of the models that read a tagger's words, with one for each direction.
  static let characterModels = "character_models"

  private static func write(_ tensors: [Checkpoint.Tensor], to group: WritableGroup) throws {
    for tensor in tensors { try group.write(tensor.name, shape: tensor.shape, rows: tensor.rows) }
  }

  private static func write(_ state: TrainingState, to group: WritableGroup) throws {
    for (name, path) in counters { try group.setAttribute(name, state[keyPath: path]) }
    for (name, path) in sums { try group.setAttribute(name, state[keyPath: path]) }
    try group.write("validation_measures", shape: [state.validationMeasures.count], state.validationMeasures)
  }

  private static func write(_ origin: Origin, to group: WritableGroup) throws {
    try group.setAttribute("checkpoint", origin.path)
    try group.setAttribute("step", origin.step)
    try group.setAttribute("sha256", origin.sha256)
  }

  // Attributes of `/state` behind a split's name.
  private static let (sourceSuffix, contentSuffix) = ("_sha256", "_content_sha256")

  // What of the state is an attribute of `/state`, for writing and reading alike.
  private static var counters: [(String, WritableKeyPath<TrainingState, Int>)] {
    [
      ("step", \.step), ("epoch", \.epoch), ("position", \.minibatch), ("epoch_targets", \.epochLoss.targets),
      ("recent_targets", \.recentLoss.targets), ("rollbacks", \.rollbacks),
      ("rollback_step", \.rollbackSteps.last), ("earlier_rollback_step", \.rollbackSteps.earlier),
    ]
  }
  private static var sums: [(String, WritableKeyPath<TrainingState, Double>)] {
    [("epoch_nats", \.epochLoss.nats), ("recent_nats", \.recentLoss.nats)]
  }

  // MARK: reading

  /// What is taken into memory: all that going on with a run needs, or what using its model does.
  package enum Extent { case all, model }

  /// Reads a checkpoint whose seal is whole, and checks that its parts fit each other. Only with `.all` there are moments.
  /// Tensors stay in the file, and are read from there by whoever takes them over.
  package static func read(_ path: String, _ extent: Extent = .all) throws -> Checkpoint {
    try read(InputFile(path), extent)
  }

  /// Reads a checkpoint whose descriptor is at hand.
  ///
  /// - Parameter acceptsLostSeal: whether somebody vouches for a file that another program has taken the seal off.
  /// - Throws: `TrainingError.sealLost` for one that nobody does for, and what else is wrong with it.
  package static func read(
    _ file: InputFile, _ extent: Extent = .all, acceptsLostSeal: Bool = false
  ) throws -> Checkpoint {
    try open(file, acceptsLostSeal: acceptsLostSeal) { root in try checkpoint(in: root, extent, path: file.path) }
  }

  /// Where the run stands, without all that is large.
  static func state(of file: InputFile, acceptsLostSeal: Bool = false) throws -> TrainingState {
    try open(file, acceptsLostSeal: acceptsLostSeal) { root in
      try checkFormat(root, path: file.path)
      return try trainingState(of: root.group("state"), path: file.path)
    }
  }

  private static func open<R>(
    _ file: InputFile, acceptsLostSeal: Bool, _ body: (ReadableGroup) throws -> R
  ) throws -> R {
    do {
      return try HDF5File.open(file, seal: acceptsLostSeal ? .waived : .required, body)
    } catch let error as HDF5Error {
      guard !acceptsLostSeal, try HDF5File.seal(of: file) == .lost else { throw error }
      throw TrainingError.sealLost(file: file.path)
    }
  }

  /// - Parameter isWithin: whether it is kept within another one. Such a one has none within itself, even where the groups of a
  ///   stranger's file hold each other.
  private static func checkpoint(
    in root: ReadableGroup, _ extent: Extent, path: String, isWithin: Bool = false
  ) throws -> Checkpoint {
    try checkFormat(root, path: path)
    let vocabulary = try root.group("vocabulary")
    func entries(_ name: String) throws -> [String] {
      let entries = try vocabulary.readStrings(name)
      if let repeated = Vocabulary.repeatedToken(in: entries) {
        throw TrainingError.notCheckpoint(file: path, found: "its \(name) have \(repeated) twice")
      }
      return entries
    }
    let words = try Vocabulary(in: vocabulary, file: path, entries: entries)
    var tagging: TaggingVocabulary?
    if try vocabulary.contains("tags") {
      tagging = TaggingVocabulary(
        columns: try TagSet.all(of: vocabulary, file: path, entries: entries),
        characters: Vocabulary(tokens: try entries("characters")),
        trainingWords: TokenTable(try entries("training_words")))
      tagging?.combinations = try combinations(in: vocabulary)
    }
    let tokenization = try tokenization(in: vocabulary, path: path)
    let optimizer = try root.group("optimizer")
    var moments: [String: [Checkpoint.Tensor]] = [:]
    for child in try optimizer.children where extent == .all {
      moments[child.name] = try tensors(of: optimizer.group(child.name), path: path)
    }
    let state = try root.group("state")
    func hashes(_ suffix: String) throws -> [Split: String] {
      var hashes: [Split: String] = [:]
      for split in Split.allCases where try state.hasAttribute(split.rawValue + suffix) {
        hashes[split] = try state.stringAttribute(split.rawValue + suffix)
      }
      return hashes
    }
    let checkpoint = Checkpoint(
      configuration: try RunConfiguration.parse(
        text: root.readText("config"), name: "\(path):/config", directory: "/", checkFiles: false),
      vocabulary: words, tokenization: tokenization, tagging: tagging,
      sources: try hashes(sourceSuffix), contents: try hashes(contentSuffix),
      state: try trainingState(of: state, path: path), origin: try origin(in: root),
      parameters: try tensors(of: root.group("parameters"), path: path), moments: moments,
      carriedStates: try tensors(of: state, except: "validation_measures", path: path),
      characterModels: isWithin ? [:] : try characterModels(in: root, path: path))
    try check(checkpoint, path: path)
    return checkpoint
  }

  private static func characterModels(in root: ReadableGroup, path: String) throws -> [ReadingDirection: Checkpoint] {
    guard try root.contains(characterModels) else { return [:] }
    let group = try root.group(characterModels)
    var models: [ReadingDirection: Checkpoint] = [:]
    for direction in ReadingDirection.allCases where try group.contains(direction.rawValue) {
      let place = "\(path):/\(characterModels)/\(direction.rawValue)"
      let model = try checkpoint(in: group.group(direction.rawValue), .model, path: place, isWithin: true)
      guard model.tagging == nil else { throw TrainingError.notCheckpoint(file: place, found: "a tagger") }
      models[direction] = model
    }
    return models
  }

  /// Anyone can seal a file: what a checkpoint says of itself has to fit together before memory is taken by it.
  private static func check(_ checkpoint: Checkpoint, path: String) throws(TrainingError) {
    guard checkpoint.vocabulary.count > 0 else { throw .notCheckpoint(file: path, found: "its vocabulary is empty") }
    try check(checkpoint.tagging, of: checkpoint, path: path)
    if checkpoint.configuration.model.trainsCharacterModels {
      for (_, _, direction) in checkpoint.configuration.model.characterModel?.models ?? []
      where checkpoint.characterModels[direction] == nil {
        throw .notCheckpoint(file: path, found: "no character model that reads \(direction.rawValue)")
      }
    }
    let layout = ParameterLayout(try checkpoint.shape)
    let expected = Dictionary(uniqueKeysWithValues: layout.parameters.map { ($0.name, $0.shape) })
    for tensors in [checkpoint.parameters] + checkpoint.moments.values {
      let found = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.shape) })
      for (name, shape) in expected.sorted(by: { $0.key < $1.key }) where found[name] != shape {
        throw .otherModel(
          file: path, expected: "\(name) \(shape), as its configuration says",
          found: found[name].map { "\($0)" } ?? "none")
      }
    }
  }

  /// Tags are there for a tagger alone, and it finds an id for every word and every character.
  private static func check(
    _ tagging: TaggingVocabulary?, of checkpoint: Checkpoint, path: String
  ) throws(TrainingError) {
    guard (tagging != nil) == checkpoint.configuration.task.learnsTags else {
      throw .notCheckpoint(file: path, found: "its vocabulary is for another task than its configuration")
    }
    if let flaw = tagging?.flaw(beside: checkpoint.vocabulary) { throw .notCheckpoint(file: path, found: flaw) }
  }

  private static func checkFormat(_ root: ReadableGroup, path: String) throws {
    let format = try root.hasAttribute("format") ? root.stringAttribute("format") : "that of another program"
    guard format == Checkpoint.format else {
      throw TrainingError.notCheckpoint(file: path, found: "its format is \(format)")
    }
    let version = try root.intAttribute("format_version")
    guard version == Checkpoint.formatVersion else {
      throw TrainingError.notCheckpoint(
        file: path,
        found: "its format is version \(version), and this program reads version \(Checkpoint.formatVersion)")
    }
  }

  private static func tensors(
    of group: ReadableGroup, except: String? = nil, path: String
  ) throws -> [Checkpoint.Tensor] {
    let children = try group.children.filter { $0.name != except }
    // Of another's making they may be two names in bytes.
    if let repeated = Vocabulary.repeatedToken(in: children.map(\.name)) {
      throw TrainingError.notCheckpoint(file: path, found: "two arrays named \(repeated)")
    }
    return try children.map { child in
      let (name, shape) = (child.name, try group.shape(of: child.name))
      guard let stored = try group.storedNumbers(name, as: Float.self) else {
        return Checkpoint.Tensor(name: name, shape: shape, elements: try group.read(name))
      }
      let rowSize = shape.dropFirst().reduce(1, *)
      return Checkpoint.Tensor(name: name, shape: shape) { rows throws(FileError) in
        try stored.floats(in: rows.lowerBound * rowSize..<rows.upperBound * rowSize)
      }
    }
  }

  // Which tags words have together, int32 [combinations, columns].
  private static let combinationsName = "tag_combinations"

  private static func write(combinations: [[Int32]], to vocabulary: WritableGroup) throws {
    guard let columns = combinations.first?.count else { return }
    try vocabulary.write(combinationsName, shape: [combinations.count, columns], combinations.flatMap(\.self))
  }

  /// None of a tagger of one column, or of a program that had none.
  private static func combinations(in vocabulary: ReadableGroup) throws -> [[Int32]] {
    guard try vocabulary.contains(combinationsName) else { return [] }
    let columns = max(1, try vocabulary.shape(of: combinationsName).last ?? 1)
    let ids: [Int32] = try vocabulary.read(combinationsName)
    return stride(from: 0, to: ids.count, by: columns).map { Array(ids[$0..<min($0 + columns, ids.count)]) }
  }

  private static func tokenization(in vocabulary: ReadableGroup, path: String) throws -> Tokenization {
    guard let kind = TokenKind(rawValue: try vocabulary.stringAttribute("tokenization")) else {
      throw TrainingError.notCheckpoint(file: path, found: "an unknown tokenization")
    }
    if let tokenization = Tokenization(kind) { return tokenization }
    do {
      return .bpe(try BytePairTokenizer(json: vocabulary.readText("tokenizer")))
    } catch let problem as TokenizerProblem {
      throw TrainingError.notCheckpoint(file: path, found: "/vocabulary/tokenizer, \(problem)")
    }
  }

  private static func origin(in root: ReadableGroup) throws -> Origin? {
    guard try root.contains("origin") else { return nil }
    let group = try root.group("origin")
    return Origin(
      path: try group.stringAttribute("checkpoint"), step: try group.intAttribute("step"),
      sha256: try group.stringAttribute("sha256"))
  }

  private static func trainingState(of group: ReadableGroup, path: String) throws -> TrainingState {
    var state = TrainingState()
    for (name, path) in counters { state[keyPath: path] = try group.intAttribute(name) }
    for (name, path) in sums { state[keyPath: path] = try group.doubleAttribute(name) }
    state.validationMeasures = try group.read("validation_measures")
    let isPlausible =
      counters.allSatisfy { (0...1 << 48).contains(state[keyPath: $0.1]) } && state.minibatch <= state.step
      && state.validationMeasures.count <= state.epoch && state.validationMeasures.allSatisfy(\.isFinite)
    guard isPlausible else { throw TrainingError.notCheckpoint(file: path, found: "its counters make no sense") }
    return state
  }
}
