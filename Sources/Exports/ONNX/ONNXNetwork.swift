import Datasets
import Models

/// Builds the graph of a model:
///
///     tokens [timesteps, batch] -> embedding (beside it the character encoder's states) -> layers -> output layer -> logits
///
/// States go in and come out, so that a caller can go on where the run before ended. A tagger also gets the sentences'
/// lengths: in the backward direction each begins at its own end.
struct ONNXNetwork {
  private(set) var graph = ONNXGraph()
  private let model: ExportedModel

  private static let logits = "logits"
  private static let (timesteps, batch) = (ONNXGraph.Dimension.free("timesteps"), ONNXGraph.Dimension.free("batch"))

  init(_ model: ExportedModel) { self.model = model }

  private var shape: ModelShape { model.shape }
  private var layout: ParameterLayout { model.layout }
  private var readsSentences: Bool { model.model.tagging != nil }

  /// - Throws: `ExportError.unsayable` for a cell that ONNX has no operator for.
  mutating func build() throws(ExportError) {
    guard let cell = (shape.cell as? any ONNXCell)?.onnx else {
      throw .unsayable(format: ONNX().name, what: "the cell \(shape.cell.name), which is none of its operators")
    }
    let tokens = graph.addInput("tokens", .int64, [Self.timesteps, Self.batch], "ids: positions in the list tokens")
    var lengths = ""
    if readsSentences {
      lengths = graph.addInput(
        "lengths", .int32, [Self.batch], "words of each sentence, at least 1; what stands behind them doesn't matter")
    }
    graph.addOutput(
      Self.logits, [Self.timesteps, Self.batch, .fixed(shape.classes)], help(on: layout.output.distribution))
    let extent = graph.add("Shape", [tokens])
    var x = graph.add("Gather", [weights(of: layout.embedding), tokens])
    if let spellings = characterEncoder(cell, extent: extent) {
      x = graph.add("Concat", [x, spellings], [("axis", .int(2))])
    }
    for layer in 0..<shape.layers {
      let hidden = recurrentLayer(layer, cell, reading: x, lengths: lengths)
      x = shape.isResidual(layer: layer) ? graph.add("Add", [hidden, x]) : hidden
    }
    try addLogits(of: x, extent: extent)
  }

  // MARK: layers

  /// [timesteps, batch, units of all directions]
  private mutating func recurrentLayer(
    _ layer: Int, _ cell: ONNXRecurrence, reading x: String, lengths: String
  ) -> String {
    let suffixes = ["_l\(layer)", "_l\(layer)_reverse"].prefix(shape.directions)
    let size = [Self.batch, .fixed(shape.units[layer])]
    let initial = cell.states.map { state in
      let states = suffixes.map { suffix in
        graph.add(
          "Unsqueeze",
          [
            graph.addInput(state + suffix, .float, size, "the state \(state) to begin with; zeros for a new text"),
            graph.addNumbers([0]),
          ])
      }
      return states.count == 1 ? states[0] : graph.add("Concat", states, [("axis", .int(0))])
    }
    let ends = cell.states.map { graph.newName("final_\($0)") }
    let y = graph.newName("hidden")
    graph.add(
      cell.operation, [x] + weights(of: layout.layers[layer], cell, "rnn.l\(layer)") + [lengths] + initial,
      attributes(of: cell, directions: shape.directions, units: shape.units[layer]), outputs: [y] + ends)
    for (state, name) in zip(cell.states, ends) {
      addFinalStates(name, to: suffixes.map { "\(state)\($0)_out" }, size, state)
    }
    guard shape.isBidirectional else { return graph.add("Squeeze", [y, graph.addNumbers([1])]) }
    // [timesteps, directions, batch, units]; in a new shape 0 keeps what is there.
    let sideBySide = graph.add("Transpose", [y], [("perm", .ints([0, 2, 1, 3]))])
    return graph.add("Reshape", [sideBySide, graph.addNumbers([0, 0, shape.outputWidths(layer: layer).total])])
  }

