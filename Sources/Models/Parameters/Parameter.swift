import Compute

/// One parameter: its name and shape in PyTorch's terms, and where it stands in an arena, in panels.
package struct Parameter: Sendable, Equatable {
  /// A parameter's place in its layout: what modules know theirs by.
  package struct Handle: Sendable, Hashable {
    let index: Int
  }

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

  package let handle: Handle
  package let name: String
  package let role: Role
  /// As a PyTorch module has it: [outputs, inputs], or [outputs] for a bias.
  package let shape: [Int]
  /// Gates interleaved in the columns of a recurrent parameter, 1 elsewhere.
  package let gates: Int
  /// What decides how far from zero first values are: how many inputs each output of the parameter's layer adds up, whose
  /// weight has them and whose bias goes by them; of a recurrent layer its units, whatever its inputs.
  let fanIn: Int
  /// What the inputs are side by side of.
  let inputs: Widths
  /// Floats from the arena's start.
  package internal(set) var offset: Int
  package let panels: PanelShape
  /// Which rows a step's gradient may have anything in.
  package let gradientRows: GradientRows

  package var elementCount: Int { shape.reduce(1, *) }

  /// Where it stands in an arena, padding included.
  package var floats: Range<Int> { offset..<offset + panels.floatCount }

  /// Where one of its floats is for those who share the parameter out, from 0 to 1: as the tiles that its gradient is summed
  /// in have it.
  func place(ofFloat offset: Int) -> Double {
    let hasAllColumns = ReductionTile.hasAllColumns(rows: panels.rows)
    let (float, count) = (offset - self.offset, hasAllColumns ? panels.stride : panels.floatCount)
    return Double(float % count) / Double(count)
  }

  /// Where rows stand, one for each of the first dimension's indices: each in pieces of so many floats side by side, those of
  /// a row `panels.stride` apart.
  package var rowPieces: (count: Int, width: Int) {
    role == .outputBias ? (1, 1) : (panels.panels, PanelShape.width)
  }

  /// Where some rows stand, in floats from an arena's start: a stretch for each piece, rows side by side as one.
  func stretches(ofRows rows: Range<Int>) -> [Range<Int>] {
    let (pieces, width) = rowPieces
    // Behind all rows of a panel is padding.
    let count = rows.count == panels.rows ? panels.stride : rows.count * width
    return (0..<pieces).map { piece in
      let start = offset + piece * panels.stride + rows.lowerBound * width
      return start..<start + count
    }
  }

  /// [inputs] the column of each; [0] for a bias.
  var inputColumns: [Int] { shape.count == 2 ? (0..<shape[1]).map(inputs.position) : [0] }

  /// Where the elements of the PyTorch tensor stand from the parameter's offset on: element (output, input) at the sum of
  /// its output's place and its input's, in floats.
  ///
  /// Gates are interleaved by blocks of 16 units (16 of the first gate, 16 of the second, ...), so that one stretch of
  /// columns holds all gates of its units.
  func outputPlace(_ output: Int) -> Int {
    switch role {
    case .embedding, .outputWeight: return output * PanelShape.width
    case .outputBias: return columnPlace(output)
    case .inputWeight, .recurrentWeight, .recurrentBias:
      let (units, width) = (shape[0] / gates, PanelShape.width)
      let (gate, unit) = (output / units, output % units)
      return columnPlace(unit / width * width * gates + gate * width + unit % width)
    }
  }

  /// [inputs] the place of each.
  var inputPlaces: [Int] {
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
  /// Those of the characters that one of the readers reads.
  case readings(by: Int)
  /// Those of its targets and of so many drawn classes.
  case candidates(samples: Int)
  /// Those of the targets and the drawn classes, then those of the tokens that the minibatch reads and weren't among them.
  case candidatesThenInputs(samples: Int)

  /// Whether the output layer says first which rows there are.
  var beginAtOutput: Bool {
    switch self {
    case .all, .inputs, .characters, .readings: false
    case .candidates, .candidatesThenInputs: true
    }
  }
}
