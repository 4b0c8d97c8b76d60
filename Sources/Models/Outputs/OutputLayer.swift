import Compute

/// What a model needs of its output layer: phases that give losses and gradients by the hidden states, and the distribution
/// of a single row.
///
/// Unlike a `Stage` it goes forward and backward block by block of the minibatch's rows: the logits of all of them need not
/// be in memory.
package protocol OutputLayer: Sendable {
  /// Forward: losses alone.
  func lossPhases() -> [Phase]
  /// Forward, backward and reduction: losses, their gradients by the hidden states, and the layer's own gradients. Only of a
  /// model that has gradients.
  func trainingPhases() -> [Phase]

  // After either of the two.

  /// A row's loss in nats.
  func loss(row: Int) -> Double
  /// The likeliest class of a row, of several the first; where a sentence's classes have a distribution together, the row's
  /// one of the likeliest ones. Of a model that predicts.
  func prediction(row: Int) -> Int32

  /// The logits of one row for all classes, once its hidden state is known: logarithms of what softmax makes the
  /// probabilities.
  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>)
}

/// The parameters of an output layer, as a layout has placed them: what makes the layer.
package protocol OutputParameters: Sendable {
  /// By which of them anybody else can compute what the layer gives once it is trained.
  var distribution: Distribution { get }
  func makeLayer(_ context: OutputContext) -> any OutputLayer
}

/// How a distribution over the classes follows from a hidden state h.
package enum Distribution: Sendable {
  /// softmax(U h + b): U [classes, hidden], b [classes].
  case softmax(weight: Parameter.Handle, bias: Parameter.Handle)
  case clusters(ClusteredParameters)
  /// Over the tags of a sentence together, see `ConditionalRandomField`.
  case chain(ChainParameters)
}

/// What an output layer shares with the model around it.
package struct OutputContext {
  let parameters: Parameters
  let minibatch: Minibatch
  /// [rows, hidden] what comes in, and the gradient that goes back; nil for a model that is only evaluated.
  let input: PanelMatrix
  var inputGradient: PanelMatrix?
  /// Whether the gradient is added to that of output layers before.
  var addsToInputGradient = false
  /// [rows] what is to be predicted.
  let targets: Buffer<Int32>
  /// What the layer's losses count for beside those of other output layers.
  var weight: Float = 1
  /// Where to put the layer's own gradients; nil likewise.
  let gradients: Gradients?
  /// Bytes past which logits go in blocks of rows.
  let logitsBound: Int
  /// Whether `prediction` is going to be asked.
  var predicts: Bool
  let step: StepSettings
  /// Decides random numbers.
  let seed: UInt64
  /// How many threads the work is meant for.
  let workers: Int

  /// How many rows of logits, a multiple of 16, are to be in memory at one time.
  ///
  /// - Parameter rowFloats: what a row takes.
  func blockRows(of rows: Int, rowFloats: Int) -> Int {
    let (width, bytes) = (PanelShape.width, rowFloats * MemoryLayout<Float>.stride)
    func fitting(_ bound: Int) -> Int { bound / bytes / width * width }
    // Below 128 rows products waste time, which memory for a million classes isn't to be spent on.
    let fewest = min(128, max(fitting(4 * SequenceModel.logitsBound), width))
    return min((rows + width - 1) / width * width, max(fitting(logitsBound), fewest))
  }
}

/// What a row's loss counts for in the mean: one part of the targets that losses are divided by, times the layer's weight.
struct TargetShare {
  private let step: StepSettings
  private let minibatch: Minibatch
  private let weight: Float

  init(_ context: OutputContext) { (step, minibatch, weight) = (context.step, context.minibatch, context.weight) }

  /// Of the current step; 0 where there are no targets, and so no losses.
  var value: Float {
    let targets = step.targets ?? minibatch.targetCount
    return targets == 0 ? 0 : weight / Float(targets)
  }
}
