import Compute

/// What the spelling of a word says: the last hidden states of a recurrent layer that reads its characters in both directions
/// (Ling et al.: Finding Function in Form, EMNLP 2015), trained with the rest.
///
/// Each word form of a minibatch is read once, however often it occurs; forms are the sequences of a minibatch of their own.
/// The encodings stand beside the words' embeddings, in the second and third block of the words' vectors.
struct CharacterEncoder: Stage {
  private let words: InputVectors
  private let spellings: FormSpellings
  private let embedding: EmbeddingInput
  private let projection: SharedProjection
  private let directions: [RecurrentDirection]
  private let workers: Int

  /// - Parameters:
  ///   - cell: of the network that it is a part of.
  ///   - spellings: of the minibatch whose vectors the words are.
  init(
    _ handles: CharacterParameters, _ shape: ModelShape.Characters, _ cell: any CellKind, of parameters: Parameters,
    spellings: FormSpellings, into words: InputVectors, workers: Int, training: Bool
  ) {
    let characters = spellings.characters
    self.words = words
    self.spellings = spellings
    self.workers = workers
    let vectors = InputVectors(
      of: characters, vocabulary: shape.vocabulary, widths: Widths([shape.embedding]), training: training)
    embedding = EmbeddingInput(
      handles.embedding, of: parameters, minibatch: characters, into: vectors, kinds: .characters, workers: workers)
    directions = handles.directions.enumerated().map { index, direction in
      RecurrentDirection(
        index, cell, direction, RecurrentWeights(direction, of: parameters), of: parameters,
        timeline: characters.timeline,
        memory: DirectionMemory(characters.timeline.capacity, units: shape.hidden), carriesState: false)
    }
    projection = SharedProjection(
      vectors, of: characters, handles.directions.map { InputWeights($0, of: parameters) }, into: directions,
      kinds: .characters, workers: workers)
  }

  /// Both directions of a share of the forms.
  private func phase(
    _ kind: Phase.Kind, _ run: @escaping @Sendable (_ direction: RecurrentDirection, _ forms: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, directions, workers) = (spellings.characters.timeline, directions, workers)
    let shares = { @Sendable in min(2 * workers, max(1, timeline.sequences / 12)) }
    return Phase(kind, jobs: { directions.count * shares() }) { job in
      let (direction, share) = (job % directions.count, job / directions.count)
      run(directions[direction], timeline.share(job: share, jobs: shares()))
    }
  }

  func forwardPhases() -> [Phase] {
    embedding.forwardPhases() + projection.forwardPhases() + [
      phase(.characters) { [self] direction, forms in
        direction.forward(sequences: forms, projection: projection)
        let encodings = words.values.block(1 + direction.index, of: words.widths)
        forEachWord(of: forms) { word, row in
          encodings.rows(word..<word + 1).copyRows(from: direction.output.rows(row..<row + 1))
        }
      }
    ]
  }

  func backwardPhases(into gradients: Gradients) -> [Phase] {
    [
      phase(.charactersBackward) { [self] direction, forms in
        let encodings = words.gradients.block(1 + direction.index, of: words.widths)
        let gradient = direction.hiddenGradient
        spellings.characters.timeline.forEachTimestep(of: forms) { gradient.rows($0).zeroRows() }
        forEachWord(of: forms) { word, row in
          gradient.rows(row..<row + 1).addRows(of: encodings.rows(word..<word + 1))
        }
        direction.backward(sequences: forms)
      }
    ] + projection.backwardPhases(into: gradients) + embedding.backwardPhases(into: gradients)
  }

  func reduction(into gradients: Gradients) -> [ReductionJob] {
    projection.reduction(into: gradients) + directions.flatMap { $0.reduction(into: gradients) }
  }

  /// Calls back with each distinct word that has one of the forms, and the row after which the form has been read.
  private func forEachWord(of forms: Range<Int>, _ body: (_ word: Int, _ row: Int) -> Void) {
    for form in forms {
      let (words, row) = (spellings.words(ofSequence: form), spellings.characters.timeline.lastRow(form))
      body(Int(words.0), row)
      if words.1 >= 0 { body(Int(words.1), row) }
    }
  }
}
