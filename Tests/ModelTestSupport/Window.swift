import Models

/// A window of token ids with their targets, [T, B]: row t * B + b is timestep t of stream b.
package struct Window: Sendable {
  package let timesteps: Int
  package let streams: Int
  package var inputs: [Int]
  /// nil: masked.
  package var targets: [Int?]

  package var rows: Int { timesteps * streams }
  package var targetCount: Int { targets.count { $0 != nil } }

  package init(timesteps: Int, streams: Int, inputs: [Int], targets: [Int?]) {
    precondition(inputs.count == timesteps * streams && targets.count == inputs.count)
    self.timesteps = timesteps
    self.streams = streams
    self.inputs = inputs
    self.targets = targets
  }

  /// Random tokens; about every fifth target is masked, though never the first.
  package init(timesteps: Int, streams: Int, of shape: ModelShape, using random: inout TestRandom) {
    let rows = timesteps * streams
    let inputs = (0..<rows).map { _ in Int.random(in: 0..<shape.vocabulary, using: &random) }
    let targets: [Int?] = (0..<rows).map { row in
      let target = Int.random(in: 0..<shape.classes, using: &random)
      let masked = Int.random(in: 0..<5, using: &random) == 0
      return masked && row > 0 ? nil : target
    }
    self.init(timesteps: timesteps, streams: streams, inputs: inputs, targets: targets)
  }

  /// One timestep as a window of its own.
  package func timestep(_ timestep: Int) -> Window {
    let rows = timestep * streams..<(timestep + 1) * streams
    return Window(timesteps: 1, streams: streams, inputs: Array(inputs[rows]), targets: Array(targets[rows]))
  }
}

/// A state to begin a window with: [B, hidden] for each layer, in (-1, 1).
package func randomState(of shape: ModelShape, streams: Int, using random: inout TestRandom) -> [Matrix] {
  shape.units.map { units in
    // Numbers that single precision holds exactly, so that both sides begin alike.
    let values = (0..<streams * units).map { _ in Double(Float.random(in: -1..<1, using: &random)) }
    return Matrix(rows: streams, columns: units, values: values)
  }
}
