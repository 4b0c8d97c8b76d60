import Compute

/// One parameter: its name and shape in PyTorch's terms, and where it stands in an arena, in panels.
package struct Parameter: Sendable, Equatable {
  package enum Role: Sendable, Equatable {
    /// Looked up by token id: [vocabulary, embedding].
    case embedding
    /// Multiplies a layer's input; stored transposed, [inputs, gates x units], since units are what the products have side
    /// by side.
    case inputWeight
    /// Multiplies the hidden state before; stored likewise.
    case recurrentWeight
    case recurrentBias
    /// [classes, hidden of all directions], stored as it is.
    case outputWeight
    case outputBias

    /// Whether it belongs to a recurrent layer, with gates.
    var isRecurrent: Bool { self == .inputWeight || self == .recurrentWeight || self == .recurrentBias }
  }

  package let name: String
  package let role: Role
  /// As a PyTorch module has it: [outputs, inputs], or [outputs] for a bias.
  package let shape: [Int]
  /// Gates interleaved in the columns of a recurrent parameter, 1 elsewhere.
  package let gates: Int
  /// What the inputs are side by side of.
  fileprivate let inputs: Widths
  /// Floats from the arena's start.
  package let offset: Int
  package let panels: PanelShape

  package var elementCount: Int { shape.reduce(1, *) }

  /// Where the elements of the PyTorch tensor stand from the parameter's offset on: element (output, input) at the sum of
  /// `outputs[output]` and `inputs[input]`, in floats.
  ///
  /// Gates are interleaved by blocks of 16 units (16 of the first gate, 16 of the second, ...), so that one stretch of
  /// columns holds all gates of its units.
  fileprivate var places: (outputs: [Int], inputs: [Int]) {
    let width = PanelShape.width
    func column(_ index: Int) -> Int { index / width * panels.stride + index % width }
    func row(_ index: Int) -> Int { index * width }
    let inputColumns = shape.count == 2 ? (0..<shape[1]).map(inputs.position) : [0]
    switch role {
    case .embedding, .outputWeight: return ((0..<shape[0]).map(row), inputColumns.map(column))
    case .outputBias: return ((0..<shape[0]).map(column), [0])
    case .inputWeight, .recurrentWeight, .recurrentBias:
      let units = shape[0] / gates
      let outputs = (0..<shape[0]).map { output in
        let (gate, unit) = (output / units, output % units)
        return column(unit / width * width * gates + gate * width + unit % width)
      }
      return (outputs, inputColumns.map(row))
    }
  }
}

