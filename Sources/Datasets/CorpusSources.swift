/// Where the splits of a corpus come from.
package struct CorpusSources: Sendable, Equatable {
  /// A split other than that for training.
  package enum HeldOut: Sendable, Equatable {
    case none
    case files([String])
    /// A part of the training files' end, between 0 and 1.
    case fraction(Double)
  }

  /// Files that are read as one, in this order.
  package var train: [String]
  package var validation: HeldOut
  package var test: HeldOut

  package init(train: [String], validation: HeldOut = .none, test: HeldOut = .none) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}
