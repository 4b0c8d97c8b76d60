import Compute
import Configuration
import Datasets
import Models
import Optimizers

/// What computes in a run: parameters, model, optimizer, and the steps and evaluations over them.
///
/// A run that goes back to a checkpoint gets a new one, as a resumed one does: the activations of a step that diverged
/// must not be met again.
package struct Engine {
  package let model: SequenceModel
  let gradients: Gradients
  let optimizer: OptimizerStep
  let step: TrainingStep
  let evaluator: any SplitEvaluator

  /// Of a new run whose embeddings begin with word vectors.
  private(set) var coverage: VectorCoverage?

  /// - Parameters:
  ///   - checkpoint: whose parameters, moments and carried states it begins with; nil: drawn parameters.
  ///   - vectors: what embeddings begin with instead of drawn numbers; of no effect with a checkpoint.
  init(
    _ configuration: RunConfiguration, dataset: SequenceDataset, minibatches: any MinibatchSource,
    resuming checkpoint: (checkpoint: Checkpoint, path: String)?, vectors: WordVectors?, workers: Workers,
    kernels: Kernels
  ) throws {
    let training = configuration.training
    let parameters = Parameters(
      try ModelShape(configuration, vocabulary: dataset.vocabulary, tagging: dataset.tagging), kernels: kernels)
    gradients = Gradients(parameters.layout, minibatches.capacity)
    model = SequenceModel(
      parameters, minibatches.capacity, gradients: gradients, workers: workers.parallelism,
      carriesState: minibatches.carriesState, dropout: configuration.dropout)
    optimizer = OptimizerStep(
      training.optimizer, clipNorm: training.clipNorm, sparse: training.sparseUpdates, parameters: parameters,
      gradients: gradients)
    step = TrainingStep(model: model, optimizer: optimizer, workers: workers)
    evaluator = try configuration.evaluator(of: parameters, dataset: dataset, workers: workers)
    if let (checkpoint, path) = checkpoint {
      try checkpoint.restore(parameters, file: path)
      try checkpoint.restore(model, optimizer: optimizer, file: path)
    } else {
      parameters.initialize(seed: UInt64(configuration.seed), configuration.model.initialization)
      coverage = vectors.map { parameters.setEmbeddings($0, of: dataset.vocabulary) }
    }
  }

  /// How long phases of each kind have taken in all steps together.
  package var phaseTimes: [(kind: Phase.Kind, time: Duration)] { step.phaseTimes }
  /// Steps made.
  package var steps: Int { step.count }
}
