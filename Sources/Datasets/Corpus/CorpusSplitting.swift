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

/// Where the parts of the training files begin that are held out for validation and test, in units: characters at
/// character level, sentences otherwise. Training comes first, validation next, test last.
struct SplitBoundaries: Equatable {
  let validation: Int
  let test: Int

  /// Positions are computed in whole millionths, so that no rounding of a product can move them: of n units and the
  /// fractions v and t, training ends at n·(10⁶ - v·10⁶ - t·10⁶)/10⁶, and validation at n·(10⁶ - t·10⁶)/10⁶.
  init(of text: RecordedText, in unit: RecordedText.Unit, _ sources: CorpusSources) throws(CorpusError) {
    let units = text.count(of: unit)
    let boundaries = try sources.boundaries(in: units)
    let empty: Split? =
      if boundaries.validation <= 0 {
        .train
      } else if sources.validation.fraction != nil, boundaries.validation == boundaries.test {
        .validation
      } else if sources.test.fraction != nil, boundaries.test == units {
        .test
      } else {
        nil
      }
    if let empty {
      let endsLinesInCR = unit == .sentences && text.loneCarriageReturns > units
      throw .emptySplit(empty, paths: sources.train, units: units, unit: unit, endsLinesInCR: endsLinesInCR)
    }
    (validation, test) = (boundaries.validation, boundaries.test)
  }
}

extension CorpusSources {
  /// Whether the training files hold more than the training split.
  var takesFractions: Bool { validation.fraction != nil || test.fraction != nil }

  /// Where in so many units of the training files validation and test begin, in that order.
  func boundaries(in units: Int) throws(CorpusError) -> (validation: Int, test: Int) {
    let (v, t) = (validation.fraction ?? 0, test.fraction ?? 0)
    // Written so that a NaN fails too.
    guard v >= 0, t >= 0, v + t < 1 else { throw .invalidFractions(validation: v, test: t) }
    let million = 1_000_000
    let vMillionths = Int((v * Double(million)).rounded())
    let tMillionths = Int((t * Double(million)).rounded())
    return (units * (million - vMillionths - tMillionths) / million, units * (million - tMillionths) / million)
  }
}

extension CorpusSources.HeldOut {
  /// The part of the training files, nil for what doesn't come from there.
  fileprivate var fraction: Double? {
    if case .fraction(let fraction) = self { fraction } else { nil }
  }
}
