import Compute
import Inference
import Models
import Optimizers
import Training

/// The toy of `rnn-train lesson`: a text of which one word can only be told from the one before the last, and the smallest
/// network that learns it.
enum Toy {
  static let words = ["tick", "tack", "tock"]
  static let text = [0, 1, 0, 2, 0, 1, 0, 2]
  static let (embedding, units) = (2, 2)
  static let learningRate = 1.0

  /// Each word, and the one that follows it.
  static var inputs: [Int] { Array(text.dropLast()) }
  static var targets: [Int] { Array(text.dropFirst()) }
}

/// The toy's network as the program trains it: the model, the gradients and the steps of every run, on one thread.
final class LessonTraining {
  private let model: SequenceModel
  private let gradients: Gradients
  private let step: TrainingStep

  /// - Parameter seed: draws the numbers that the network begins with.
  init(seed: Int, kernels: Kernels) {
    let shape = ModelShape(
      vocabulary: Toy.words.count, embedding: Toy.embedding, cell: Elman(.tanh), hidden: Toy.units, layers: 1,
      classes: Toy.words.count)
    let parameters = Parameters(shape, kernels: kernels)
    parameters.initialize(seed: UInt64(seed))
    let workers = Workers(count: 1)
    let capacity = SequenceModel.Capacity(Timeline.Capacity(sequences: 1, timesteps: Toy.inputs.count))
    gradients = Gradients(parameters.layout, capacity)
    model = SequenceModel(parameters, capacity, gradients: gradients, workers: 1, carriesState: false)
    step = TrainingStep(
      model: ShardedModel(model, gradients),
      optimizer: OptimizerStep(SGD(), clipNorm: 0, parameters: parameters, gradients: gradients), workers: workers)
  }

  /// Trains on the text once. Returns the mean loss, before the step.
  @discardableResult
  func train(step number: Int) -> Double {
    let result = step.run(step: number, learningRate: Toy.learningRate) { minibatch in
      for (row, (input, target)) in zip(Toy.inputs, Toy.targets).enumerated() {
        minibatch.inputs[row] = Int32(input)
        minibatch.targets[row] = Int32(target)
      }
      minibatch.prepare(timesteps: Toy.inputs.count)
    }
    return result.lossSum / Double(result.targets)
  }

  // MARK: what the last step computed

  /// [t] the states.
  var hidden: [[Double]] {
    Toy.inputs.indices.map { t in (0..<Toy.units).map { Double(model.outputInput[t, $0]) } }
  }
  /// [t] in nats.
  var losses: [Double] { Toy.inputs.indices.map { model.loss(row: $0) } }
  var gradient: HandNetwork { network(gradients.elements) }
  var network: HandNetwork {
    let (layout, values) = (model.parameters.layout, model.parameters.values)
    return network { layout.elements(of: $0, in: values) }
  }

  /// The numbers of all parameters, by the names that checkpoints have for them.
  private func network(_ elements: (Parameter) -> [Float]) -> HandNetwork {
    let layout = model.parameters.layout
    func matrix(_ handle: Parameter.Handle) -> HandNetwork.Matrix {
      let (values, columns) = (elements(layout[handle]).map(Double.init), layout[handle].shape[1])
      return stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
    }
    func vector(_ handle: Parameter.Handle) -> HandNetwork.Vector { elements(layout[handle]).map(Double.init) }
    let layer = layout.layers[0][0]
    guard case .softmax(let weight, let bias) = layout.output.distribution else {
      preconditionFailure("the toy's output layer is a softmax")
    }
    return HandNetwork(
      embedding: matrix(layout.embedding), v: matrix(layer.inputWeight), w: matrix(layer.recurrentWeight),
      b: vector(layer.bias), u: matrix(weight), c: vector(bias))
  }
}
