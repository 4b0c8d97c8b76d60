import Compute

/// What a model needs of its output layer: phases that give losses and gradients by the hidden states, and the distribution
/// of a single row.
protocol OutputLayer: Sendable {
  /// Says which step's random numbers are drawn, where there are any; counts from 1.
  func begin(step: Int)
  /// Losses, without anything for a way back.
  func lossPhases() -> [Phase]
  /// Losses, their gradients by the hidden states, and the layer's own gradients. Only of a model that has gradients.
  func trainingPhases() -> [Phase]

  // After either of the two.

  /// A row's loss in nats.
  func loss(row: Int) -> Double
  /// The likeliest class of a row, of several the first.
  func prediction(row: Int) -> Int32

  /// The logits of one row for all classes, once its hidden state is known: logarithms of what softmax makes the
  /// probabilities.
  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>)
}

/// What an output layer shares with the model around it.
struct OutputContext {
  let parameters: Parameters
  let minibatch: Minibatch
  /// [rows, hidden] what comes in, and the gradient that goes back; nil for a model that is only evaluated.
  let input: PanelMatrix
  var inputGradient: PanelMatrix?
  /// Where to put the layer's own gradients; nil likewise.
  let gradients: Gradients?
  /// Bytes past which logits go in blocks of rows.
  let logitsBound: Int
  /// Whether `prediction` is going to be asked.
  var predicts: Bool
  /// Decides random numbers.
  let seed: UInt64
  /// How many threads the work is meant for.
  let workers: Int
}

extension OutputLayer {
  func begin(step: Int) {}
}

extension OutputContext {
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

extension ModelShape {
  func makeOutput(_ context: OutputContext) -> any OutputLayer {
    if let clusters { return ClusteredOutput(context, clusters) }
    if case .sampled(let samples) = output, let gradients = context.gradients {
      return SampledOutput(context, samples: samples, gradients)
    }
    return SoftmaxOutput(context)
  }
}
