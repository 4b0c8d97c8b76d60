import Compute

/// A recurrent layer's forward pass through time, and its backward pass, shared out among workers by sequences, by units, or
/// by both.
///
/// Sequences are independent of each other: a share of them goes through all timesteps in one job, and workers meet only
/// at the end. But a product of few rows wastes the kernels, and each worker reads all recurrent weights in every
/// timestep. Shared out by units, all rows of a timestep are one product, each worker keeps its columns of the weights in
/// its own cache, and workers meet at every timestep, each of which is a phase.
///
/// No sharing changes a bit, so a model that trains tries all that come into question and keeps the fastest: see
/// `SharingTrial`.
struct Recurrence<Projection: InputProjection>: Stage {
  let layer: RecurrentLayer
  let projection: Projection
  let timeline: Timeline
  let trial: SharingTrial
  let kinds: PhaseKinds

  private var directions: [RecurrentDirection] { layer.directions }

  // MARK: forward

  /// Hidden states.
  func forwardPhases() -> [Phase] {
    let phases = trial.candidates.flatMap { sharing in
      guard sharing.units > 1 else {
        return [
          phase(kinds.forward, sharing) { direction, sequences in
            direction.forward(sequences: sequences, projection: projection)
          }
        ]
      }
      return (0..<timeline.capacity.timesteps).map { timestep in
        phase(kinds.forward, sharing, timestep: timestep) { direction, sequences, panels in
          direction.forward(timestep: timestep, sequences: sequences, panels: panels, projection: projection)
        }
      }
    }
    return directions.flatMap { $0.weightPhases() } + phases
      + reorderingPhases(kinds.forward) { [layer] in layer.concatenate(sequences: $0) }
  }

  // MARK: backward

  /// Gradients of the pre-activations from those of the hidden states.
  func backwardPhases(into gradients: Gradients) -> [Phase] {
    reorderingPhases(kinds.backward) { [layer] in layer.split(sequences: $0) }
      + trial.candidates.flatMap { sharing in
        guard sharing.units > 1 else {
          return [phase(kinds.backward, sharing) { direction, sequences in direction.backward(sequences: sequences) }]
        }
        let begin = phase(kinds.backward, sharing) { direction, sequences in
          direction.beginBackward(sequences: sequences)
        }
        let steps = (0..<timeline.capacity.timesteps).reversed().map { timestep in
          phase(kinds.backward, sharing, timestep: timestep) { direction, sequences, panels in
            direction.backward(timestep: timestep, sequences: sequences, panels: panels)
          }
        }
        let reordering = phase(kinds.backward, sharing) { direction, sequences in
          direction.reorderGradients(of: sequences)
        }
        return [begin] + steps + (directions.count == 1 ? [] : [reordering])
      }
  }

  // MARK: reduction

  func reduction(into gradients: Gradients) -> [ReductionJob] {
    directions.flatMap { $0.reduction(into: gradients) }
  }

  // MARK: sharing

  /// A phase over directions and shares of the sequences.
  private func phase(
    _ kind: Phase.Kind, _ sharing: RecurrenceSharing,
    _ run: @escaping @Sendable (_ direction: RecurrentDirection, _ sequences: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, trial, directions) = (timeline, trial, directions)
    let jobs = { @Sendable in trial.isCurrent(sharing) ? sharing.sequences * directions.count : 0 }
    // Each worker finds in its cache what it has left there of its sequences: on the way forward, on the way back.
    return Phase(kind, taking: .own, jobs: jobs) { job in
      let (direction, share) = (job % directions.count, job / directions.count)
      run(directions[direction], timeline.share(job: share, jobs: sharing.sequences))
    }
  }

  /// A phase over directions, shares of the sequences and shares of the units: one timestep.
  private func phase(
    _ kind: Phase.Kind, _ sharing: RecurrenceSharing, timestep: Int,
    _ run: @escaping @Sendable (_ direction: RecurrentDirection, _ sequences: Range<Int>, _ panels: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, trial, directions) = (timeline, trial, directions)
    let panels = directions[0].panels
    let shares = min(sharing.units, panels)
    let jobs = directions.count * sharing.sequences * shares
    // Each worker keeps its columns of the weights in its cache from timestep to timestep.
    return Phase(kind, taking: .own, jobs: { trial.isCurrent(sharing) && timestep < timeline.timesteps ? jobs : 0 }) {
      job in
      let (units, rest) = (job % shares, job / shares)
      let (direction, sequences) = (rest % directions.count, rest / directions.count)
      run(
        directions[direction], timeline.share(job: sequences, jobs: sharing.sequences),
        share(of: panels, job: units, jobs: shares))
    }
  }

  /// A phase over shares of the sequences, for layers of two directions.
  private func reorderingPhases(
    _ kind: Phase.Kind, _ run: @escaping @Sendable (_ sequences: Range<Int>) -> Void
  ) -> [Phase] {
    guard directions.count > 1 else { return [] }
    let (timeline, first) = (timeline, trial.candidates[0])
    let jobs = first.sequences * first.units * directions.count
    return [Phase(kind, jobs: { jobs }) { job in run(timeline.share(job: job, jobs: jobs)) }]
  }
}
