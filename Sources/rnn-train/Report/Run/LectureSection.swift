import Inference
import Models
import Plots
import Presentation

extension ReportSection {
  /// The network as the lecture draws it, unfolded in time, with its own sizes; what its weights are called; and how their
  /// gradients are sums over time.
  static func lecture(of model: TrainedModel) -> ReportSection {
    let lecture = Lecture(model.parameters)
    var section = ReportSection(
      "The network, unfolded in time",
      paragraphs: [
        "Three of its timesteps: every timestep uses the same weights. What goes into the loss Lₜ comes up from xₜ, and along "
          + "the states from every xₖ before it; on the same way its gradient goes back."
      ])
    section.panels = [
      .figure(Figure("Three timesteps", lecture.picture)), .table(title: "Its weights", lecture.weights),
    ]
    section.panels += lecture.formulas
    return section
  }
}

/// What the lecture says about a network.
private struct Lecture {
  private let shape: ModelShape
  private let layout: ParameterLayout

  init(_ parameters: Parameters) { (shape, layout) = (parameters.shape, parameters.layout) }

  private static let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")

  /// `W`; of a deep network `W⁽²⁾`, of a direction that reads backwards with an arrow.
  private func symbol(_ letter: String, layer: Int, isReverse: Bool = false) -> String {
    let number = String(layer + 1).compactMap { $0.wholeNumberValue.map { Self.superscripts[$0] } }
    return (isReverse ? "←" : "") + letter + (shape.layers > 1 ? "⁽\(String(number))⁾" : "")
  }

  // MARK: the picture

  /// Layers that a picture has room for.
  private static let drawnLayers = 4

  var picture: UnfoldedNetwork {
    let drawn = (0..<shape.layers).filter { $0 < Self.drawnLayers - 1 || $0 == shape.layers - 1 }
    let layers = drawn.map { layer in
      let directions = 0..<shape.directions
      return UnfoldedNetwork.Layer(
        directions: directions.map {
          UnfoldedNetwork.Row(
            symbol(shape.cell.equations?.state ?? "h", layer: layer, isReverse: $0 == 1),
            size: Format.count(shape.units[layer], "unit"))
        },
        inputWeight: symbol("V", layer: layer),
        recurrentWeights: directions.map { symbol("W", layer: layer, isReverse: $0 == 1) })
    }
    return UnfoldedNetwork(
      title: "The network, unfolded in time",
      description:
        "Three timesteps of \(Format.count(shape.layers, "layer")): arrows V from the input up, W from state to "
        + "state, U up to the output and the loss.",
      input: UnfoldedNetwork.Row("x", size: Format.count(shape.inputWidths(layer: 0).total)), layers: layers,
      output: UnfoldedNetwork.Row("y", size: Format.count(shape.classes)), outputWeight: "U")
  }

  // MARK: the weights

  /// An output layer of two steps has several of each.
  private static let outputSymbols: [Parameter.Role: String] = [.outputWeight: "U", .outputBias: "c"]

  var weights: Table {
    var symbols = [layout.embedding: shape.tiesEmbeddings ? "x, U" : "x"]
    for (layer, directions) in layout.layers.enumerated() {
      for (direction, handles) in directions.enumerated() {
        symbols[handles.inputWeight] = symbol("V", layer: layer, isReverse: direction == 1)
        symbols[handles.recurrentWeight] = symbol("W", layer: layer, isReverse: direction == 1)
        symbols[handles.bias] = symbol("b", layer: layer, isReverse: direction == 1)
        if let bias = handles.recurrentBias { symbols[bias] = symbol("b′", layer: layer, isReverse: direction == 1) }
      }
    }
    let rows = layout.parameters.map { parameter in
      [
        parameter.name, symbols[parameter.handle] ?? Self.outputSymbols[parameter.role] ?? "",
        parameter.shape.map { Format.count($0) }.joined(separator: " × "),
      ]
    }
    return Table(["in checkpoints", "here", "shape"], rows)
  }

  // MARK: the formulas

  var formulas: [ReportSection.Panel] {
    guard let equations = shape.cell.equations else { return [] }
    let s = equations.state
    let gates = shape.cell.gates
    let rows =
      gates.count > 1
      ? " V, W and b have the rows of all gates below each other: \(gates.map(\.name).joined(separator: ", "))." : ""
    let layers = shape.layers > 1 ? " Each layer has its own, and its x is what the layer below gives." : ""
    let both = shape.isBidirectional ? " A second network of the same kind reads from the end: there k is after t." : ""
    return [
      .formulas(
        title: "What it computes",
        equations.lines + ["y_t=\\softmax(U h_t+c)", "L=\\sum_{t=1}^{T}L_t\\quad L_t=-\\log y_t[w_t]"],
        note: "wₜ is what should come out at t.\(rows)\(layers)\(both) Training divides L by the number of targets."),
      .formulas(
        title: "What it learns by",
        [
          "\\frac{\\partial L}{\\partial U}=\\sum_{t=1}^{T}\\frac{\\partial L_t}{\\partial y_t}\\frac{\\partial y_t}{\\partial U}",
          "\\frac{\\partial L}{\\partial W}=\\sum_{t=1}^{T}\\sum_{k=1}^{t}\\frac{\\partial L_t}{\\partial \(s)_t}"
            + "\\frac{\\partial \(s)_t}{\\partial \(s)_k}\\frac{\\partial \(s)_k}{\\partial W}",
          "\\frac{\\partial L}{\\partial V}=\\sum_{t=1}^{T}\\sum_{k=1}^{t}\\frac{\\partial L_t}{\\partial \(s)_t}"
            + "\\frac{\\partial \(s)_t}{\\partial \(s)_k}\\frac{\\partial \(s)_k}{\\partial V}",
          "\\frac{\\partial \(s)_t}{\\partial \(s)_k}=\\prod_{i=k+1}^{t}\\frac{\\partial \(s)_i}{\\partial \(s)_{i-1}}",
        ] + (equations.jacobian.map { [$0] } ?? []),
        note: "The last derivative of each sum is taken with the state before it held constant. U needs one timestep "
          + "alone; W and V need every k up to t, and a product of t − k Jacobians, which vanishes or explodes."),
    ]
  }
}
