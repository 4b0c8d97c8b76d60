import Compute

/// What profiles call the phases of a stage.
struct PhaseKinds {
  let forward, backward: Phase.Kind

  static let input = PhaseKinds(forward: .input, backward: .inputGradient)
  static let recurrence = PhaseKinds(forward: .forward, backward: .backward)
  /// All that reads characters.
  static let characters = PhaseKinds(forward: .characters, backward: .charactersBackward)
}
