import Compute
import Datasets
import Files
import Foundation
import HDF5
import Inference

/// Gradient statistics by what they were gathered from: the same parameters over the same text are run only once.
///
/// They lie beside the prepared datasets, never in a run's directory, which may be somebody else's.
package struct GradientStatisticsCache {
  private let directory: String

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    directory = DatasetCache.directory(environment)
  }

  private static let format = "rnn-train gradient statistics"
  private static let formatVersion = 1

  /// The statistics of a model over a text, gathered now or taken from before.
  ///
  /// - Parameters:
  ///   - segment: timesteps that gradients flow back through.
  ///   - gather: gathers them.
  ///   - notice: gets a line about anything unusual: a cache that can't be used costs time, never a result.
  package func statistics(
    of model: TrainedModel, on text: TokenSequence, segment: Int, gather: () throws -> GradientStatistics,
    notice: (String) -> Void
  ) throws -> GradientStatistics {
    let path = Path.join(directory, "\(try Self.identity(of: model, text, segment: segment)).h5")
    do {
      if let file = try InputFile.ifThere(path) { return try Self.read(file, for: model) }
    } catch {
      notice("\(error); reading the training text again")
    }
    let statistics = try gather()
    do {
      try Directory.create(directory, permissions: 0o700)
      try Self.image(of: statistics, for: path).save(to: path, permissions: 0o600)
    } catch {
      notice("the gradient statistics aren't kept: \(error)")
    }
    return statistics
  }

  /// A hash of everything that decides the statistics.
  private static func identity(of model: TrainedModel, _ text: TokenSequence, segment: Int) throws -> String {
    let (values, shape) = (model.parameters.values, model.parameters.shape)
    let tensors = model.parameters.layout.parameters.map { "\($0.name) \($0.shape)" }.joined(separator: "\n")
    let description = """
      \(format) \(formatVersion)
      \(GradientStatistics.streams) streams, \(segment) timesteps
      \(try text.contentHash(forms: []))
      \(shape.cell), \(shape.output), residual \(shape.isResidual)
      \(tensors)

      """
    var hash = ContentHash()
    Array(description.utf8).withUnsafeBytes { hash.update($0) }
    hash.update(UnsafeRawBufferPointer(UnsafeBufferPointer(values.floats)))
    return hash.hex
  }

  private static func image(of statistics: GradientStatistics, for path: String) throws -> HDF5Image {
    try HDF5Image.build(for: path) { root in
      try root.setAttribute("format", format)
      try root.setAttribute("format_version", formatVersion)
      let group = try root.group("rms")
      for tensor in statistics.tensors { try group.write(tensor.name, shape: tensor.shape, tensor.elements) }
    }
  }

  private static func read(_ file: InputFile, for model: TrainedModel) throws -> GradientStatistics {
    try HDF5File.open(file) { root in
      let group = try root.group("rms")
      return GradientStatistics(
        tensors: try model.parameters.layout.parameters.map { parameter in
          let elements: [Float] = try group.read(parameter.name)
          guard try group.shape(of: parameter.name) == parameter.shape, elements.allSatisfy({ $0.isFinite && $0 >= 0 })
          else { throw TrainingError.notStatistics(file: file.path, parameter: parameter.name) }
          return GradientStatistics.Tensor(name: parameter.name, shape: parameter.shape, elements: elements)
        })
    }
  }
}
