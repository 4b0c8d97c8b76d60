import Compute

/// What a model needs of its output layer: phases that give losses and gradients by the hidden states, and the distribution
/// of a single row.
protocol OutputLayer: Sendable {
  /// Losses, without anything for a way back.
  func lossPhases() -> [Phase]
  /// Losses, their gradients by the hidden states, and the layer's own gradients.
  func trainingPhases(into gradients: Gradients) -> [Phase]

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
  let inputGradient: PanelMatrix?
  /// Bytes past which logits go in blocks of rows.
  let logitsBound: Int
  /// Whether `prediction` is going to be asked.
  let predicts: Bool
  /// How many threads the work is meant for.
  let workers: Int
}

extension ModelShape {
  func makeOutput(_ context: OutputContext) -> any OutputLayer {
    if let clusters { ClusteredOutput(context, clusters) } else { SoftmaxOutput(context) }
  }
}
