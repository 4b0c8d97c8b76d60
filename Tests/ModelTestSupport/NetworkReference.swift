import Compute
import Models

/// The yardstick for every kind of network, in double precision: one sequence after the other, one timestep after the
/// other, straight from the formulas, with gradients from a tape.
///
/// Nothing is packed, shared or masked out. Parameters have PyTorch's names and shapes.
package struct NetworkReference: Sendable {
  package let shape: ModelShape
  package var parameters: [String: Matrix]
  package let dropout: DropoutRates
  package let penalties: ActivationPenalties

  package init(
    shape: ModelShape, parameters: [String: Matrix], dropout: DropoutRates = DropoutRates(),
    penalties: ActivationPenalties = ActivationPenalties()
  ) {
    self.shape = shape
    self.parameters = parameters
    self.dropout = dropout
    self.penalties = penalties
  }

  /// Rows are in the minibatch's order. Losses and gradients are those of training: of a sampled output layer those of a
  /// step's sample.
  package struct Results {
    /// [rows * classes]
    package var logits: [Double] = []
    /// [rows], zero where masked.
    package var losses: [Double] = []
    /// [rows]
    package var predictions: [Int] = []
    /// The mean over the targets.
    package var loss = 0.0
    /// The same with penalties: what gradients are of.
    package var objective = 0.0
    package var gradients: [String: [Double]] = [:]
    /// [rows] what the output layer reads.
    package var hidden: [[Double]] = []
    /// What sequences end with, by the names that they begin with.
    package var lastStates: [String: Matrix] = [:]
  }

  /// - Parameters:
  ///   - states: what sequences begin with, [B, hidden] each: `h_l0`, and `c_l0` for an LSTM; zero where absent.
  ///   - step: counts updates from 1.
  package func results(_ sentences: Sentences, from states: [String: Matrix] = [:], step: Int = 1) -> Results {
    let tape = Tape()
    var network = Network(
      shape: shape, masks: DropoutMasks(dropout, step: step), tape: tape,
      parameters: parameters.mapValues { tape.vector($0.values) }, states: states)
    let records = sentences.sequences.map { _ in StateRecord(unfolds: false) }
    let hidden = sentences.sequences.indices.map { sequence in
      network.record = records[sequence]
      return network.hidden(sentences, of: sequence)
    }
    let logits = hidden.map { $0.map(network.output) }
    let chains = network.chains(logits)
    let chainLosses = chains.enumerated().map { $1.losses(sentences.sequences[$0].map(\.target)) }
    let marginals = chains.map { $0.logMarginals() }
    let paths = chains.map { $0.best() }
    var results = Results()
    for name in records[0].states.keys {
      let last = records.map { $0.states[name]?.last?.value ?? [] }
      results.lastStates[name] = Matrix(rows: last.count, columns: last[0].count, values: last.flatMap(\.self))
    }
    var sum = tape.vector([0])
    for (timestep, sequence) in sentences.rows {
      let row = logits[sequence][timestep]
      results.hidden.append(hidden[sequence][timestep].value)
      results.logits += chains.isEmpty ? row.value : marginals[sequence][timestep]
      results.predictions.append(
        chains.isEmpty
          ? row.value.firstIndex(of: row.value.reduce(-.infinity, max)) ?? 0 : paths[sequence][timestep])
      let loss =
        !chains.isEmpty
        ? chainLosses[sequence][timestep]
        : sentences.sequences[sequence][timestep].target.map { target in
          if let output = shape.output as? SampledSoftmax {
            ClassSample(output.samples, of: shape.classes, seed: dropout.seed, step: step).crossEntropy(row, target)
          } else {
            row.crossEntropy(target)
          }
        }
      results.losses.append(loss?.value[0] ?? 0)
      if let loss { sum = sum + loss }
    }
    let mean = sum * tape.vector([1 / Double(sentences.targetCount)])
    let last = network.lastHidden(records)
    let changes = last.flatMap { states in
      zip(states.dropFirst(), states).map { $0 + tape.vector([Double](repeating: -1, count: $1.value.count)) * $1 }
    }
    let objective =
      mean + network.meanSquare(hidden.flatMap(\.self), times: penalties.activation)
      + network.meanSquare(changes, times: penalties.temporal)
    tape.differentiate(objective)
    (results.loss, results.objective) = (mean.value[0], objective.value[0])
    results.gradients = network.parameters.mapValues(\.gradient)
    return results
  }
}

