import Compute

/// How parameters are drawn before the first step.
package struct Initialization: Sendable, Equatable {
  package enum Weights: String, CaseIterable, Sendable {
    /// Within 1 / sqrt(hidden), as PyTorch's modules have it.
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
  package var recurrentWeights = RecurrentWeights.uniform
  /// Added to the bias of an LSTM's forget gate (Jozefowicz, Zaremba, Sutskever, ICML 2015).
  package var forgetBias: Float = 0
  /// Standard deviation of the embeddings.
  package var embeddingScale: Float = 1

  package init() {}
}

extension Parameters {
  /// Draws first values, each a pure function of (seed, parameter, element).
  ///
  /// Embeddings are normal; what everything else is, `Initialization` says. By default it is what PyTorch's modules start
  /// from, so that learning rates carry over. Cost: O(elements), and O(hidden^3) for each orthogonal matrix.
  package func initialize(seed: UInt64, _ initialization: Initialization = Initialization()) {
    let random = Philox(seed: seed)
    for (index, parameter) in layout.parameters.enumerated() {
      let draw = Draw(random: random, parameter: index)
      var elements = first(parameter, draw, initialization)
      if shape.cell == .lstm, parameter.role == .recurrentBias {
        let units = parameter.shape[0] / parameter.gates
        for unit in units..<2 * units { elements[unit] += initialization.forgetBias }
      }
      layout.setElements(of: parameter, in: values, to: elements)
    }
    renewTransposedCopies()
  }

  private func first(_ parameter: Parameter, _ draw: Draw, _ initialization: Initialization) -> [Float] {
    let count = parameter.elementCount
    let units = Float(parameter.role.isRecurrent ? parameter.shape[0] / parameter.gates : shape.hidden)
    switch parameter.role {
    case .embedding:
      // The output layer multiplies by a tied embedding: it begins as that layer's weight would.
      return shape.tiesEmbeddings
        ? draw.uniform(count, within: 1 / Float(shape.hidden).squareRoot())
        : draw.normal(count, scale: initialization.embeddingScale)
    case .recurrentBias, .outputBias:
      return initialization.weights == .glorot
        ? [Float](repeating: 0, count: count) : draw.uniform(count, within: 1 / units.squareRoot())
    case .outputWeight, .inputWeight:
      return weights(parameter, draw, glorot: initialization.weights == .glorot, units: units)
    case .recurrentWeight:
      let size = parameter.shape[1]
      switch initialization.recurrentWeights {
      case .uniform, .glorot:
        return weights(parameter, draw, glorot: initialization.recurrentWeights == .glorot, units: units)
      case .identity:
        return (0..<count).map { $0 / size % size == $0 % size ? 1 : 0 }
      case .orthogonal:
        return (0..<parameter.gates).flatMap { draw.orthogonal(size: size, from: $0 * size * size) }
      }
    }
  }

  private func weights(_ parameter: Parameter, _ draw: Draw, glorot: Bool, units: Float) -> [Float] {
    let outputs = parameter.shape[0] / parameter.gates
    let bound = glorot ? (6 / Float(outputs + parameter.shape[1])).squareRoot() : 1 / units.squareRoot()
    return draw.uniform(parameter.elementCount, within: bound)
  }
}

/// The random numbers of one parameter.
private struct Draw {
  let random: Philox
  let parameter: Int

  func uniform(_ count: Int, within bound: Float) -> [Float] {
    numbers(count) { random.fill($0, uniform: 0..<count, .initialization, step: parameter) }
      .map { (2 * $0 - 1) * bound }
  }

  func normal(_ count: Int, scale: Float) -> [Float] { normal(0..<count).map { $0 * scale } }

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
