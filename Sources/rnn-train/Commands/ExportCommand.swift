import ArgumentParser
import Compute
import Configuration
import ConfigurationFiles
import Exports
import Files
import Keys
import Training

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model for other programs.",
    discussion: """
      Examples:

        rnn-train export --checkpoint runs/lm --format onnx
        rnn-train export runs/tagger --format safetensors
        rnn-train export runs/lm/checkpoints/last.h5 --format pytorch --output lm.pt

      onnx runs in onnxruntime, safetensors is read by Hugging Face's library,
      pytorch by torch.load. A file has the model with all that using it takes:
      weights, vocabulary, tags and configuration. In a run's directory it is
      model.onnx, model.safetensors or model.pt; beside a checkpoint it has the
      checkpoint's name.
      """)

  @OptionGroup
  var checkpoint: CheckpointOption

  @OptionGroup
  var position: RunArgument

  @Option(help: ArgumentHelp("What the file is to be.", valueName: "format"))
  var format: ExportFormat

  @Option(
    help: ArgumentHelp(
      "Where to write it. (default: in the run's directory, or beside the checkpoint)", valueName: "file"),
    completion: .file())
  var output: String?

  func run() throws {
    let kernels = try Kernels.chosen()
    let path = try checkpoint.path(position.path)
    let file = try checkpoint.seal.choose(path)
    let checkpoint = try checkpoint.seal.read(file)
    let origin = ModelOrigin(
      task: checkpoint.configuration.task.name, configuration: checkpoint.configuration.render(),
      checkpointSHA256: try file.contentHash(of: 0..<file.byteCount))
    let model = try checkpoint.model(file: file.path, kernels: kernels)
    let output = output ?? Self.output(for: path, format.format)
    try format.format.write(ExportedModel(model, from: origin), to: output)
    try Results.print(output)
  }

  /// In a run's directory `model.onnx`, beside a checkpoint `best.onnx`.
  private static func output(for path: String, _ format: any ModelFormat) -> String {
    if Directory.isDirectory(path) { return Path.join(path, "model.\(format.fileEnding)") }
    let name = Path.name(of: path)
    let stem = name.hasSuffix(".h5") ? String(name.dropLast(3)) : name
    return Path.join(Path.directory(of: path), "\(stem).\(format.fileEnding)")
  }
}

/// A format of exports by its name.
struct ExportFormat: NamedKind {
  let format: any ModelFormat

  static var all: [any ModelFormat] { ModelFormats.all }
  static func name(of format: any ModelFormat) -> String { format.name }

  init(_ format: any ModelFormat) { self.format = format }
}
