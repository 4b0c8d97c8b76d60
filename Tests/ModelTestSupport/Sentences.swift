import Models

/// A minibatch as a list of sequences, the longest first.
package struct Sentences: Sendable {
  package struct Token: Sendable {
    package var id: Int
    /// How it is spelled, as a number; 0 where spellings don't matter.
    package var form: Int
    /// nil: masked.
    package var target: Int?

    package init(id: Int, form: Int, target: Int?) {
      self.id = id
      self.form = form
      self.target = target
    }
  }

  package let sequences: [[Token]]
  /// The characters of each form, as ids.
  package let spellings: [[Int]]
  /// [reader][sequence] what each reads.
  package let readings: [[CharacterReading]]

  package init(sequences: [[Token]], spellings: [[Int]], readings: [[CharacterReading]] = []) {
    self.sequences = sequences
    self.spellings = spellings
    self.readings = readings
  }

  /// Some of the sequences.
  package func some(_ range: Range<Int>) -> Sentences {
    Sentences(
      sequences: Array(sequences[range]), spellings: spellings, readings: readings.map { Array($0[range]) })
  }

  /// Characters of the longest form.
  package static let longestSpelling = 6
  /// Characters that readers read of a word.
  package static let longestReading = 4

  /// More than there are ids.
  package static func forms(of shape: ModelShape) -> Int { shape.vocabulary + 3 }

  /// Random tokens; about every fifth target is masked, though never the first.
  ///
  /// Where the model reads characters, several forms have the id 0, as unknown words do, and every fourth token of another
  /// form has it too, as word dropout makes them.
  package init(lengths: [Int], of shape: ModelShape, using random: inout TestRandom) {
    func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
    let forms = Self.forms(of: shape)
    spellings =
      shape.characters.map { characters in
        (0..<forms).map { _ in (0..<1 + number(Self.longestSpelling)).map { _ in number(characters.vocabulary) } }
      } ?? []
    var sequences: [[Token]] = []
    for length in lengths {
      sequences.append(
        (0..<length).map { timestep in
          let masked = number(5) == 0 && !(sequences.isEmpty && timestep == 0)
          let target = masked ? nil : number(shape.classes)
          guard shape.characters != nil else { return Token(id: number(shape.vocabulary), form: 0, target: target) }
          let form = number(forms)
          return Token(id: form < shape.vocabulary && number(4) > 0 ? form : 0, form: form, target: target)
        })
    }
    self.sequences = sequences
    // One reader in two reads from the end, and before the first word something stands.
    readings = shape.readers.enumerated().map { index, reader in
      lengths.map { length in
        var ends: [Int32] = []
        for _ in 0..<length { ends.append((ends.last ?? 0) + 1 + Int32(number(Self.longestReading))) }
        return CharacterReading(
          tokens: (0...Int(ends.last ?? 0)).map { _ in Int32(number(reader.network.vocabulary)) },
          ends: index.isMultiple(of: 2) ? ends : ends.reversed())
      }
    }
  }

  /// Sequences of a window, side by side.
  package init(_ window: Window) {
    (spellings, readings) = ([], [])
    sequences = (0..<window.streams).map { stream in
      (0..<window.timesteps).map { timestep in
        let row = timestep * window.streams + stream
        return Token(id: window.inputs[row], form: 0, target: window.targets[row])
      }
    }
  }

  /// The places of all tokens in the order in which a minibatch has its rows: timestep after timestep, in each the sequences
  /// that are long enough.
  package var rows: [(timestep: Int, sequence: Int)] {
    (0..<(sequences.first?.count ?? 0)).flatMap { timestep in
      sequences.indices.filter { sequences[$0].count > timestep }.map { (timestep, $0) }
    }
  }

  package var targetCount: Int { sequences.joined().count { $0.target != nil } }
}
