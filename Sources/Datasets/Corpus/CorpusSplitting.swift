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
  init(of record: borrowing CorpusRecord, in unit: CorpusRecord.Unit, _ sources: CorpusSources) throws(CorpusError) {
    let units = record.count(of: unit)
    let (validation, test) = (sources.validation.fraction, sources.test.fraction)
    (self.validation, self.test) = try sources.boundaries(in: units)

    let empty: Split? =
      if self.validation <= 0 {
        .train
      } else if validation != nil, self.validation == self.test {
        .validation
      } else if test != nil, self.test == units {
        .test
      } else {
        nil
      }
    guard let empty else { return }
    let endsLinesInCR = unit == .sentences && record.loneCarriageReturns > units
    throw .emptySplit(empty, paths: sources.train, units: units, unit: unit, endsLinesInCR: endsLinesInCR)
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

extension CorpusRecord {
  /// What a text is split between.
  package enum Unit: Sendable {
    case characters, sentences

    var noun: String {
      switch self {
      case .characters: "character"
      case .sentences: "sentence"
      }
    }
  }

  func count(of unit: Unit) -> Int {
    switch unit {
    case .characters: tokens.count
    case .sentences: offsets.count - 1
    }
  }

  /// Takes off everything from a unit on, and returns it as a record of its own.
  ///
  /// O(what is taken off); the tokens that stay are not copied.
  mutating func removeTail(from position: Int, in unit: Unit) -> CorpusRecord {
    let token: Int
    let start: TextExtent
    switch unit {
    case .characters:
      token = position
      start = extent(ofCharacters: position)
    case .sentences:
      token = Int(offsets[position])
      // White space behind the last sentence goes with that sentence.
      start = position == 0 ? TextExtent() : position == extents.count ? extent : extents[position - 1]
    }

    var tail = self
    tail.tokens = Array(tokens[token...])
    tokens.removeSubrange(token...)
    for column in tags.indices { tail.tags[column] = tags[column].removeTail(from: token) }

    // A cut between characters may go through a sentence, whose parts then are a sentence each.
    let whole = offsets.lastIndex { $0 <= token } ?? 0
    tail.offsets = [0] + offsets[(whole + 1)...].map { $0 - Int64(token) }
    tail.extents = extents[whole...].map { $0 - start }
    tail.extent = extent - start
    offsets.removeSubrange((whole + 1)...)
    extents.removeSubrange(whole...)
    if offsets[whole] < token {
      offsets.append(Int64(token))
      extents.append(start)
    }
    extent = start
    return tail
  }

  /// How long the first tokens are, which are a character each. O(line).
  private func extent(ofCharacters count: Int) -> TextExtent {
    let sentence = offsets.lastIndex { $0 <= count } ?? 0
    var meter = TextMeter()
    let text = tokens[Int(offsets[sentence])..<count].flatMap { table[Int($0)].utf8 }
    meter.add(UTF8Span(unchecked: text.span))
    return (sentence == 0 ? TextExtent() : extents[sentence - 1]) + meter.extent
  }
}
