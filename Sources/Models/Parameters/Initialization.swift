import Compute
import Keys

/// How parameters are drawn before the first step.
package struct Initialization: Sendable, Equatable {
  package enum Weights: String, CaseIterable, Sendable {
    /// Within 1 / sqrt(fan-in), as PyTorch's modules have it: the fan-in of `nn.Linear` is the number of its inputs, of
    /// `nn.RNN`, `nn.GRU` and `nn.LSTM` that of their units.
    case uniform
    /// Within sqrt(6 / (inputs + outputs)) (Glorot and Bengio, AISTATS 2010), each gate by itself; biases are zero.
    case glorot
  }

  package enum RecurrentWeights: String, CaseIterable, Sendable {
    case uniform, glorot
    /// An orthogonal matrix for each gate (Saxe, McClelland, Ganguli, ICLR 2014).
    case orthogonal
    /// h_t begins as h_{t-1} (Le, Jaitly, Hinton: A Simple Way to Initialize Recurrent Networks of Rectified Linear Units,
    /// 2015).
    case identity
  }

  package var weights = Weights.uniform
  package var recurrent = RecurrentWeights.uniform
  /// Added to the bias of the gate that forgets (Jozefowicz, Zaremba, Sutskever, ICML 2015).
  package var forgetBias = 0.0
  /// Standard deviation of the embeddings.
  package var embeddingScale = 1.0

  package init() {}
}

extension Initialization: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value(
      "weights", &weights, .choice,
      "input and output weights: uniform is PyTorch's, within 1/sqrt(hidden), for output layers 1/sqrt(inputs)")
    keys.value("recurrent", &recurrent, .choice, "recurrent weights; identity is for an elman cell with relu")
    keys.value("forget_bias", &forgetBias, .number(.any), "bias of forget gates, of a cell that has them")
    keys.value("embedding_scale", &embeddingScale, .number(.positive), "standard deviation of embeddings")
  }
}

extension Parameters {
  /// Draws first values, each a pure function of (seed, parameter, element).
  ///
  /// Embeddings are normal; what everything else is, `Initialization` says. By default each is drawn as PyTorch's modules draw
  /// it, so that learning rates carry over; of two biases that those add up there is one. Cost: O(elements), and O(hidden^3) for each orthogonal matrix.
  ///
  /// - Parameter others: parameters that somebody else is going to put in.
  package func initialize(
    seed: UInt64, _ initialization: Initialization = Initialization(), except others: Range<Int> = 0..<0
  ) {
    let random = Philox(seed: seed)
    for (index, parameter) in layout.parameters.enumerated() where !others.contains(index) {
      let elements = first(parameter, Draw(random: random, parameter: index), initialization)
      let (outputs, width) = (parameter.shape[0], parameter.elementCount / max(parameter.shape[0], 1))
      // Some at a time: an embedding of a million words isn't to be in memory several times.
      for begin in stride(from: 0, to: outputs, by: 4096) {
        let range = begin..<min(begin + 4096, outputs)
        let values = elements(range.lowerBound * width..<range.upperBound * width)
        layout.setElements(of: parameter, outputs: range, in: self.values, to: values)
      }
    }
    renewTransposedCopies()
  }

  /// The elements at some positions, of which the first is a multiple of 4.
  private typealias Elements = (_ positions: Range<Int>) -> [Float]

  private func first(_ parameter: Parameter, _ draw: Draw, _ initialization: Initialization) -> Elements {
    // `reset_parameters` of torch.nn.Linear (`kaiming_uniform_` with a = sqrt(5), which comes to the same) and of RNNBase.
    let usual = 1 / Float(parameter.fanIn).squareRoot()
    switch parameter.role {
    case .embedding:
      // The output layer multiplies by a tied embedding: it begins as that layer's weight would.
      return shape.tiesEmbeddings
        ? draw.uniform(within: usual)
        : draw.normal(scale: Float(initialization.embeddingScale))
    case .outputBias, .recurrentBias:
      let elements = initialization.weights == .glorot ? { $0.map { _ in 0 } } : draw.uniform(within: usual)
      guard parameter.role == .recurrentBias, let gate = shape.cell.forgetGate else { return elements }
      let units = parameter.shape[0] / parameter.gates
      let (forgetGate, bias) = (gate * units..<(gate + 1) * units, Float(initialization.forgetBias))
      return { zip($0, elements($0)).map { forgetGate.contains($0) ? $1 + bias : $1 } }
    case .outputWeight, .inputWeight:
      return draw.uniform(within: initialization.weights == .glorot ? parameter.glorotBound : usual)
    case .recurrentWeight:
      let size = parameter.shape[1]
      switch initialization.recurrent {
      case .uniform: return draw.uniform(within: usual)
      case .glorot: return draw.uniform(within: parameter.glorotBound)
      case .identity: return { $0.map { $0 / size % size == $0 % size ? 1 : 0 } }
      case .orthogonal:
        let gates = (0..<parameter.gates).flatMap { draw.orthogonal(size: size, from: $0 * size * size) }
        return { Array(gates[$0]) }
      }
    }
  }
}

extension Parameter {
  fileprivate var glorotBound: Float { (6 / Float(shape[0] / gates + shape[1])).squareRoot() }
}

/// The random numbers of one parameter, by their positions.
private struct Draw {
  let random: Philox
  let parameter: Int

  func uniform(within bound: Float) -> (Range<Int>) -> [Float] {
    { positions in
      numbers(positions.count) { random.fill($0, uniform: positions, .initialization, step: parameter) }
        .map { (2 * $0 - 1) * bound }
    }
  }

  func normal(scale: Float) -> (Range<Int>) -> [Float] { { normal($0).map { $0 * scale } } }

  private func normal(_ positions: Range<Int>) -> [Float] {
    numbers(positions.count) { random.fill($0, normal: positions, .initialization, step: parameter) }
  }

  private func numbers(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress { fill(base) }
      filled = count
    }
  }

  /// Normal rows made orthogonal, one after the other (modified Gram-Schmidt, each row twice), in double precision: nothing
  /// but correctly rounded operations, so the same bits everywhere.
  func orthogonal(size: Int, from first: Int) -> [Float] {
    var rows: [[Double]] = []
    for i in 0..<size {
      var row = normal(first + i * size..<first + (i + 1) * size).map(Double.init)
      for _ in 0..<2 {
        for other in rows {
          var product = 0.0
          for j in 0..<size { product += row[j] * other[j] }
          for j in 0..<size { row[j] -= product * other[j] }
        }
        let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for j in 0..<size { row[j] /= norm }
      }
      rows.append(row)
    }
    return rows.joined().map(Float.init)
  }
}