  /// - Parameter states: [directions, batch, units]
  private mutating func addFinalStates(
    _ states: String, to names: [String], _ size: [ONNXGraph.Dimension], _ state: String
  ) {
    let single = names.count == 1 ? [states] : names.map { _ in graph.newName("state") }
    if names.count > 1 { graph.add("Split", [states], [("axis", .int(0))], outputs: single) }
    for (direction, name) in zip(single, names) {
      _ = graph.add("Squeeze", [direction, graph.addNumbers([0])], output: name)
      graph.addOutput(name, size, "the state \(state) at the end, to go on with")
    }
  }

  /// The last hidden states over each word's characters, [timesteps, batch, 2 x units]; nil without a character encoder.
  private mutating func characterEncoder(_ cell: ONNXRecurrence, extent: String) -> String? {
    guard let sizes = shape.characters, let handles = layout.characters else { return nil }
    let spelled = graph.addInput(
      "characters", .int64, [.free("characters"), Self.timesteps, Self.batch],
      "the first \(Spellings.longest) Unicode scalars of each word as positions in the list characters, <unk> for "
        + "those that aren't in it; any number behind a word's last")
    let counts = graph.addInput(
      "character_counts", .int32, [Self.timesteps, Self.batch],
      "characters of each word, at least 1: a word without any has one <unk>, and so has what stands behind a sentence")
    let columns = graph.add("Reshape", [spelled, graph.addNumbers([0, -1])])
    let vectors = graph.add("Gather", [weights(of: handles.embedding), columns])
    let last = graph.newName("last_states")
    graph.add(
      cell.operation,
      [vectors] + weights(of: handles.directions, cell, "character_rnn")
        + [graph.add("Reshape", [counts, graph.addNumbers([-1])])],
      attributes(of: cell, directions: 2, units: sizes.hidden), outputs: ["", last])
    // [directions, words, units]
    let sideBySide = graph.add("Transpose", [last], [("perm", .ints([1, 0, 2]))])
    return graph.add("Reshape", [sideBySide, rowShape(extent, columns: 2 * sizes.hidden)])
  }

  private func attributes(
    of cell: ONNXRecurrence, directions: Int, units: Int
  ) -> [(String, ONNXGraph.Attribute)] {
    var attributes = cell.attributes + [("hidden_size", .int(units))]
    if directions == 2 { attributes.append(("direction", .text("bidirectional"))) }
    if let activation = cell.activation {
      attributes.append(("activations", .texts(Array(repeating: activation, count: directions))))
    }
    return attributes
  }

  // MARK: weights

  /// W [directions, gates x units, inputs], R [directions, gates x units, units] and B [directions, 2 x gates x units], the
  /// recurrent bias behind the other.
  private mutating func weights(
    of directions: [DirectionParameters], _ cell: ONNXRecurrence, _ name: String
  ) -> [String] {
    func rows(_ handle: Parameter.Handle) -> [WeightRows] { gates(of: layout[handle], cell) }
    let (input, recurrent) = (layout[directions[0].inputWeight].shape, layout[directions[0].recurrentWeight].shape)
    let (units, count) = (recurrent[1], cell.gates.count * recurrent[1])
    return [
      graph.addWeights(
        "\(name).W", shape: [directions.count, count, input[1]], directions.flatMap { rows($0.inputWeight) }),
      graph.addWeights(
        "\(name).R", shape: [directions.count, count, units], directions.flatMap { rows($0.recurrentWeight) }),
      graph.addWeights(
        "\(name).B", shape: [directions.count, 2 * count],
        directions.flatMap { rows($0.bias) + ($0.recurrentBias.map(rows) ?? [.zeros(count: count, width: 1)]) }),
    ]
  }

  /// The rows of each of an operator's gates.
  private func gates(of parameter: Parameter, _ cell: ONNXRecurrence) -> [WeightRows] {
    let units = parameter.shape[0] / shape.cell.gates.count
    return cell.gates.map { gate in
      let rows = WeightRows(
        of: parameter, in: model.model.parameters, rows: gate.number * units..<(gate.number + 1) * units)
      return gate.isNegated ? rows.negated : rows
    }
  }

