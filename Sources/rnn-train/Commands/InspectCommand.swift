import ArgumentParser
import Compute
import Configuration
import DatasetFiles
import Datasets
import Files
import HDF5
import Presentation
import Training

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a dataset, a checkpoint or a run directory holds.",
    discussion: """
      Examples:

        rnn-train inspect runs/lm
        rnn-train inspect runs/lm/checkpoints/best.h5
        rnn-train inspect english.h5 --json
        rnn-train inspect --gradient-flow runs/lm --timesteps 128
        rnn-train inspect --gradient-flow runs/lm --output flow.svg
        rnn-train inspect --gradient-flow runs/lm --with runs/lstm

      --gradient-flow measures what the loss at a timestep t owes to the state
      at a timestep k, and what the pair (t, k) adds to the gradients of the
      weights: how gradients vanish or grow on their way back through time, and
      so how long training.bptt has to be. The sum over all pairs stands beside
      the gradient that training takes.
      """)

  @Argument(
    help: ArgumentHelp("A dataset, a checkpoint or a run directory.", valueName: "path"), completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("The same as the path by position.", valueName: "path"), completion: .file())
  var checkpoint: String?

  @OptionGroup
  var gradientFlow: GradientFlowOptions

  @OptionGroup
  var seal: SealOption

  @OptionGroup
  var threads: ThreadOptions

  @OptionGroup
  var options: ConsoleOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let path = try CheckpointOption.one(of: checkpoint, path, "a dataset, a checkpoint or the directory of a run")
    let report = gradientFlow.isWanted ? try flow(of: path) : try self.report(on: path)
    if json { return try Results.print(JSON.text(report)) }
    try Results.printFolded(report.description)
  }

  private func flow(of path: String) throws -> any Encodable & CustomStringConvertible {
    let (workers, kernels) = (try threads.workers(), try Kernels.chosen())
    let runs = try ([path] + gradientFlow.others).map { try measuredFlow(of: $0, workers: workers, kernels: kernels) }
    if let output = gradientFlow.output {
      for path in try GradientFlowPictures(runs).write(to: output) { options.console.say("wrote \(path)") }
    }
    return GradientFlowInspection(runs[0], with: Array(runs.dropFirst()))
  }

  private func measuredFlow(of path: String, workers: Workers, kernels: Kernels) throws -> MeasuredFlow {
    let (checkpoint, file) = try seal.read(path)
    let chosen = gradientFlow.split.map { [$0] } ?? [.validation, .train]
    let (split, tokens, dataset) = try checkpoint.split(
      chosen, file: file, remedy: "choose another by --split", options.console)
    let model = try checkpoint.model(file: file, kernels: kernels)
    let minibatches = try checkpoint.configuration.task.examples(
      of: tokens, forms: dataset.forms, for: model, gradientFlow.extent)
    return MeasuredFlow(
      name: path, checkpoint: file, split: split,
      flow: try GradientFlow.measure(model.parameters, minibatches, workers: workers), bptt: checkpoint.windowTimesteps)
  }

  private func report(on path: String) throws -> any Encodable & CustomStringConvertible {
    if Directory.isDirectory(path) { return try RunInspection(path) }
    let file = try FileProbe.open(path)
    let format = try HDF5File.open(file, seal: .waived) { root in
      try root.hasAttribute("format") ? root.stringAttribute("format") : ""
    }
    // A file of another kind gets the message of a reader that expected this one.
    if format == DatasetFile.format { return DatasetInspection(try DatasetSummary(of: file)) }
    return try CheckpointInspection(
      try CheckpointFile.read(file, acceptsLostSeal: seal.acceptLostSeal), bytes: file.byteCount)
  }
}
