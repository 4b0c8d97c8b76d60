import Models

extension SequenceModel.Capacity {
  /// Of sequences, as many and as long as `lengths` says at most.
  package init(lengths: [Int], of shape: ModelShape) {
    let rows = lengths.reduce(0, +)
    self.init(Timeline.Capacity(sequences: lengths.count, timesteps: lengths.max() ?? 0, rows: rows))
    let characters = lengths.map { 1 + $0 * Sentences.longestReading }
    readings = shape.readers.map { _ in
      Timeline.Capacity(
        sequences: lengths.count, timesteps: characters.max() ?? 0, rows: characters.reduce(0, +))
    }
    if shape.characters != nil {
      let longest = Sentences.longestSpelling
      forms = Sentences.forms(of: shape)
      self.characters = Timeline.Capacity(sequences: rows, timesteps: longest, rows: rows * longest)
    }
  }
}

extension Minibatch {
  /// Takes over sequences.
  ///
  /// - Parameter further: the same sequences with what further output layers are to predict.
  package func load(_ sentences: Sentences, further: [Sentences] = []) {
    let sequences = sentences.sequences
    layOut(sequences: sequences.count) { sequences[$0].count }
    for (row, (timestep, sequence)) in sentences.rows.enumerated() {
      let token = sequences[sequence][timestep]
      inputs[row] = Int32(token.id)
      for (targets, sentences) in zip(targetsOfOutputs, [sentences] + further) {
        targets[row] = sentences.sequences[sequence][timestep].target.map(Int32.init) ?? Minibatch.masked
      }
      forms?[row] = Int32(token.form)
    }
    let spellings = sentences.spellings.map { $0.map(Int32.init) }
    prepare(spelling: { spellings[$0][...] }, reading: { sentences.readings[$0][$1] })
  }
}

extension SequenceModel {
  /// Takes over a minibatch.
  package func load(_ sentences: Sentences, further: [Sentences] = []) { minibatch.load(sentences, further: further) }

  /// Begins with random states in (-1, 1). Returns them by their names.
  package func loadRandomStates(using random: inout TestRandom) -> [String: Matrix] {
    var states: [String: Matrix] = [:]
    for (name, matrix) in carriedStates {
      let values = (0..<matrix.rows * matrix.columns).map { _ in Float.random(in: -1..<1, using: &random) }
      matrix.setRowMajor(values)
      states[name] = Matrix(rows: matrix.rows, columns: matrix.columns, values: values.map(Double.init))
    }
    return states
  }
}
