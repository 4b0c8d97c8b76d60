import Compute

/// What the spelling of a word says: the last hidden states of a recurrent layer that reads its characters in both directions
/// (Ling et al.: Finding Function in Form, EMNLP 2015), trained with the rest.
///
/// Each word form of a minibatch is read once, however often it occurs; forms are the sequences of a timeline of their own.
final class CharacterEncoder: Sendable {
  private let words: Minibatch
  /// The characters of the words' forms.
  private let characters: Minibatch
  private let input: EmbeddingInput
  private let directions: [RecurrentDirection]
  private let encodings: Encodings
  private let workers: Int

  private static let embeddingName = "character_embedding.weight"

  /// - Parameters:
  ///   - words: the minibatch whose forms are spelled.
  ///   - capacity: most forms, the longest one's characters, and the characters of all.
  init(
    _ shape: ModelShape.Characters, of parameters: Parameters, words: Minibatch, capacity: Timeline.Capacity,
    workers: Int,
    training: Bool
  ) {
    self.words = words
    self.workers = workers
    let characters = Minibatch(capacity, vocabulary: shape.vocabulary)
    self.characters = characters
    directions = DirectionNames.both("character_rnn", layer: 0).enumerated().map { index, names in
      RecurrentDirection(
        names, of: parameters, timeline: characters.timeline, units: shape.hidden, isReverse: index == 1,
        carriesState: false)
    }
    input = EmbeddingInput(
      Self.embeddingName, widths: Widths([shape.embedding]), of: parameters, minibatch: characters,
      gateColumns: directions.map(\.inputGates.columns), training: training)
    encodings = Encodings(words: words.timeline.capacity.rows, forms: capacity.sequences)
  }

  /// Takes over the forms of the words' minibatch, which is prepared. Cost: O(characters).
  ///
  /// - Parameter spelling: a form's characters as ids, at least one.
  func prepare(spelling: (_ form: Int) -> ArraySlice<Int32>) {
    encodings.assign(words: words, characters: characters, spelling: spelling)
  }

  // MARK: phases

  private func jobs() -> Int { min(2 * workers, max(1, characters.timeline.sequences / 12)) }

  /// Hidden states of all forms' characters.
  func forwardPhases() -> [Phase] {
    let (characters, input, directions) = (characters, input, directions)
    return [
      Phase("characters", jobs: { 1 }) { _ in
        input.embed(share: 0..<characters.distinctCount)
        input.project(share: 0..<characters.distinctCount, into: directions)
      },
      Phase("characters", jobs: { [self] in 2 * jobs() }) { [self] job in
        let (index, direction) = (job % 2, directions[job % 2])
        direction.forward(sequences: characters.timeline.share(job: job / 2, jobs: jobs())) { rows, panels, gates in
          input.gather(index, isReverse: direction.isReverse, rows: rows, panels: panels, into: gates)
        }
      },
    ]
  }

  /// Puts the encodings of some distinct words beside their embeddings.
  func gather(share rows: Range<Int>, into vectors: EmbeddingInput) {
    for (index, direction) in directions.enumerated() {
      vectors.part(1 + index).rows(rows).gatherRows(of: direction.output, index: encodings.rowOfWord + rows.lowerBound)
    }
  }

  /// Back through all forms, from the gradients of the encodings.
  func backwardPhases(from vectors: EmbeddingInput, into gradients: Gradients) -> [Phase] {
    let (characters, input, directions, encodings) = (characters, input, directions, encodings)
    return [
      Phase("characters back", jobs: { [self] in 2 * jobs() }) { [self] job in
        let (index, direction) = (job % 2, directions[job % 2])
        let forms = characters.timeline.share(job: job / 2, jobs: jobs())
        let gradient = direction.hiddenGradient
        direction.forEachTimestep(of: forms) { gradient.rows($0).zeroRows() }
        for form in forms {
          let row = characters.timeline.lastRow(form)
          for word in encodings.words(ofForm: form) {
            gradient.rows(row..<row + 1).addRows(of: vectors.gradientPart(1 + index).rows(word..<word + 1))
          }
        }
        direction.backward(sequences: forms)
      },
      Phase("characters back", jobs: { EmbeddingInput.panels(of: directions) }) { panel in
        input.sumGradients(of: directions, panel: panel)
      },
      Phase("characters back", jobs: { 1 }) { _ in
        input.projectBack(share: 0..<characters.distinctCount, through: directions)
      },
    ] + input.embeddingPhases(into: gradients)
  }

  /// The encoder's part of the reducer's jobs.
  func reduction(into gradients: Gradients) -> [@Sendable () -> Void] {
    let input = input
    return directions.enumerated().flatMap { index, direction in
      direction.reduction(into: gradients) { input.distinct(direction: index) }
    }
  }
}

/// Which sequence of characters encodes which word of a minibatch.
private final class Encodings: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  /// [distinct words] the row of characters after which a word's form has been read.
  let rowOfWord: UnsafeMutablePointer<Int32>
  /// [forms][2] the distinct words of each form, -1 for none: a form can have another id by word dropout.
  private let wordsOfForm: UnsafeMutablePointer<Int32>

  init(words: Int, forms: Int) {
    rowOfWord = .allocate(capacity: words)
    rowOfWord.initialize(repeating: 0, count: words)
    wordsOfForm = .allocate(capacity: 2 * forms)
    wordsOfForm.initialize(repeating: -1, count: 2 * forms)
  }

  deinit {
    rowOfWord.deallocate()
    wordsOfForm.deallocate()
  }

  func words(ofForm form: Int) -> [Int] {
    [wordsOfForm[2 * form], wordsOfForm[2 * form + 1]].filter { $0 >= 0 }.map(Int.init)
  }

  func assign(words: Minibatch, characters: Minibatch, spelling: (_ form: Int) -> ArraySlice<Int32>) {
    guard let distinctForms = words.distinctForms else { preconditionFailure("the minibatch has no forms") }
    // Forms in order of first appearance, then the longest first.
    var numberOfForm: [Int32: Int] = [:]
    var forms: [(form: Int32, words: [Int])] = []
    for word in 0..<words.distinctCount {
      let form = distinctForms[word]
      if let number = numberOfForm[form] {
        forms[number].words.append(word)
      } else {
        numberOfForm[form] = forms.count
        forms.append((form, [word]))
      }
    }
    let lengths = forms.map { spelling(Int($0.form)).count }
    let order = forms.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    characters.layOut(sequences: order.count) { lengths[order[$0]] }
    for (sequence, number) in order.enumerated() {
      let (form, words) = forms[number]
      for (timestep, character) in spelling(Int(form)).enumerated() {
        characters.inputs[characters.timeline.row(timestep, sequence)] = character
      }
      let row = Int32(characters.timeline.lastRow(sequence))
      for index in 0..<2 { wordsOfForm[2 * sequence + index] = index < words.count ? Int32(words[index]) : -1 }
      for word in words { rowOfWord[word] = row }
    }
    characters.prepare()
  }
}
