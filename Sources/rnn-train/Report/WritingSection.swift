import Compute
import Training

/// What a language model writes: the same text each time for the same checkpoint.
struct WritingSection {
  struct Sample {
    let temperature: String
    let text: String
  }

  let introduction: String
  let texts: [Sample]

  private static let temperatures = [0.5, 0.8, 1.0]

  init(_ checkpoint: Checkpoint, file: String, kernels: Kernels) throws {
    let length = checkpoint.tokenization == .character ? 400 : 80
    let tokens = checkpoint.tokenization == .character ? "characters" : "words"
    introduction =
      "\(length) \(tokens), drawn from the checkpoint of step \(Format.count(checkpoint.state.step)) with seed 1. A lower "
      + "temperature prefers what is likelier."
    let generator = try TextGenerator(checkpoint, file: file, kernels: kernels)
    texts = try Self.temperatures.map { temperature in
      var sampling = Sampling()
      sampling.temperature = temperature
      var text = ""
      try generator.generate(prompt: "", length: length, sampling: sampling) { text += $0 }
      if !text.hasSuffix("\n") { text += " …" }
      return Sample(temperature: "\(temperature)", text: text)
    }
  }
}