extension NetworkReference {
  /// The norms of dL_t/ds_k for every state s, and of what the pair (t, k) adds to the gradients of recurrent layers' V and
  /// W: the gradients by weights of which every timestep has copies of its own, the network unfolded. By name,
  /// [sequence][t][k]; nil where there is no target at t. Losses are in nats; nothing is dropped.
  package func flow(_ sentences: Sentences, from states: [String: Matrix] = [:]) -> [String: [[[Double]?]]] {
    var flow: [String: [[[Double]?]]] = [:]
    for (sequence, tokens) in sentences.sequences.enumerated() {
      var rows: [String: [[Double]?]] = [:]
      for t in tokens.indices {
        let (tape, record) = (Tape(), StateRecord(unfolds: true))
        let network = Network(
          shape: shape, masks: DropoutMasks(DropoutRates(), step: 1), tape: tape,
          parameters: parameters.mapValues { tape.vector($0.values) }, states: states, record: record)
        let logits = network.logits(sentences, of: sequence)[t]
        if let target = tokens[t].target { tape.differentiate(logits.crossEntropy(target)) }
        for (name, vectors) in record.states {
          let norms = (name.hasSuffix("_reverse") ? vectors.reversed() : vectors).map { vector in
            vector.gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
          }
          rows[name, default: []].append(tokens[t].target == nil ? nil : norms)
        }
      }
      for (name, rows) in rows { flow[name, default: []].append(rows) }
    }
    return flow
  }
}

/// The states that a network had in one sequence, for whoever wants their gradients.
private final class StateRecord {
  /// Whether every timestep has weights of its own, which are recorded as well.
  let unfolds: Bool
  /// By name, [timestep in the direction's own time].
  var states: [String: [Tape.Vector]] = [:]

  init(unfolds: Bool) { self.unfolds = unfolds }

  func add(_ vector: Tape.Vector, _ name: String) { states[name, default: []].append(vector) }
}

/// The formulas.
private struct Network {
  typealias Vector = Tape.Vector

  let shape: ModelShape
  let masks: DropoutMasks
  let tape: Tape
  let parameters: [String: Vector]
  let states: [String: Matrix]
  var record: StateRecord?
  /// Recurrent weights with dropout, by their names.
  private var droppedWeights: [String: Vector] = [:]

  init(
    shape: ModelShape, masks: DropoutMasks, tape: Tape, parameters: [String: Vector], states: [String: Matrix],
    record: StateRecord? = nil
  ) {
    (self.shape, self.masks, self.tape, self.parameters) = (shape, masks, tape, parameters)
    (self.states, self.record) = (states, record)
    guard masks.rates.weights > 0 else { return }
    for layer in 0..<shape.layers {
      for (direction, suffix) in ["", "_reverse"].enumerated() {
        let name = "rnn.weight_hh_l\(layer)\(suffix)"
        guard let weight = parameters[name] else { continue }
        droppedWeights[name] =
          weight
          * tape.vector(
            masks.weightMask(
              place: 128 + 2 * layer + direction, gates: shape.cell.gates.count, units: shape.units[layer]))
      }
    }
  }

  func parameter(_ name: String) -> Vector {
    guard let vector = parameters[name] else { preconditionFailure("no parameter is called \(name)") }
    return vector
  }

  /// [timestep] of one sequence.
  func logits(_ sentences: Sentences, of sequence: Int) -> [Vector] { hidden(sentences, of: sequence).map(output) }

  /// [timestep] what the output layer reads of one sequence.
  func hidden(_ sentences: Sentences, of sequence: Int) -> [Vector] {
    let tokens = sentences.sequences[sequence]
    let places = sentences.rows
    let rows = places.indices.filter { places[$0].sequence == sequence }
    func drop(_ x: [Vector], _ share: Double, place: Int, widths: [Int]) -> [Vector] {
      zip(x, rows).map { x, row in
        x * tape.vector(masks.mask(share, place: place, row: row, sequence: sequence, widths: widths))
      }
    }
    let characters = shape.characters.map { [$0.hidden, $0.hidden] } ?? []
    let readings = shape.readers.indices.map { read(sentences.readings[$0][sequence], by: shape.readers[$0]) }
    var x = drop(
      tokens.enumerated().map { index, token in
        tape.concatenated([word(token, sentences)] + readings.map { $0[index] })
      }, masks.rates.input, place: 0, widths: [shape.embedding] + characters + shape.readers.map(\.width))
    let directions = shape.isBidirectional ? 2 : 1
    for layer in 0..<shape.layers {
      let share = layer == shape.layers - 1 ? masks.rates.output : masks.rates.layers
      let hidden = drop(
        self.layer("rnn", layer, x, directions: directions, sequence), share, place: layer + 1,
        widths: [Int](repeating: shape.units[layer], count: directions))
      x = zip(hidden, x).map { h, x in shape.isResidual && h.value.count == x.value.count ? h + x : h }
    }
    return x
  }

