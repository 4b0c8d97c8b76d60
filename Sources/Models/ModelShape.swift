/// All sizes of a model; what its parameters are follows from it.
package struct ModelShape: Sendable, Equatable {
  /// Token ids that go in: 0 ..< vocabulary.
  package var vocabulary: Int
  /// Width of a token's embedding.
  package var embedding: Int
  @CellKey package var cell: any CellKind
  /// [layer] units of a hidden state, in each direction.
  package var units: [Int]
  /// What a distribution at every timestep is over: the vocabulary or the tags.
  package var classes: Int
  /// What those of further output layers are over, beside the first one's: the tags of other columns.
  package var furtherClasses: [Int] = []
  /// Whether each layer reads its sequences backwards as well.
  package var isBidirectional = false
  /// Whether a layer's input is added to its output where both are of one width.
  package var isResidual = false
  /// How the output layer computes its distribution.
  @OutputKey package var output: any OutputKind = Softmax()
  /// Whether the output layer's weight is the embedding.
  package var tiesEmbeddings = false
  /// How words are spelled, beside their embeddings; nil: it doesn't matter.
  package var characters: Characters?
  /// Width of what else is known of each word, beside its embedding; 0: nothing. It is given with a minibatch, and nothing of it
  /// is trained.
  package var features = 0
  /// Networks that read the characters of each sentence and are trained with the rest: the state of each at the end of a word
  /// stands beside the word's embedding, in this order.
  package var readers: [Reader] = []

  /// A network that reads the characters of sentences: a language model's, without its output layer.
  package struct Reader: Sendable, Equatable {
    /// What the names of its parameters begin with.
    package var name: String
    /// Its sizes, up to what its output layer would read; of one direction, and its tokens are spelled out no further.
    package var network: ModelShape

    package init(named name: String, _ network: ModelShape) {
      precondition(!network.isBidirectional && network.characters == nil && network.readers.isEmpty)
      (self.name, self.network) = (name, network)
    }

    /// Numbers for each word.
    package var width: Int { network.outputWidths.total }
  }

  /// The sizes of a character encoder.
  package struct Characters: Sendable, Equatable {
    /// Character ids: 0 ..< vocabulary.
    package var vocabulary: Int
    /// Width of a character's embedding.
    package var embedding: Int
    /// Units of a hidden state, in each direction.
    package var hidden: Int

    package init(vocabulary: Int, embedding: Int, hidden: Int) {
      self.vocabulary = vocabulary
      self.embedding = embedding
      self.hidden = hidden
    }
  }

  /// - Parameter hidden: units of every layer's hidden state.
  package init(vocabulary: Int, embedding: Int, cell: any CellKind, hidden: Int, layers: Int, classes: Int) {
    self.vocabulary = vocabulary
    self.embedding = embedding
    self.cell = cell
    units = Array(repeating: hidden, count: layers)
    self.classes = classes
  }

  package var layers: Int { units.count }
  /// By output layer.
  package var classesOfOutputs: [Int] { [classes] + furtherClasses }
  package var directions: Int { isBidirectional ? 2 : 1 }

  /// What a layer hands on: the hidden states of its directions side by side.
  package func outputWidths(layer: Int) -> Widths { Widths(Array(repeating: units[layer], count: directions)) }

  /// What the output layer reads.
  package var outputWidths: Widths { outputWidths(layer: layers - 1) }

  /// What follows from a word alone: its embedding, with what a character encoder makes of it.
  var wordWidths: Widths { Widths([embedding] + (characters.map { [$0.hidden, $0.hidden] } ?? [])) }

  /// What goes into a layer: into the first one what follows from a word alone, with what else is known of it beside that, and
  /// what readers make of it.
  package func inputWidths(layer: Int) -> Widths {
    guard layer == 0 else { return outputWidths(layer: layer - 1) }
    return Widths(wordWidths.columnCounts + (features > 0 ? [features] : []) + readers.map(\.width))
  }

  /// Whether a layer's input is added to its output.
  package func isResidual(layer: Int) -> Bool {
    isResidual && inputWidths(layer: layer).total == outputWidths(layer: layer).total
  }

  /// Weights of the recurrent and the output layers, without embeddings and biases: what arithmetic is counted by, 6 FLOP
  /// per weight and token in training. A character encoder counts for nothing, and readers don't either; an output layer, as many
  /// classes as it multiplies by for every row.
  package var multipliedWeights: Int {
    (0..<layers).reduce(outputWidths.total * (output.multipliedClasses(of: self) + furtherClasses.reduce(0, +))) {
      $0 + directions * cell.gates.count * units[$1] * (inputWidths(layer: $1).total + units[$1])
    }
  }
}
