import Datasets
import Training

/// A language model's evaluation, with the names of its JSON object.
struct LanguageModelReport: Encodable, CustomStringConvertible {
  private let split: String
  private let targets: Int
  @NumberOrNull private var natsPerTarget: Double
  @NumberOrNull private var perplexity: Double
  @NumberOrNull private var bitsPerCharacter: Double
  private let unknownTargets: Int
  private let streams: Int

  init(_ evaluation: LanguageEvaluation, of tokens: TokenSequence, split: String) {
    self.split = split
    targets = evaluation.targets
    natsPerTarget = evaluation.natsPerTarget
    perplexity = evaluation.perplexity
    // A split's first tokens are no targets, nor are those that are too few for a timestep of all streams.
    let share = Double(evaluation.targets) / Double(max(tokens.tokens.count, 1))
    bitsPerCharacter = evaluation.bitsPerCharacter(characters: Int((share * Double(tokens.characters)).rounded()))
    unknownTargets = evaluation.unknownTargets
    streams = evaluation.streams
  }

  var description: String {
    Format.facts([
      ("split", split), ("targets", Format.count(targets)), ("nats per target", Format.loss(natsPerTarget)),
      ("perplexity", Format.perplexity(perplexity)), ("bits per character", Format.loss(bitsPerCharacter)),
      ("unknown targets", "\(Format.count(unknownTargets)) (\(Format.percent(unknownTargets, of: targets)))"),
      ("streams", Format.count(streams)),
    ])
  }
}
