import Compute

/// Adds up the parameters of a model, one after the other: whoever adds one names it, as PyTorch does, and keeps its handle.
package struct LayoutBuilder {
  private var parameters: [Parameter] = []

  var count: Int { parameters.count }

  /// In their order, with the places of those with gradients in all rows before those of the others.
  var placed: (parameters: [Parameter], dense: Int, all: Int) {
    var (placed, offset) = (parameters, 0)
    func place(_ isPlaced: (Parameter) -> Bool) {
      for index in placed.indices where isPlaced(placed[index]) {
        placed[index].offset = offset
        offset += placed[index].panels.floatCount
      }
    }
    place { $0.gradientRows == .all }
    let dense = offset
    place { $0.gradientRows != .all }
    return (placed, dense, offset)
  }

  private mutating func add(
    _ name: String, _ role: Parameter.Role, _ shape: [Int], gates: Int = 1, fanIn: Int, inputs: Widths,
    panels: PanelShape, gradientRows: GradientRows = .all
  ) -> Parameter.Handle {
    let handle = Parameter.Handle(index: parameters.count)
    parameters.append(
      Parameter(
        handle: handle, name: name, role: role, shape: shape, gates: gates, fanIn: fanIn, inputs: inputs, offset: 0,
        panels: panels, gradientRows: gradientRows))
    return handle
  }

  /// Everything up to the last hidden states.
  ///
  /// - Parameters:
  ///   - prefix: what all names begin with.
  ///   - gradientRows: of the embedding.
  mutating func addNetwork(
    _ shape: ModelShape, named prefix: String = "", gradientRows: GradientRows
  ) -> NetworkParameters {
    let embedding = addEmbedding(
      "\(prefix)embedding.weight", vocabulary: shape.vocabulary, width: shape.embedding, gradientRows: gradientRows)
    let characters = shape.characters.map { characters in
      CharacterParameters(
        embedding: addEmbedding(
          "\(prefix)character_embedding.weight", vocabulary: characters.vocabulary, width: characters.embedding,
          gradientRows: .characters),
        directions: [false, true].map {
          addDirection(
            of: "\(prefix)character_rnn", layer: 0, isReverse: $0, shape.cell, inputs: Widths([characters.embedding]),
            units: characters.hidden)
        })
    }
    let layers = (0..<shape.layers).map { layer in
      [false, true].prefix(shape.directions).map {
        addDirection(
          of: "\(prefix)rnn", layer: layer, isReverse: $0, shape.cell, inputs: shape.inputWidths(layer: layer),
          units: shape.units[layer])
      }
    }
    return NetworkParameters(embedding: embedding, characters: characters, layers: layers)
  }

  /// [vocabulary, width]
  private mutating func addEmbedding(
    _ name: String, vocabulary: Int, width: Int, gradientRows: GradientRows
  ) -> Parameter.Handle {
    add(
      name, .embedding, [vocabulary, width], fanIn: width, inputs: Widths([width]),
      panels: PanelShape(rows: vocabulary, columns: width), gradientRows: gradientRows)
  }

  /// One direction of a recurrent layer.
  private mutating func addDirection(
    of module: String, layer: Int, isReverse: Bool, _ cell: any CellKind, inputs: Widths, units: Int
  ) -> DirectionParameters {
    let columns = cell.gateColumns(units: units)
    func name(_ kind: String) -> String { "\(module).\(kind)_l\(layer)\(isReverse ? "_reverse" : "")" }
    func weight(_ kind: String, _ role: Parameter.Role, _ inputs: Widths) -> Parameter.Handle {
      add(
        name(kind), role, [cell.gates.count * units, inputs.total], gates: cell.gates.count, fanIn: units,
        inputs: inputs, panels: PanelShape(rows: inputs.columns, columns: columns))
    }
    func bias(_ kind: String) -> Parameter.Handle {
      add(
        name(kind), .recurrentBias, [cell.gates.count * units], gates: cell.gates.count, fanIn: units,
        inputs: Widths([1]), panels: PanelShape(rows: 1, columns: columns))
    }
    return DirectionParameters(
      inputWeight: weight("weight_ih", .inputWeight, inputs),
      recurrentWeight: weight("weight_hh", .recurrentWeight, Widths([units])), bias: bias("bias_ih"),
      recurrentBias: cell.hasRecurrentBias ? bias("bias_hh") : nil)
  }

  /// [classes, inputs]
  mutating func addOutputWeight(
    _ name: String, classes: Int, inputs: Widths, gradientRows: GradientRows = .all
  ) -> Parameter.Handle {
    add(
      name, .outputWeight, [classes, inputs.total], fanIn: inputs.total, inputs: inputs,
      panels: PanelShape(rows: classes, columns: inputs.columns), gradientRows: gradientRows)
  }

  /// [classes]
  ///
  /// - Parameter inputs: those of the weight that it belongs to.
  mutating func addOutputBias(
    _ name: String, classes: Int, inputs: Widths, gradientRows: GradientRows = .all
  ) -> Parameter.Handle {
    add(
      name, .outputBias, [classes], fanIn: inputs.total, inputs: Widths([1]),
      panels: PanelShape(rows: 1, columns: classes), gradientRows: gradientRows)
  }
}

/// The parameters of a network up to its last hidden states.
struct NetworkParameters: Sendable {
  let embedding: Parameter.Handle
  let characters: CharacterParameters?
  /// [layer][direction]
  let layers: [[DirectionParameters]]
}

/// The parameters of one direction of a recurrent layer.
package struct DirectionParameters: Sendable {
  /// V [gates x units, inputs] and W [gates x units, units].
  package let inputWeight, recurrentWeight: Parameter.Handle
  /// b [gates x units]
  package let bias: Parameter.Handle
  /// Only where the cell has recurrent gates apart.
  package let recurrentBias: Parameter.Handle?
}

/// The parameters of a character encoder.
package struct CharacterParameters: Sendable {
  package let embedding: Parameter.Handle
  /// Forward, then reverse.
  package let directions: [DirectionParameters]
}