/// All parameters of a model in one arena. Gradients and optimizer moments are arenas of the same layout, so that norm,
/// clipping, update and saving are single loops.
package struct ParameterLayout: Sendable {
  package let parameters: [Parameter]
  /// Floats of an arena, padding included.
  package let floatCount: Int
  /// The name of the output layer's weight: the embedding's where they are tied.
  let outputWeight: String

  package init(_ shape: ModelShape) {
    var builder = Builder()
    builder.addEmbedding("embedding.weight", vocabulary: shape.vocabulary, width: shape.embedding)
    if let characters = shape.characters {
      builder.addEmbedding("character_embedding.weight", vocabulary: characters.vocabulary, width: characters.embedding)
      for name in DirectionNames.both("character_rnn", layer: 0) {
        builder.addDirection(
          name, shape.cell, inputs: Widths([characters.embedding]), units: characters.hidden)
      }
    }
    for layer in 0..<shape.layers {
      for name in DirectionNames.all("rnn", layer: layer, directions: shape.directions) {
        builder.addDirection(name, shape.cell, inputs: shape.inputWidths(layer: layer), units: shape.hidden)
      }
    }
    builder.addOutput(shape)
    parameters = builder.parameters
    floatCount = builder.offset
    outputWeight = shape.tiesEmbeddings ? "embedding.weight" : "decoder.weight"
  }

  private struct Builder {
    var parameters: [Parameter] = []
    var offset = 0

    mutating func add(
      _ name: String, _ role: Parameter.Role, _ shape: [Int], gates: Int = 1, inputs: Widths, panels: PanelShape
    ) {
      parameters.append(
        Parameter(name: name, role: role, shape: shape, gates: gates, inputs: inputs, offset: offset, panels: panels))
      offset += panels.floatCount
    }

    mutating func addEmbedding(_ name: String, vocabulary: Int, width: Int) {
      add(
        name, .embedding, [vocabulary, width], inputs: Widths([width]),
        panels: PanelShape(rows: vocabulary, columns: width))
    }

    mutating func addDirection(_ names: DirectionNames, _ cell: CellKind, inputs: Widths, units: Int) {
      let columns = cell.gateColumns(units: units)
      for (name, role, inputs) in [
        (names.inputWeight, Parameter.Role.inputWeight, inputs),
        (names.recurrentWeight, .recurrentWeight, Widths([units])),
      ] {
        add(
          name, role, [cell.gates * units, inputs.total], gates: cell.gates, inputs: inputs,
          panels: PanelShape(rows: inputs.columns, columns: columns))
      }
      for name in cell.hasRecurrentBias ? [names.bias, names.recurrentBias] : [names.bias] {
        add(
          name, .recurrentBias, [cell.gates * units], gates: cell.gates, inputs: Widths([1]),
          panels: PanelShape(rows: 1, columns: columns))
      }
    }

    mutating func addOutput(_ shape: ModelShape) {
      let inputs = shape.outputWidths
      switch shape.output {
      case .softmax:
        if !shape.tiesEmbeddings { addOutputWeight("decoder.weight", classes: shape.classes, inputs: inputs) }
        addOutputBias("decoder.bias", classes: shape.classes)
      case .wordClasses:
        addOutputWeight("decoder.weight", classes: shape.classes, inputs: inputs)
        addOutputBias("decoder.bias", classes: shape.classes)
      case .adaptive: break
      }
      guard let layout = shape.clusters else { return }
      addOutputWeight(layout.headWeight, classes: layout.headClasses, inputs: inputs)
      if let bias = layout.headBias { addOutputBias(bias, classes: layout.headClasses) }
      for cluster in layout.clusters {
        guard let projection = cluster.projection else { continue }
        addOutputWeight(projection.weight, classes: projection.width, inputs: inputs)
        addOutputWeight(cluster.weight, classes: cluster.tokens.count, inputs: Widths([projection.width]))
      }
    }

    private mutating func addOutputWeight(_ name: String, classes: Int, inputs: Widths) {
      add(
        name, .outputWeight, [classes, inputs.total], inputs: inputs,
        panels: PanelShape(rows: classes, columns: inputs.columns))
    }

    private mutating func addOutputBias(_ name: String, classes: Int) {
      add(name, .outputBias, [classes], inputs: Widths([1]), panels: PanelShape(rows: 1, columns: classes))
    }
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

  /// A parameter's elements as PyTorch orders them. Cost: O(elements).
  package func elements(of parameter: Parameter, in arena: Arena) -> [Float] {
    let (outputs, inputs) = parameter.places
    let base = arena.base + parameter.offset
    return [Float](unsafeUninitializedCapacity: parameter.elementCount) { elements, count in
      for output in outputs {
        for input in inputs {
          elements[count] = base[output + input]
          count += 1
        }
      }
    }
  }

  /// Cost: O(elements).
  package func setElements(of parameter: Parameter, in arena: Arena, to values: [Float]) {
    precondition(values.count == parameter.elementCount)
    let (outputs, inputs) = parameter.places
    let base = arena.base + parameter.offset
    var index = 0
    for output in outputs {
      for input in inputs {
        base[output + input] = values[index]
        index += 1
      }
    }
  }
}

/// What PyTorch calls the parameters of one direction of a recurrent layer.
struct DirectionNames {
  let inputWeight, recurrentWeight, bias, recurrentBias: String

  init(_ module: String, layer: Int, isReverse: Bool) {
    func name(_ kind: String) -> String { "\(module).\(kind)_l\(layer)\(isReverse ? "_reverse" : "")" }
    inputWeight = name("weight_ih")
    recurrentWeight = name("weight_hh")
    bias = name("bias_ih")
    recurrentBias = name("bias_hh")
  }

  static func both(_ module: String, layer: Int) -> [DirectionNames] { all(module, layer: layer, directions: 2) }

  static func all(_ module: String, layer: Int, directions: Int) -> [DirectionNames] {
    [false, true].prefix(directions).map { DirectionNames(module, layer: layer, isReverse: $0) }
  }
}
