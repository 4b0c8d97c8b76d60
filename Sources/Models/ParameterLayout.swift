import Compute

/// One parameter: its name and shape in PyTorch's terms, and where it stands in an arena, in panels.
package struct Parameter: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    /// Looked up by token id: [vocabulary, embedding].
    case embedding
    /// Multiplies an input or a hidden state; stored transposed, [inputs, gates x units], since units are what the
    /// recurrent product has side by side.
    case recurrentWeight
    case recurrentBias
    /// [classes, hidden], stored as it is.
    case outputWeight
    case outputBias
  }

  package let name: String
  package let role: Role
  /// As a PyTorch module has it: [outputs, inputs], or [outputs] for a bias.
  package let shape: [Int]
  /// Gates interleaved in the columns of a recurrent parameter, 1 elsewhere.
  package let gates: Int
  /// Floats from the arena's start.
  package let offset: Int
  package let panels: PanelShape

  package var elementCount: Int { shape.reduce(1, *) }

  /// Where element `index` of the PyTorch tensor (row-major) stands in the matrix.
  ///
  /// Gates are interleaved by blocks of 16 units (16 of the first gate, 16 of the second, ...), so that one stretch of
  /// columns holds all gates of its units.
  fileprivate func position(_ index: Int) -> (row: Int, column: Int) {
    let inner = shape.count == 2 ? shape[1] : 1
    let (output, input) = (index / inner, index % inner)
    switch role {
    case .embedding, .outputWeight: return (output, input)
    case .outputBias: return (0, output)
    case .recurrentWeight, .recurrentBias:
      let units = shape[0] / gates
      let (gate, unit) = (output / units, output % units)
      let width = PanelShape.width
      return (input, unit / width * width * gates + gate * width + unit % width)
    }
  }
}

/// All parameters of a model in one arena. Gradients and optimizer moments are arenas of the same layout, so that norm,
/// clipping, update and saving are single loops.
package struct ParameterLayout: Sendable {
  package let parameters: [Parameter]
  /// Floats of an arena, padding included.
  package let floatCount: Int

  package init(_ shape: ModelShape) {
    var parameters: [Parameter] = []
    var offset = 0
    func add(_ name: String, _ role: Parameter.Role, _ shape: [Int], gates: Int = 1, panels: PanelShape) {
      parameters.append(Parameter(name: name, role: role, shape: shape, gates: gates, offset: offset, panels: panels))
      offset += panels.floatCount
    }
    add(
      "embedding.weight", .embedding, [shape.vocabulary, shape.embedding],
      panels: PanelShape(rows: shape.vocabulary, columns: shape.embedding))
    let gates = shape.cell.gates
    let columns = shape.cell.gateColumns(units: shape.hidden)
    for layer in 0..<shape.layers {
      for (name, inputs) in [("ih", shape.inputWidth(layer: layer)), ("hh", shape.hidden)] {
        add(
          "rnn.weight_\(name)_l\(layer)", .recurrentWeight, [gates * shape.hidden, inputs], gates: gates,
          panels: PanelShape(rows: inputs, columns: columns))
      }
      for name in shape.cell.hasRecurrentBias ? ["ih", "hh"] : ["ih"] {
        add(
          "rnn.bias_\(name)_l\(layer)", .recurrentBias, [gates * shape.hidden], gates: gates,
          panels: PanelShape(rows: 1, columns: columns))
      }
    }
    add(
      "decoder.weight", .outputWeight, [shape.classes, shape.hidden],
      panels: PanelShape(rows: shape.classes, columns: shape.hidden))
    add("decoder.bias", .outputBias, [shape.classes], panels: PanelShape(rows: 1, columns: shape.classes))
    self.parameters = parameters
    floatCount = offset
  }

  /// Numbers that are trained, padding not counted.
  package var elementCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }

  package func parameter(_ name: String) -> Parameter {
    guard let found = parameters.first(where: { $0.name == name }) else {
      preconditionFailure("no parameter is called \(name)")
    }
    return found
  }

  package func view(_ name: String, in arena: Arena) -> PanelMatrix { view(parameter(name), in: arena) }

  package func view(_ parameter: Parameter, in arena: Arena) -> PanelMatrix {
    PanelMatrix(arena, offset: parameter.offset, parameter.panels)
  }

  /// A parameter's elements as PyTorch orders them.
  package func elements(of parameter: Parameter, in arena: Arena) -> [Float] {
    let view = view(parameter, in: arena)
    return (0..<parameter.elementCount).map { index in
      let (row, column) = parameter.position(index)
      return view[row, column]
    }
  }

  package func setElements(of parameter: Parameter, in arena: Arena, to values: [Float]) {
    precondition(values.count == parameter.elementCount)
    let view = view(parameter, in: arena)
    for (index, value) in values.enumerated() {
      let (row, column) = parameter.position(index)
      view[row, column] = value
    }
  }
}
