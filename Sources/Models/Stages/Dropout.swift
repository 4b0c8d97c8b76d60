import Compute

/// What of a model is set to zero in training (Srivastava et al.: Dropout, JMLR 15, 2014).
package struct DropoutRates: Sendable, Equatable {
  /// Share of what goes into the first layer.
  package var input = 0.0
  /// Share of the hidden states of each layer but the last.
  package var layers = 0.0
  /// Share of the last layer's hidden states.
  package var output = 0.0
  /// Share of the recurrent weights.
  package var weights = 0.0
  /// Share of the vocabulary whose embeddings are zero in a step.
  package var vocabulary = 0.0
  /// One mask for all timesteps of a sequence (Gal and Ghahramani, NIPS 2016) instead of one for each.
  package var isVariational = false
  /// Decides the masks, and the classes that a sampled output layer draws.
  package var seed: UInt64 = 0

  package init() {}

  /// Nothing dropped, with the same seed.
  var off: DropoutRates {
    var rates = DropoutRates()
    rates.seed = seed
    return rates
  }

  /// Whether `isVariational` makes a difference.
  package var dropsActivations: Bool { max(input, layers, output) > 0 }
}

/// Dropout at one place of the network.
///
/// A mask is a pure function of (seed, step, place, row or sequence, column): it is computed again on the backward pass rather
/// than kept, and how rows are shared out can't change it.
struct Dropout {
  private let random: Philox
  private let share: Double
  private let place: Int
  /// What decides each row's mask: its sequence, where all its rows have one; nil: the row. Always those of the whole minibatch.
  private let identities: Buffer<Int32>?
  private let step: StepSettings

  /// - Parameters:
  ///   - place: tells one place of the network from the others.
  ///   - share: nil if it is 0.
  init?(share: Double, place: Int, rates: DropoutRates, timeline: Timeline, step: StepSettings) {
    guard share > 0 else { return nil }
    random = Philox(seed: rates.seed)
    self.share = share
    self.place = place
    self.step = step
    identities = rates.isVariational ? timeline.sequencesInWhole : timeline.rowsInWhole
  }

  /// to = from with the mask's elements at zero and the others scaled up, for some rows; both may be the same matrix.
  ///
  /// The mask is its own derivative: this is the backward pass, too.
  func apply(_ from: PanelMatrix, into to: PanelMatrix, rows: Range<Int>) {
    to.dropRows(of: from, rows: rows, random, share: share, step: step.number, place: place, maskOf: identities?.base)
  }
}

/// Dropout of whole words: rows of the embedding are zero wherever a step reads them, and the others are scaled up (embedding
/// dropout: Gal and Ghahramani, NIPS 2016; Merity, Keskar, Socher: Regularizing and Optimizing LSTM Language Models, ICLR
/// 2018).
///
/// Which words is a pure function of (seed, step, token id). An output layer that the embedding is tied to has all of them.
struct VocabularyDropout {
  private let random: Philox
  private let share: Float
  private let step: StepSettings

  /// - Parameter rates: nil if nothing of the vocabulary is dropped.
  init?(_ rates: DropoutRates, step: StepSettings) {
    guard rates.vocabulary > 0 else { return nil }
    random = Philox(seed: rates.seed)
    share = Float(rates.vocabulary)
    self.step = step
  }

  /// Multiplies rows of embeddings, or of their gradients, by 0 or 1 / (1 - share).
  ///
  /// - Parameter tokens: [rows] which embeddings they are.
  func apply(_ rows: PanelMatrix, tokens: UnsafePointer<Int32>) {
    let (random, share, kept, number) = (random, share, 1 / (1 - share), step.number)
    rows.scaleRows { row in
      random.uniform(.vocabularyDropout, step: number, position: Int(tokens[row])) < share ? 0 : kept
    }
  }
}
