import ArgumentParser
import Inference

/// How tokens are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Below 1 for likelier text, above 1 for bolder; 0 takes the likeliest. (default: 1.0)", valueName: "x"))
  var temperature: Double?

  @Option(parsing: .unconditional, help: ArgumentHelp("Choose from the k likeliest tokens only.", valueName: "k"))
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Choose from the likeliest tokens that have this probability together.", valueName: "p"))
  var topP: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Decides every choice: another seed, another text. (default: 1)", valueName: "s"))
  var seed: UInt64?

  func validate() throws {
    if let temperature, !(temperature >= 0 && temperature.isFinite) {
      throw ValidationError("--temperature \(temperature): expected 0 or more")
    }
    if let topK, topK < 1 { throw ValidationError("--top-k \(topK): expected 1 or more") }
    if let topP, !(topP > 0 && topP <= 1) { throw ValidationError("--top-p \(topP): expected above 0, up to 1") }
  }

  var isGiven: Bool { temperature != nil || topK != nil || topP != nil || seed != nil }

  var sampling: Sampling {
    var sampling = Sampling()
    if let temperature { sampling.temperature = temperature }
    sampling.topK = topK
    sampling.topP = topP
    if let seed { sampling.seed = seed }
    return sampling
  }
}
