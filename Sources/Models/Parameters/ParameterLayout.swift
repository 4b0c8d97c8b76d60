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
  package fileprivate(set) var offset: Int
  package let panels: PanelShape
  /// Which rows a step's gradient may have anything in.
  package let gradientRows: GradientRows

  package var elementCount: Int { shape.reduce(1, *) }

  /// Where rows stand, one for each of the first dimension's indices: each in pieces of so many floats side by side, those of
  /// a row `panels.stride` apart.
  var rowPieces: (count: Int, width: Int) {
    role == .outputBias ? (1, 1) : (panels.panels, PanelShape.width)
  }

  /// [inputs] the column of each; [0] for a bias.
  var inputColumns: [Int] { shape.count == 2 ? (0..<shape[1]).map(inputs.position) : [0] }

  /// Where the elements of the PyTorch tensor stand from the parameter's offset on: element (output, input) at the sum of
  /// its output's place and its input's, in floats.
  ///
  /// Gates are interleaved by blocks of 16 units (16 of the first gate, 16 of the second, ...), so that one stretch of
  /// columns holds all gates of its units.
  fileprivate func outputPlace(_ output: Int) -> Int {
    switch role {
    case .embedding, .outputWeight: return output * PanelShape.width
    case .outputBias: return columnPlace(output)
    case .inputWeight, .recurrentWeight, .recurrentBias:
      let (units, width) = (shape[0] / gates, PanelShape.width)
      let (gate, unit) = (output / units, output % units)
      return columnPlace(unit / width * width * gates + gate * width + unit % width)
    }
  }

  fileprivate var inputPlaces: [Int] {
    role.isRecurrent ? inputColumns.map { $0 * PanelShape.width } : inputColumns.map(columnPlace)
  }

  private func columnPlace(_ index: Int) -> Int { index / PanelShape.width * panels.stride + index % PanelShape.width }
}

/// Which rows of a parameter a step's gradient may have anything in; all others are zero and take no memory.
package enum GradientRows: Sendable, Hashable {
  case all
  /// Those of the tokens that the minibatch reads.
  case inputs
  /// Those of the characters that its words are spelled with.
  case characters
  /// Those of its targets and of so many drawn classes.
  case candidates(samples: Int)
}

/// All parameters of a model in one arena. Optimizer moments are arenas of the same layout, so that clipping, update and saving
/// are single loops; gradients are one of its beginning.
package struct ParameterLayout: Sendable {
  package let parameters: [Parameter]
  /// Floats of an arena, padding included.
  package let floatCount: Int
  /// Floats of the parameters that have gradients in all rows: they come first.
  package let denseCount: Int
  /// The name of the output layer's weight: the embedding's where they are tied.
  let outputWeight: String

  package init(_ shape: ModelShape) {
    var builder = Builder()
    builder.addEmbedding(
      "embedding.weight", vocabulary: shape.vocabulary, width: shape.embedding,
      gradientRows: shape.tiesEmbeddings ? .all : .inputs)
    if let characters = shape.characters {
      builder.addEmbedding(
        "character_embedding.weight", vocabulary: characters.vocabulary, width: characters.embedding,
        gradientRows: .characters)
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
    (parameters, denseCount, floatCount) = builder.placed
    outputWeight = shape.tiesEmbeddings ? "embedding.weight" : "decoder.weight"
  }

  private struct Builder {
    private var parameters: [Parameter] = []

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

    mutating func add(
      _ name: String, _ role: Parameter.Role, _ shape: [Int], gates: Int = 1, inputs: Widths, panels: PanelShape,
      gradientRows: GradientRows = .all
    ) {
      parameters.append(
        Parameter(
          name: name, role: role, shape: shape, gates: gates, inputs: inputs, offset: 0, panels: panels,
          gradientRows: gradientRows))
    }

    mutating func addEmbedding(_ name: String, vocabulary: Int, width: Int, gradientRows: GradientRows) {
      add(
        name, .embedding, [vocabulary, width], inputs: Widths([width]),
        panels: PanelShape(rows: vocabulary, columns: width), gradientRows: gradientRows)
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
      case .sampled(let samples):
        let rows = GradientRows.candidates(samples: samples)
        addOutputWeight("decoder.weight", classes: shape.classes, inputs: inputs, gradientRows: rows)
        addOutputBias("decoder.bias", classes: shape.classes, gradientRows: rows)
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

    private mutating func addOutputWeight(
      _ name: String, classes: Int, inputs: Widths, gradientRows: GradientRows = .all
    ) {
      add(
        name, .outputWeight, [classes, inputs.total], inputs: inputs,
        panels: PanelShape(rows: classes, columns: inputs.columns), gradientRows: gradientRows)
    }

    private mutating func addOutputBias(_ name: String, classes: Int, gradientRows: GradientRows = .all) {
      add(
        name, .outputBias, [classes], inputs: Widths([1]), panels: PanelShape(rows: 1, columns: classes),
        gradientRows: gradientRows)
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
    elements(of: parameter, outputs: 0..<parameter.shape[0], in: arena)
  }

  /// Those of some outputs only.
  package func elements(of parameter: Parameter, outputs: Range<Int>, in arena: Arena) -> [Float] {
    let inputs = parameter.inputPlaces
    let base = arena.base + parameter.offset
    return [Float](unsafeUninitializedCapacity: outputs.count * inputs.count) { elements, count in
      for output in outputs {
        let place = parameter.outputPlace(output)
        for input in inputs {
          elements[count] = base[place + input]
          count += 1
        }
      }
    }
  }

  /// Cost: O(elements).
  package func setElements(of parameter: Parameter, in arena: Arena, to values: [Float]) {
    setElements(of: parameter, outputs: 0..<parameter.shape[0], in: arena, to: values)
  }

  /// Those of some outputs only.
  package func setElements(of parameter: Parameter, outputs: Range<Int>, in arena: Arena, to values: [Float]) {
    let inputs = parameter.inputPlaces
    precondition(values.count == outputs.count * inputs.count)
    let base = arena.base + parameter.offset
    var index = 0
    for output in outputs {
      let place = parameter.outputPlace(output)
      for input in inputs {
        base[place + input] = values[index]
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
