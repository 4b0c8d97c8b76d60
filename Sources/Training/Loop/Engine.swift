import Collectives
import Compute
import Configuration
import Inference
import Models
import Optimizers

/// What computes in a run: parameters, model and optimizer, and the steps over them.
///
/// A run that goes back to a checkpoint gets a new one, as a resumed one does: the activations of a step that diverged
/// must not be met again.
package struct Engine {
  package let model: ShardedModel
  let optimizer: OptimizerStep
  /// What the first of several processes reads the others' moments by.
  let momentReading: MomentReading
  /// Nil where nothing is averaged.
  let averages: AveragedParameters?
  let step: TrainingStep
  /// The memory of a minibatch's activations and their gradients.
  let activationBytes: Int

  /// Takes all the memory that training takes. The parameters mean nothing until they are drawn or restored.
  ///
  /// - Throws: `TrainingError.unsuitable` for names of frozen parameters that there aren't, and weights of other columns.
  init(
    _ configuration: RunConfiguration, _ shape: ModelShape, minibatches: any MinibatchSource, workers: Workers,
    kernels: Kernels, ranks: any Communicator
  ) throws(TrainingError) {
    let training = configuration.training
    let parameters = Parameters(shape, kernels: kernels)
    let frozen = try training.frozenParameters(of: parameters.layout)
    let lossWeights = try configuration.lossWeights(of: shape)
    let slices = ArenaSlices(parameters.layout, frozen: frozen, ranks: ranks)
    var activationBytes = 0
    model = ShardedModel(parameters, minibatches.capacity, shards: training.shards, slices: slices) {
      capacity, gradients, isShard in
      let bytesBefore = Arena.bytesInUse
      defer { activationBytes = Arena.bytesInUse - bytesBefore }
      return SequenceModel(
        parameters, capacity, gradients: gradients, workers: workers.parallelism,
        carriesState: minibatches.carriesState, dropout: configuration.dropout, penalties: configuration.penalties,
        lossWeights: lossWeights, isShard: isShard)
    }
    self.activationBytes = activationBytes
    optimizer = OptimizerStep(
      training.optimizer, clipNorm: training.clipNorm, sparse: training.sparseUpdates, slices: slices,
      rates: configuration.rateShares(of: parameters.layout), parameters: parameters, gradients: model.gradients,
      workers: workers.parallelism)
    momentReading = MomentReading(optimizer, of: parameters.layout)
    averages = training.averaging == nil ? nil : AveragedParameters(of: parameters)
    step = TrainingStep(model: model, optimizer: optimizer, averages: averages, workers: workers)
  }

  /// Draws the parameters; those of character models that are trained on are taken over.
  func initialize(_ configuration: RunConfiguration, _ characterModels: CharacterModels?) {
    let parameters = model.parameters
    parameters.initialize(
      seed: UInt64(configuration.seed), configuration.model.initialization,
      except: parameters.layout.parametersOfReaders)
    characterModels?.put(into: parameters)
  }

  /// Takes over a checkpoint's parameters, moments and carried states.
  ///
  /// - Parameters:
  ///   - isAveraged: whether a mean of parameters has begun by then.
  ///   - file: what errors call the checkpoint.
  func restore(_ checkpoint: Checkpoint, isAveraged: Bool, file: String) throws {
    try checkpoint.restore(model, optimizer: optimizer, averages: isAveraged ? averages : nil, file: file)
  }

  /// What phases of each kind have cost in all steps together.
  package var phaseTotals: [PhaseTotal] { step.phaseTotals }
  /// Steps made.
  package var steps: Int { step.count }
}