  /// A parameter as it is.
  private mutating func weights(of handle: Parameter.Handle) -> String {
    let parameter = layout[handle]
    return graph.addWeights(
      parameter.name, shape: parameter.shape, [WeightRows(of: parameter, in: model.model.parameters)])
  }

  /// The shape of a minibatch's rows: timesteps, batch and so many columns.
  private mutating func rowShape(_ extent: String, columns: Int) -> String {
    graph.add("Concat", [extent, graph.addNumbers([columns])], [("axis", .int(0))])
  }

  // MARK: output layers

  private func help(on distribution: Distribution) -> String {
    switch distribution {
    case .softmax: "softmax makes the probabilities of them"
    case .clusters: "logarithms of the probabilities"
    case .chain: "scores of single tags"
    }
  }

  /// Rows of all timesteps are one matrix until the end.
  ///
  /// - Throws: `ExportError.unsayable` for tags of a whole sentence together, which no operator finds.
  private mutating func addLogits(of hidden: String, extent: String) throws(ExportError) {
    let rows = graph.add("Reshape", [hidden, graph.addNumbers([-1, shape.outputWidths.total])])
    let logits =
      switch layout.output.distribution {
      case .softmax(let weight, let bias): linear(rows, weights(of: weight), weights(of: bias))
      case .clusters(let clusters): clustered(rows, clusters)
      case .chain:
        throw .unsayable(
          format: ONNX().name,
          what: "the output layer \(shape.output.name), whose best tags are found sentence by sentence")
      }
    _ = graph.add("Reshape", [logits, rowShape(extent, columns: shape.classes)], output: Self.logits)
  }

  /// x U^T + b: [rows, inputs] -> [rows, classes]
  private mutating func linear(_ x: String, _ weight: String, _ bias: String?) -> String {
    graph.add("Gemm", [x, weight] + (bias.map { [$0] } ?? []), [("transB", .int(1))])
  }

  /// The head's logarithms of probabilities for the shortlist, and for the tokens of each cluster their own and the
  /// cluster's added.
  private mutating func clustered(_ rows: String, _ clusters: ClusteredParameters) -> String {
    let head = logSoftmax(
      linear(rows, weights(of: clusters.headWeight), clusters.headBias.map { weights(of: $0) }))
    let shortlist = clusters.layout.shortlist
    if clusters.tails.isEmpty { return head }
    var parts = (shortlist > 0 ? [graph.newName("shortlist")] : [])
    let shares = clusters.tails.map { _ in graph.newName("share") }
    let sizes = (shortlist > 0 ? [shortlist] : []) + shares.map { _ in 1 }
    graph.add("Split", [head, graph.addNumbers(sizes)], [("axis", .int(1))], outputs: parts + shares)
    for (tail, share) in zip(clusters.tails, shares) {
      let inputs = tail.projection.map { linear(rows, weights(of: $0), nil) } ?? rows
      let tokens = logSoftmax(
        linear(inputs, rowsOf(tail.weight, tail.rows), tail.bias.map { rowsOf($0, tail.rows) }))
      parts.append(graph.add("Add", [tokens, share]))
    }
    return graph.add("Concat", parts, [("axis", .int(1))])
  }

  private mutating func logSoftmax(_ logits: String) -> String { graph.add("LogSoftmax", [logits]) }

  /// Some rows of a parameter.
  private mutating func rowsOf(_ handle: Parameter.Handle, _ rows: Range<Int>) -> String {
    let parameter = layout[handle]
    if rows.count == parameter.shape[0] { return weights(of: handle) }
    return graph.addWeights(
      "\(parameter.name).\(rows.lowerBound)", shape: [rows.count] + parameter.shape.dropFirst(),
      [WeightRows(of: parameter, in: model.model.parameters, rows: rows)])
  }
}
