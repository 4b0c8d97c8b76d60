import Compute
import Datasets
import Models

/// The root mean square of every parameter's gradient over minibatches of a text: what scales the steps of dynamic evaluation.
package struct GradientStatistics: Sendable, Equatable {
  /// A parameter's, under its name and in its shape, in PyTorch's order.
  package struct Tensor: Sendable, Equatable {
    package let name: String
    package let shape: [Int]
    package let elements: [Float]

    package init(name: String, shape: [Int], elements: [Float]) {
      self.name = name
      self.shape = shape
      self.elements = elements
    }

    var mean: Double { elements.reduce(0) { $0 + Double($1) } / Double(max(elements.count, 1)) }
  }

  package let tensors: [Tensor]
  /// The mean over the parameters' tensors of each one's mean, as the paper's code has it.
  package let mean: Double

  package init(tensors: [Tensor]) {
    self.tensors = tensors
    mean = tensors.reduce(0) { $0 + $1.mean } / Double(max(tensors.count, 1))
  }

  /// Streams of the text that are read side by side, as in the paper's code: the gradient of a minibatch is the smaller the
  /// more targets it is the mean of, and so this number decides what a rate means.
  package static let streams = 100

  /// Reads a text once with the parameters as they are, `segment` timesteps at a time. Cost: forward, backward and reduction
  /// of its tokens.
  ///
  /// - Parameters:
  ///   - segment: timesteps that gradients flow back through.
  ///   - check: called before each minibatch with the share of the text that has been read; what it throws ends this.
  /// - Throws: `CorpusError.tooFewTokens` for less than two tokens.
  package init(
    of model: TrainedModel, on text: TokenSequence, segment: Int, workers: Workers,
    check: (_ share: Double) throws -> Void
  ) throws {
    let streams = min(Self.streams, max(1, (text.tokens.count - 1) / segment))
    let minibatches = StreamMinibatches(
      try StreamBatches(text.tokens, streams: streams, window: segment, direction: model.direction))
    let parameters = model.parameters.withWholeLoss
    let gradients = Gradients(parameters.layout, minibatches.capacity)
    let sequenceModel = SequenceModel(
      parameters, minibatches.capacity, gradients: gradients, workers: workers.parallelism, carriesState: true)
    let squares = Arena(count: parameters.layout.floatCount)
    let accumulation = gradients.stretches(.update) { offset, gradient, count in
      let sums = squares.base + offset
      Watchdog.reads(gradient, count: count)
      Watchdog.writes(sums, count: count)
      for i in 0..<count { sums[i] += gradient[i] * gradient[i] }
    }
    let runner = ModelRunner(sequenceModel, sequenceModel.gradientPhases() + accumulation, workers: workers)
    var read = 0
    try runner.run(over: minibatches, check: { try check(Double(read) / Double(minibatches.count)) }) { _, _ in
      read += 1
    }
    let count = Float(minibatches.count)
    self.init(
      tensors: parameters.layout.parameters.map { parameter in
        Tensor(
          name: parameter.name, shape: parameter.shape,
          elements: parameters.layout.elements(of: parameter, in: squares).map { ($0 / count).squareRoot() })
      })
  }
}

extension Parameters {
  /// A copy that may be changed, of a model whose gradients are those of the loss over all classes.
  var withWholeLoss: Parameters {
    var shape = shape
    shape.output = shape.output.withWholeLoss
    let copy = Parameters(shape, kernels: kernels)
    for parameter in copy.layout.parameters {
      guard let own = layout.parameters.first(where: { $0.name == parameter.name }) else {
        preconditionFailure("an output layer with the whole loss has other parameters: \(parameter.name)")
      }
      copy.layout.setElements(of: parameter, in: copy.values, to: layout.elements(of: own, in: values))
    }
    copy.renewTransposedCopies()
    return copy
  }
}
