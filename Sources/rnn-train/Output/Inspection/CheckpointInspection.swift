import Configuration
import ConfigurationFiles
import Datasets
import Presentation
import Training

/// A checkpoint as `inspect` shows it.
struct CheckpointInspection: Encodable, CustomStringConvertible {
  private let format = "rnn-train checkpoint"
  private let bytes: Int
  private let step: Int
  private let epoch: Int
  /// Steps of the current epoch that are done.
  private let position: Int
  private let validationMeasures: [Double]
  private let tokenization: String
  private let vocabulary: Int
  /// Nil for words that are looked up as they are written.
  private let lowercase: Bool?
  private let tags: [String]?
  /// By column, of a tagger of several.
  private let tagColumns: [String: [String]]?
  private let parameterCount: Int
  private let parameters: [ParameterStatistics]
  private let optimizer: [String]
  private let origin: Origin?
  /// By the direction that each reads in, where its sentences' characters are read by language models.
  private let characterModels: [String: CharacterModelSummary]?
  private let config: String
  private let columns: [TagSet]
  /// For people: what validation came to after each epoch.
  private let validation: String

  private enum CodingKeys: CodingKey {
    case format, bytes, step, epoch, position, validationMeasures, tokenization, vocabulary, lowercase, tags,
      tagColumns, parameterCount, parameters, optimizer, origin, characterModels, config
  }

  init(_ checkpoint: Checkpoint, bytes: Int) throws {
    self.bytes = bytes
    step = checkpoint.state.step
    epoch = checkpoint.state.epoch
    position = checkpoint.state.minibatch
    validationMeasures = checkpoint.state.validationMeasures
    tokenization = checkpoint.tokenization.kind.rawValue
    vocabulary = checkpoint.vocabulary.count
    lowercase = checkpoint.vocabulary.isLowercase ? true : nil
    columns = checkpoint.tagging?.columns ?? []
    (tags, tagColumns) = columns.inspected
    parameters = try checkpoint.parameters.map(ParameterStatistics.init)
    parameterCount = checkpoint.parameters.reduce(0) { $0 + $1.elementCount }
    optimizer = checkpoint.moments.keys.sorted()
    origin = checkpoint.origin
    let models = checkpoint.characterModels.map { ($0.key.rawValue, CharacterModelSummary($0.value)) }
    characterModels = models.isEmpty ? nil : Dictionary(uniqueKeysWithValues: models)
    config = checkpoint.configuration.render()
    validation = checkpoint.configuration.task.text(ofCosts: checkpoint.state.validationMeasures)
  }

  var description: String {
    var facts = [
      ("format", format), ("size", Format.bytes(bytes)), ("step", Format.count(step)),
      ("epochs done", Format.count(epoch)), ("steps of the next one", Format.count(position)),
      ("validation by epoch", validation), ("tokens are", tokenization),
      ("vocabulary", Format.vocabulary(vocabulary, isLowercase: lowercase == true)),
      ("parameters", Format.count(parameterCount)),
      ("optimizer keeps", optimizer.isEmpty ? "nothing" : optimizer.joined(separator: ", ")),
    ]
    if let origin { facts.append(("began with", origin.summary)) }
    for (direction, model) in (characterModels ?? [:]).sorted(by: { $0.key > $1.key }) {
      facts.append(("words are read \(direction)", model.description))
    }
    facts += columns.facts
    let table = Table(
      ["parameter", "shape", "mean", "std", "min", "max"],
      parameters.map { parameter in
        let values = [parameter.mean, parameter.std, parameter.min, parameter.max]
        return [parameter.name, parameter.shape.map(String.init).joined(separator: " x ")]
          + values.map { Format.fixed($0, 4) }
      })
    return "\(Format.facts(facts))\n\n\(table)\n\n\(config.trimmed)"
  }
}

extension Origin {
  /// For people.
  var summary: String { "\(path), step \(Format.count(step)), SHA-256 \(sha256)" }
}

/// One of the language models that read a tagger's words.
private struct CharacterModelSummary: Encodable, CustomStringConvertible {
  private let step: Int
  private let vocabulary: Int
  private let parameterCount: Int

  init(_ checkpoint: Checkpoint) {
    step = checkpoint.state.step
    vocabulary = checkpoint.vocabulary.count
    parameterCount = checkpoint.parameters.reduce(0) { $0 + $1.elementCount }
  }

  var description: String {
    "by a model of \(Format.count(vocabulary, "character")), \(Format.count(parameterCount, "parameter")), step \(Format.count(step))"
  }
}

/// What a parameter's elements are like.
private struct ParameterStatistics: Encodable {
  let name: String
  let shape: [Int]
  @NumberOrNull var mean: Double
  @NumberOrNull var std: Double
  @NumberOrNull var min: Double
  @NumberOrNull var max: Double

  init(_ tensor: Checkpoint.Tensor) throws {
    name = tensor.name
    shape = tensor.shape
    let elements = try tensor.elements.lazy.map(Double.init)
    let count = Double(Swift.max(elements.count, 1))
    let mean = elements.reduce(0, +) / count
    self.mean = mean
    std = (elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    min = elements.min() ?? .nan
    max = elements.max() ?? .nan
  }
}

extension Task {
  /// What validation came to after each epoch, by what a checkpoint holds of it.
  func text(ofCosts costs: [Double]) -> String {
    costs.isEmpty ? "none yet" : costs.map { measure.text(measure.value(ofCost: $0)) }.joined(separator: " ")
  }
}

extension String {
  /// Without the newline at its end.
  fileprivate var trimmed: Substring { hasSuffix("\n") ? dropLast() : self[...] }
}