  /// [word] what a reader has at the end of each.
  func read(_ reading: CharacterReading, by reader: ModelShape.Reader) -> [Vector] {
    let prefix = "\(reader.name)."
    let own = parameters.filter { $0.key.hasPrefix(prefix) }.map {
      ($0.key.dropFirst(prefix.count).description, $0.value)
    }
    let network = Network(
      shape: reader.network, masks: DropoutMasks(DropoutRates(), step: 1), tape: tape,
      parameters: Dictionary(uniqueKeysWithValues: own), states: [:])
    let tokens = reading.tokens.map { Sentences.Token(id: Int($0), form: 0, target: nil) }
    let hidden = network.hidden(Sentences(sequences: [tokens], spellings: []), of: 0)
    return reading.ends.map { hidden[Int($0)] }
  }

  /// [sequence][timestep] the hidden states of the last layer, before anything else is done to them.
  func lastHidden(_ records: [StateRecord]) -> [[Vector]] {
    records.map { record in
      let forward = record.states["h_l\(shape.layers - 1)"] ?? []
      guard let reverse = record.states["h_l\(shape.layers - 1)_reverse"] else { return forward }
      return zip(forward, reverse.reversed()).map { tape.concatenated([$0, $1]) }
    }
  }

  /// The mean over all elements of all vectors, 0 of none.
  func meanSquare(_ vectors: [Vector], times weight: Double) -> Vector {
    let count = vectors.reduce(0) { $0 + $1.value.count }
    return vectors.reduce(tape.vector([0])) { sum, vector in
      sum + tape.vector([Double](repeating: weight / Double(count), count: vector.value.count)).times(vector * vector)
    }
  }

  /// The logits of all classes; logarithms of probabilities where the output layer makes these in two steps.
  func output(_ h: Vector) -> Vector {
    func row(_ name: String) -> Vector { parameter("\(name).weight").times(h) + parameter("\(name).bias") }
    switch shape.output {
    case is Softmax, is SampledSoftmax, is ConditionalRandomField:
      return parameter(shape.tiesEmbeddings ? "embedding.weight" : "decoder.weight").times(h)
        + parameter("decoder.bias")
    case is WordClasses:
      let (classes, tokens) = (row("decoder.class").logSoftmax, row("decoder"))
      let ranges = shape.output.clusters(of: shape)?.clusters.map(\.tokens) ?? []
      return tape.concatenated(
        ranges.enumerated().map { repeated(classes, $0, count: $1.count) + tokens[$1].logSoftmax })
    case let output as AdaptiveSoftmax:
      let cutoffs = output.cutoffs ?? []
      let head = parameter("decoder.head.weight").times(h).logSoftmax
      guard let shortlist = cutoffs.first else { return head }
      let sizes = zip(cutoffs, cutoffs.dropFirst() + [shape.classes]).map { $1 - $0 }
      return tape.concatenated(
        [head[0..<shortlist]]
          + sizes.enumerated().map { index, size in
            let inputs = parameter("decoder.tail.\(index).0.weight").times(h)
            let tokens = parameter("decoder.tail.\(index).1.weight").times(inputs).logSoftmax
            return repeated(head, shortlist + index, count: size) + tokens
          })
    default: preconditionFailure("\(shape.output) has no reference")
    }
  }

  /// The sentences' tags together, by their emissions; none where each word's tag is by itself.
  func chains(_ emissions: [[Vector]]) -> [ChainReference] {
    guard shape.output is ConditionalRandomField else { return [] }
    return emissions.map {
      ChainReference(
        tape: tape, emissions: $0, transitions: parameter("decoder.transitions"),
        start: parameter("decoder.start_transitions"), end: parameter("decoder.end_transitions"))
    }
  }

  /// An element, several times.
  func repeated(_ vector: Vector, _ index: Int, count: Int) -> Vector {
    tape.vector([Double](repeating: 1, count: count)).times(vector[index..<index + 1])
  }

  /// The embedding of a token, with the last hidden state of each direction over its characters beside it.
  func word(_ token: Sentences.Token, _ sentences: Sentences) -> Vector {
    let embedding =
      row(token.id, of: "embedding.weight", width: shape.embedding)
      * tape.vector([Double](repeating: masks.scale(ofToken: token.id), count: shape.embedding))
    guard let characters = shape.characters else { return embedding }
    let spelling = sentences.spellings[token.form].map {
      row($0, of: "character_embedding.weight", width: characters.embedding)
    }
    let forward = direction("character_rnn", "l0", spelling, units: characters.hidden, sequence: nil)
    let reverse = direction("character_rnn", "l0_reverse", spelling.reversed(), units: characters.hidden, sequence: nil)
    return tape.concatenated([embedding, forward[spelling.count - 1], reverse[spelling.count - 1]])
  }

