import Compute
import Configuration
import Datasets
import Files
import HDF5
import Inference
import Models
import Optimizers

/// All that a run is, at a step's end: enough to go on with it, to evaluate its model, or to use it elsewhere.
///
/// In a file: `/parameters/…` under PyTorch's names and in its shapes, `/optimizer/MOMENT/…` likewise, `/state`, `/config`
/// (the resolved text), `/vocabulary/tokens` (of subwords also `tokenizer`), `/origin` of a run that began with another's
/// parameters, and `/character_models/DIRECTION`, a checkpoint within this one, of each model that reads a tagger's words.
///
/// Where a run averages its parameters, their means are the parameters that everybody uses; those that steps go on from are
/// kept beside the moments.
package struct Checkpoint: Sendable, Equatable {
  /// A parameter's, or an optimizer moment's, elements in PyTorch's order.
  package struct Tensor: Sendable, Equatable {
    package let name: String
    package let shape: [Int]
    /// The elements of some rows: the first dimension's.
    package let rows: @Sendable (Range<Int>) throws(FileError) -> [Float]

    /// - Parameter rows: asked for anew each time, so that those of a model or a file needn't be in memory twice.
    package init(
      name: String, shape: [Int], rows: @escaping @Sendable (Range<Int>) throws(FileError) -> [Float]
    ) {
      self.name = name
      self.shape = shape
      self.rows = rows
    }

    /// One with elements of its own.
    package init(name: String, shape: [Int], elements: [Float]) {
      let rowSize = shape.dropFirst().reduce(1, *)
      self.init(name: name, shape: shape) { rows throws(FileError) in
        Array(elements[rows.lowerBound * rowSize..<rows.upperBound * rowSize])
      }
    }

    package var elements: [Float] { get throws(FileError) { try rows(0..<rowCount) } }

    package var elementCount: Int { shape.reduce(1, *) }

    /// A scalar, which a file of somebody else's may hold, has one row.
    private var rowCount: Int { shape.first ?? 1 }

    /// Ranges of rows that cover them all, each of about a mebibyte.
    var parts: [Range<Int>] {
      let step = max(1, (1 << 18) / max(1, shape.dropFirst().reduce(1, *)))
      return stride(from: 0, to: rowCount, by: step).map { $0..<min($0 + step, rowCount) }
    }

    /// Makes the first rows of a parameter these; it must have as many, of this width.
    func put(as parameter: Parameter, of layout: ParameterLayout, into arena: Arena) throws(FileError) {
      for part in parts { layout.setElements(of: parameter, outputs: part, in: arena, to: try rows(part)) }
    }

    /// With elements of its own.
    fileprivate func copy() throws(FileError) -> Tensor { Tensor(name: name, shape: shape, elements: try elements) }

    /// What can't be read any more is equal to nothing.
    package static func == (a: Tensor, b: Tensor) -> Bool {
      guard a.name == b.name, a.shape == b.shape else { return false }
      do {
        return try a.elements == b.elements
      } catch {
        return false
      }
    }
  }

  package let configuration: RunConfiguration
  package let vocabulary: Vocabulary
  package let tokenization: Tokenization
  /// What a tagger knows beside the vocabulary; nil for other models.
  package var tagging: TaggingVocabulary?
  /// Hash of each split's source: a run goes on with the same text or not at all.
  package let sources: [Split: String]
  /// Hash of what the run reads of each split, see `TokenSequence.contentHash`. Empty in checkpoints of older versions.
  package let contents: [Split: String]
  package let state: TrainingState
  /// What the run's first parameters are from; nil: they were drawn.
  package let origin: Origin?
  package let parameters: [Tensor]
  /// By moment, in the order of the parameters; under `unaveraged` the parameters that steps go on from, where others are
  /// their means.
  package let moments: [String: [Tensor]]
  /// What the next window begins with: `h_l0` [B, units] and so on.
  package let carriedStates: [Tensor]
  /// The language models that read a tagger's words, by the direction that each reads in. Empty in checkpoints of older versions,
  /// too.
  package let characterModels: [ReadingDirection: Checkpoint]

  /// Of all its numbers.
  var byteCount: Int {
    (parameters + moments.values.joined() + carriedStates).reduce(0) {
      $0 + $1.shape.reduce(1, *) * MemoryLayout<Float>.stride
    } + characterModels.values.reduce(0) { $0 + $1.byteCount }
  }

  static let format = "rnn-train checkpoint"
  static let formatVersion = 1
  /// Where parameters are that the next step begins with, if the model is made of their means.
  package static let unaveraged = "unaveraged"

  package init(
    configuration: RunConfiguration, vocabulary: Vocabulary, tokenization: Tokenization,
    tagging: TaggingVocabulary?, sources: [Split: String], contents: [Split: String] = [:], state: TrainingState,
    origin: Origin? = nil, parameters: [Tensor], moments: [String: [Tensor]], carriedStates: [Tensor],
    characterModels: [ReadingDirection: Checkpoint] = [:]
  ) {
    self.configuration = configuration
    self.vocabulary = vocabulary
    self.tokenization = tokenization
    self.tagging = tagging
    self.sources = sources
    self.contents = contents
    self.state = state
    self.origin = origin
    self.parameters = parameters
    self.moments = moments
    self.carriedStates = carriedStates
    self.characterModels = characterModels
  }

  /// A model as it stands between two steps. Its tensors are the model's own, and good until the next step; see `copy()`.
  ///
  /// - Parameters:
  ///   - reading: what makes those moments readable that other processes have; nil: there are none.
  ///   - averages: the means of the model's parameters; nil before there are some.
  ///   - contents: `dataset.contentHashes()`, which take long enough to be made once for all of a run's checkpoints.
  package init(
    of model: ShardedModel, optimizer: OptimizerStep, reading: MomentReading? = nil,
    averages: AveragedParameters? = nil, state: TrainingState, origin: Origin? = nil, configuration: RunConfiguration,
    dataset: SequenceDataset, contents: [Split: String] = [:], characterModels: TrainedCharacterModels? = nil
  ) {
    func tensors(_ arena: Arena, prepare: @escaping @Sendable (Parameter) -> Void = { _ in }) -> [Tensor] {
      Self.tensors(arena, model.parameters.layout, prepare: prepare)
    }
    let values = tensors(model.parameters.values)
    let named = optimizer.moments.enumerated().map { index, moment in
      (moment.name, tensors(moment.arena) { reading?.prepare(moment: index, of: $0) })
    }
    var moments = Dictionary(uniqueKeysWithValues: named)
    if averages != nil { moments[Self.unaveraged] = values }
    self.init(
      configuration: configuration, vocabulary: dataset.vocabulary, tokenization: dataset.tokenization,
      tagging: configuration.task.tagging(of: dataset),
      sources: dataset.splits.mapValues(\.sourceSHA256), contents: contents, state: state,
      origin: origin, parameters: averages.map { tensors($0.mean.values) } ?? values, moments: moments,
      carriedStates: model.carriedStates.map { name, matrix in
        // A view, which may outlive what it is of.
        Tensor(name: name, shape: [matrix.rows, matrix.columns], elements: matrix.rowMajor())
      }, characterModels: characterModels?.checkpoints ?? [:])
  }

  /// All parameters, or a moment of all, as they are whenever somebody asks.
  ///
  /// - Parameter prepare: called before a parameter's elements are read.
  private static func tensors(
    _ arena: Arena, _ layout: ParameterLayout, prepare: @escaping @Sendable (Parameter) -> Void = { _ in }
  ) -> [Tensor] {
    layout.parameters.map { parameter in
      Tensor(name: parameter.name, shape: parameter.shape) {
        prepare(parameter)
        return layout.elements(of: parameter, outputs: $0, in: arena)
      }
    }
  }

  /// The same without what only going on with its run takes, and with the tensors of a model that was made of it.
  func alone(of model: TrainedModel) -> Checkpoint {
    Checkpoint(
      configuration: configuration, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging,
      sources: sources, contents: contents, state: state, origin: origin,
      parameters: Self.tensors(model.parameters.values, model.parameters.layout), moments: [:], carriedStates: [])
  }

  /// Whether another one's parameters are the same, in any order.
  func hasParameters(of other: Checkpoint) -> Bool {
    parameters.sorted { $0.name < $1.name } == other.parameters.sorted { $0.name < $1.name }
  }

  /// The same with tensors of its own.
  func copy() throws(FileError) -> Checkpoint {
    func copies(_ tensors: [Tensor]) throws(FileError) -> [Tensor] {
      try tensors.map { tensor throws(FileError) in try tensor.copy() }
    }
    var moments: [String: [Tensor]] = [:]
    for (name, tensors) in self.moments { moments[name] = try copies(tensors) }
    return Checkpoint(
      configuration: configuration, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging,
      sources: sources, contents: contents, state: state, origin: origin, parameters: try copies(parameters),
      moments: moments, carriedStates: try copies(carriedStates), characterModels: characterModels)
  }

  /// The sizes that the configuration and the vocabulary give the model.
  package var shape: ModelShape {
    get throws(TrainingError) {
      var shape = try ModelShape(configuration, vocabulary: vocabulary, tagging: tagging, characterModels: nil)
      if configuration.model.trainsCharacterModels {
        for (_, _, direction) in configuration.model.characterModel?.models ?? [] {
          guard let network = try characterModels[direction]?.shape else { continue }
          shape.readers.append(ModelShape.Reader(reading: direction, network))
        }
      } else if configuration.model.characterModel != nil {
        // What the character models' states are wide isn't in the configuration: the first layer's weights say it.
        let layout = ParameterLayout(shape)
        let weight = layout[layout.layers[0][0].inputWeight]
        let inputs = parameters.first { $0.name == weight.name }?.shape.last ?? 0
        shape.features = max(0, inputs - weight.shape[1])
      }
      return shape
    }
  }

  /// What datasets of the run keep the ids of; nil for a run whose vocabulary is that of its own text.
  package var known: KnownVocabulary? {
    let isOwn = origin == nil && configuration.countsVocabulary
    return isOwn ? nil : KnownVocabulary(words: vocabulary, tokenization: tokenization, tagging: tagging)
  }

  /// Makes sure that a split is what it was when the run began.
  ///
  /// - Parameter file: what errors call the checkpoint.
  package func checkSource(of split: Split, in dataset: SequenceDataset, file: String) throws {
    let tagsAreSame = tagging.map { dataset.tagging?.hasIds(of: $0) ?? false } ?? true
    guard vocabulary == dataset.vocabulary, tagsAreSame else {
      throw TrainingError.otherVocabulary(file: file)
    }
    let tokens = dataset.splits[split]
    let isSame =
      if let content = contents[split] {
        try content == tokens?.contentHash(forms: dataset.forms)
      } else {
        // A split that the run doesn't have, or all that older versions kept of it.
        sources[split] == tokens?.sourceSHA256
      }
    guard isSame else { throw TrainingError.otherText(file: file, split: split.rawValue) }
  }

  /// Makes sure that a run can go on from here.
  ///
  /// - Parameters:
  ///   - steps: those of an epoch.
  ///   - file: what errors call the checkpoint.
  func check(
    against dataset: SequenceDataset, steps: Int, _ configuration: RunConfiguration, file: String
  ) throws {
    for split in Split.allCases { try checkSource(of: split, in: dataset, file: file) }
    guard state.minibatch <= steps else {
      throw TrainingError.notCheckpoint(file: file, found: "its position is past the epoch's end")
    }
    guard state.epoch <= configuration.training.epochs else {
      throw TrainingError.epochsDone(state.epoch, asked: configuration.training.epochs)
    }
  }

  // MARK: into a model

  /// The model, to be used, with the character models that read its words.
  ///
  /// - Parameter file: what errors call the checkpoint.
  package func model(file: String, kernels: Kernels) throws -> TrainedModel {
    let parameters = Parameters(try shape, kernels: kernels)
    try restore(parameters, file: file)
    let characterModels = try TrainedCharacterModels(in: self, file: file, kernels: kernels)?.models
    let expected = parameters.shape.features + parameters.shape.readers.reduce(0) { $0 + $1.width }
    guard characterModels?.width ?? 0 == expected else {
      throw TrainingError.otherModel(
        file: file, expected: "character models of \(expected) numbers for each word",
        found: "\(characterModels?.width ?? 0)")
    }
    return TrainedModel(
      parameters, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging,
      direction: configuration.direction, characterModels: characterModels)
  }

  /// Puts the parameters into a model of the checkpoint's own shape.
  ///
  /// - Parameter file: what errors call the checkpoint.
  package func restore(_ parameters: Parameters, file: String) throws {
    try put(self.parameters, of: parameters.layout, into: parameters.values, file: file)
    parameters.renewTransposedCopies()
  }

  /// Puts all back that training needs: parameters, their means, moments and carried states.
  ///
  /// - Parameter averages: nil where none have begun.
  package func restore(
    _ model: ShardedModel, optimizer: OptimizerStep, averages: AveragedParameters?, file: String
  ) throws {
    let layout = model.parameters.layout
    try put(parameters, of: layout, into: (averages?.mean ?? model.parameters).values, file: file)
    func tensors(_ name: String) throws(TrainingError) -> [Tensor] {
      guard let tensors = moments[name] else {
        throw .otherModel(file: file, expected: "/optimizer/\(name)", found: "none")
      }
      return tensors
    }
    for moment in optimizer.moments {
      try put(tensors(moment.name), of: layout, into: moment.arena, file: file, only: optimizer.keeps) {
        optimizer.keepOwn(moment, of: $0)
      }
    }
    if averages != nil {
      try put(tensors(Self.unaveraged), of: layout, into: model.parameters.values, file: file)
    }
    model.parameters.renewTransposedCopies()
    for (name, matrix) in model.carriedStates {
      guard let tensor = carriedStates.first(where: { $0.name == name }),
        tensor.shape == [matrix.rows, matrix.columns]
      else {
        throw TrainingError.otherModel(
          file: file, expected: "/state/\(name) of \(matrix.rows) x \(matrix.columns)", found: "another")
      }
      matrix.setRowMajor(try tensor.elements)
    }
  }

  /// - Parameters:
  ///   - isWanted: whether a parameter is; the others' tensors are looked at, and not read.
  ///   - after: is told of each that has been put.
  private func put(
    _ tensors: [Tensor], of layout: ParameterLayout, into arena: Arena, file: String,
    only isWanted: (Parameter) -> Bool = { _ in true }, then after: (Parameter) -> Void = { _ in }
  ) throws {
    for parameter in layout.parameters {
      guard let tensor = tensors.first(where: { $0.name == parameter.name }) else {
        throw TrainingError.otherModel(file: file, expected: "\(parameter.name) \(parameter.shape)", found: "none")
      }
      guard tensor.shape == parameter.shape else {
        throw TrainingError.otherModel(
          file: file, expected: "\(parameter.name) \(parameter.shape)", found: "\(tensor.shape)")
      }
      guard isWanted(parameter) else { continue }
      try tensor.put(as: parameter, of: layout, into: arena)
      after(parameter)
    }
  }
}
