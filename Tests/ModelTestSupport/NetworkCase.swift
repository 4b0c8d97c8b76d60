import Models

/// A kind of network with everything that can be switched on or off, sequences for it, and a line that says it all.
package struct NetworkCase: Sendable, CustomStringConvertible {
  package enum Lengths: String, CaseIterable, Sendable {
    case uniform, ragged, single
  }

  /// What can be switched on in any network.
  package enum Switch: Int, CaseIterable, Sendable {
    case residual = 1
    case inputDropout, layerDropout, variational, tied, characters
    /// Sizes that are whole panels.
    case wholePanels
    case outputDropout, vocabularyDropout, weightDropout
    case activationPenalty, temporalPenalty
    /// Layers of different widths, the last one as wide as all are without.
    case widths
    /// Networks that read the sequences' characters.
    case readers
  }

  package let shape: ModelShape
  /// The longest sequence comes first.
  package let lengths: [Int]
  package let dropout: DropoutRates
  package let penalties: ActivationPenalties
  /// Whether sequences begin with a state of their own, as a language model's do.
  package let carriesState: Bool
  package let description: String

  package init(_ cell: any CellKind, layers: Int, isBidirectional: Bool, _ kind: Lengths, _ switches: Set<Switch>) {
    let isWhole = switches.contains(.wholePanels)
    let hidden = isWhole ? 32 : 21
    let width = isBidirectional ? 2 * hidden : hidden
    // A language model alone has an embedding that is an output layer, too, and no characters.
    let isTied = switches.contains(.tied) && !isBidirectional
    let characters =
      isWhole
      ? ModelShape.Characters(vocabulary: 16, embedding: 16, hidden: 16)
      : ModelShape.Characters(vocabulary: 9, embedding: 5, hidden: 6)
    let hasCharacters = switches.contains(.characters)
    let readers =
      switches.contains(.readers)
      ? Self.readers(isWhole ? (16, 32) : isTied || switches.contains(.residual) ? (3, 2) : (19, 5)) : []
    var embedding = isWhole ? 16 : 7
    if isTied {
      embedding = width
    } else if switches.contains(.residual) {
      // Of the output's width with what stands beside it, where that leaves anything.
      let beside = (hasCharacters ? 2 * characters.hidden : 0) + readers.reduce(0) { $0 + $1.width }
      if width > beside { embedding = width - beside }
    }
    let vocabulary = isWhole ? 32 : 23
    var shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: cell, hidden: hidden,
      layers: layers, classes: isTied ? vocabulary : isWhole ? 96 : 19)
    if switches.contains(.widths) {
      for layer in 0..<layers - 1 { shape.units[layer] += layer.isMultiple(of: 2) ? 16 : -16 }
    }
    shape.isBidirectional = isBidirectional
    shape.isResidual = switches.contains(.residual)
    shape.tiesEmbeddings = isTied
    shape.characters = hasCharacters ? characters : nil
    shape.readers = readers
    self.shape = shape
    lengths =
      switch kind {
      case .uniform: [Int](repeating: isWhole ? 4 : 7, count: isWhole ? 16 : 5)
      case .ragged: [9, 8, 8, 5, 4, 4, 4, 2, 1, 1]
      case .single: [11]
      }
    var dropout = DropoutRates()
    dropout.input = switches.contains(.inputDropout) ? 0.3 : 0
    dropout.layers = switches.contains(.layerDropout) ? 0.25 : 0
    dropout.output = switches.contains(.outputDropout) ? 0.4 : 0
    dropout.weights = switches.contains(.weightDropout) ? 0.35 : 0
    dropout.vocabulary = switches.contains(.vocabularyDropout) ? 0.3 : 0
    dropout.isVariational = switches.contains(.variational)
    dropout.seed = 0x1_2345_6789
    self.dropout = dropout
    var penalties = ActivationPenalties()
    penalties.activation = switches.contains(.activationPenalty) ? 2 : 0
    penalties.temporal = switches.contains(.temporalPenalty) ? 1.5 : 0
    self.penalties = penalties
    carriesState = kind == .uniform && !isBidirectional
    let names = Switch.allCases.filter(switches.contains).map { "\($0)" }
    description =
      "\(cell) x \(layers), \(isBidirectional ? "bidirectional, " : "")\(kind.rawValue): "
      + (names.isEmpty ? "plain" : names.joined(separator: ", "))
  }

  /// Of two kinds, and of different depths.
  private static func readers(_ widths: (Int, Int)) -> [ModelShape.Reader] {
    var forward = ModelShape(vocabulary: 11, embedding: 6, cell: .lstm, hidden: widths.0, layers: 2, classes: 1)
    forward.units[0] = 17
    let backward = ModelShape(vocabulary: 8, embedding: 4, cell: .gru, hidden: widths.1, layers: 1, classes: 1)
    return [
      ModelShape.Reader(named: "reader.forward", forward), ModelShape.Reader(named: "reader.backward", backward),
    ]
  }

  /// All cells, depths, directions and lengths with nothing switched on, and again with switches such that any two of them
  /// meet in all four combinations.
  package static let covering: [NetworkCase] = {
    var cases: [NetworkCase] = []
    for cell in everyCell {
      for layers in 1...3 {
        for isBidirectional in [false, true] {
          for lengths in Lengths.allCases {
            // The rows of an orthogonal array of strength two are the vectors of five bits, and its columns parities of
            // them. There are 31 without the one that is all zeros: no divisor of the number of cases, so that a
            // switch isn't tied to a cell, depth, direction or length.
            let row = cases.count / 2 % 31 + 1
            let switches = Switch.allCases.filter { !(row & $0.rawValue).nonzeroBitCount.isMultiple(of: 2) }
            for switches in [[], Set(switches)] {
              cases.append(NetworkCase(cell, layers: layers, isBidirectional: isBidirectional, lengths, switches))
            }
          }
        }
      }
    }
    return cases
  }()
}