  func row(_ index: Int, of name: String, width: Int) -> Vector {
    parameter(name)[index * width..<(index + 1) * width]
  }

  func layer(_ module: String, _ layer: Int, _ x: [Vector], directions: Int, _ sequence: Int) -> [Vector] {
    let forward = direction(module, "l\(layer)", x, units: shape.units[layer], sequence: sequence)
    guard directions == 2 else { return forward }
    let reverse = direction(module, "l\(layer)_reverse", x.reversed(), units: shape.units[layer], sequence: sequence)
    return zip(forward, reverse.reversed()).map { tape.concatenated([$0, $1]) }
  }

  /// The hidden states of one direction, in its own time.
  ///
  /// - Parameter sequence: whose state it begins with; nil: zero.
  func direction(_ module: String, _ name: String, _ x: [Vector], units: Int, sequence: Int?) -> [Vector] {
    func begin(_ state: String) -> Vector {
      guard let sequence, let matrix = states["\(state)_\(name)"] else {
        return tape.vector([Double](repeating: 0, count: units))
      }
      return tape.vector((0..<units).map { matrix[sequence, $0] })
    }
    func weight(_ kind: String) -> Vector {
      let name = "\(module).\(kind)_\(name)"
      let shared = droppedWeights[name] ?? parameter(name)
      guard let record, record.unfolds, sequence != nil else { return shared }
      let copy = tape.vector(shared.value)
      record.add(copy, name)
      return copy
    }
    let bias = parameter("\(module).bias_ih_\(name)")
    guard let cell = shape.cell as? any CellReference else { preconditionFailure("\(shape.cell) has no reference") }
    let recurrentBias = cell.hasRecurrentBias ? parameter("\(module).bias_hh_\(name)") : nil
    var current = cell.states.map(begin)
    return x.map { x in
      let recurrent = weight("weight_hh").times(current[0])
      current = cell.advance(
        current, Gates(all: weight("weight_ih").times(x) + bias, units: units),
        Gates(all: recurrentBias.map { recurrent + $0 } ?? recurrent, units: units))
      if sequence != nil, let record {
        for (state, value) in zip(cell.states, current) { record.add(value, "\(state)_\(name)") }
      }
      return current[0]
    }
  }
}

/// Dropout's rule (see `ck_drop_rows`), one element at a time.
private struct DropoutMasks {
  let rates: DropoutRates
  let step: Int

  init(_ rates: DropoutRates, step: Int) {
    self.rates = rates
    self.step = step
  }

  /// What the embedding of a token is multiplied by.
  func scale(ofToken id: Int) -> Double {
    let share = rates.vocabulary
    let drawn = Philox(seed: rates.seed).uniform(.vocabularyDropout, step: step, position: id)
    return Double(drawn) < share ? 0 : 1 / (1 - share)
  }

  /// What the elements of a row are multiplied by.
  ///
  /// - Parameter widths: what stands side by side in the row, each from a whole multiple of 16 columns on.
  func mask(_ share: Double, place: Int, row: Int, sequence: Int, widths: [Int]) -> [Double] {
    let identity = rates.isVariational ? sequence : row
    var first = 0
    return widths.flatMap { width in
      defer { first += (width + 15) / 16 * 16 }
      return (first..<first + width).map { element(share, place: place, identity: identity, column: $0) }
    }
  }

  /// What the elements of a recurrent weight are multiplied by, [gates x units, units] row after row. The program has it
  /// transposed, with 16 units of each gate in turn.
  func weightMask(place: Int, gates: Int, units: Int) -> [Double] {
    (0..<gates * units).flatMap { output in
      let (gate, unit) = (output / units, output % units)
      let column = (unit / 16 * gates + gate) * 16 + unit % 16
      return (0..<units).map { element(rates.weights, place: place, identity: $0, column: column) }
    }
  }

  private func element(_ share: Double, place: Int, identity: Int, column: Int) -> Double {
    let threshold = min((share * 65_536).rounded(), 65_535)
    let (panel, lane) = (column / 16, column % 16)
    let block = (place << 24 | panel << 1 | lane / 8) << 32 | identity
    let word = Philox(seed: rates.seed).words(.dropout, step: step, block: block)[lane % 8 / 2]
    return Double(word >> (lane % 2 * 16) & 0xFFFF) < threshold ? 0 : 65_536 / (65_536 - threshold)
  }
}
