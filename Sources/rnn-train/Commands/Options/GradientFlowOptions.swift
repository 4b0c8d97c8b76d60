import ArgumentParser
import Configuration
import Datasets
import Training

/// How gradients' flow is looked at by `inspect`.
struct GradientFlowOptions: ParsableArguments {
  @Flag(
    name: .customLong("gradient-flow"),
    help: "Show how far gradients reach through time, for a run or checkpoint.")
  var isWanted = false

  @Option(help: "With --gradient-flow: the split to read. (default: validation, else train)")
  var split: Split?

  @Option(
    help: ArgumentHelp(
      "With --gradient-flow: timesteps of a window, or most words of a sentence. (default: 64)", valueName: "n"))
  var timesteps: Int?

  @Option(help: ArgumentHelp("With --gradient-flow: sequences side by side. (default: 16)", valueName: "n"))
  var sequences: Int?

  @Option(help: ArgumentHelp("With --gradient-flow: windows one after the other. (default: 4)", valueName: "n"))
  var windows: Int?

  @Option(
    name: .customLong("with"),
    help: ArgumentHelp(
      "With --gradient-flow: another run or checkpoint to compare with, an LSTM beside an Elman network; once or more.",
      valueName: "path"),
    completion: .file())
  var others: [String] = []

  @Option(
    help: ArgumentHelp(
      "With --gradient-flow: an SVG file for the curve by lag; a heat map for each state and weight goes beside it.",
      valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var output: String?

  func validate() throws {
    let numbers = [("--timesteps", timesteps, 2), ("--sequences", sequences, 1), ("--windows", windows, 1)]
    for (name, number, least) in numbers {
      guard let number, !(least...1024).contains(number) else { continue }
      throw ValidationError("\(name) \(number): expected a number from \(least) to 1024")
    }
    let isGiven = split != nil || output != nil || !others.isEmpty || numbers.contains { $0.1 != nil }
    if let output, !output.hasSuffix(GradientFlowPictures.suffix) {
      throw ValidationError("--output \(output): expected a name that ends in .svg")
    }
    if isGiven && !isWanted {
      throw ValidationError(
        "--split, --timesteps, --sequences, --windows, --with and --output are for --gradient-flow")
    }
  }

  var extent: ExampleExtent {
    var extent = ExampleExtent()
    extent.timesteps = timesteps ?? extent.timesteps
    extent.sequences = sequences ?? extent.sequences
    extent.windows = windows ?? extent.windows
    return extent
  }
}
