import Datasets
import Diagnostics
import Inference
import Models

/// A trained model, with where it is from: what every format writes, each in its own way.
package struct ExportedModel: Sendable {
  package let model: TrainedModel
  package let origin: ModelOrigin

  package init(_ model: TrainedModel, from origin: ModelOrigin) {
    self.model = model
    self.origin = origin
  }

  var shape: ModelShape { model.parameters.shape }
  var layout: ParameterLayout { model.parameters.layout }
}

/// What is known of how a model came about. Nothing that uses a model depends on it.
package struct ModelOrigin: Sendable, Equatable {
  /// What the model has learnt, as `task` in a configuration: `language-model`, `tagging`.
  package let task: String
  /// The run's configuration, with every default, as YAML.
  package let configuration: String
  /// SHA-256 of the checkpoint's file, in hexadecimal digits.
  package let checkpointSHA256: String
  /// The program that has exported it.
  package let producer: String

  package init(
    task: String, configuration: String, checkpointSHA256: String, producer: String = Version.name
  ) {
    self.task = task
    self.configuration = configuration
    self.checkpointSHA256 = checkpointSHA256
    self.producer = producer
  }
}
