import Compute

/// How a layer's way through time is shared out among workers: by sequences, or where those are too few, by units as well.
///
/// Sequences are independent of each other: a share of them goes through all timesteps in one job, and workers meet only
/// at the end. But a product of few rows wastes the kernels, and each worker reads all recurrent weights in every
/// timestep. Shared out by units, all rows of a timestep are one product, each worker keeps its columns of the weights in
/// its own cache, and workers meet at every timestep, each of which is a phase. No way of sharing changes a bit.
struct Recurrence {
  private let timeline: Timeline
  /// Shares of the sequences in each direction.
  private let sequenceShares: Int
  /// Shares of the units in each direction; 1: none, and jobs go through all timesteps.
  private let unitShares: Int

  /// Below so many rows to a share, kernels waste their time.
  private static let fewestRows = 6
  /// Rows of a share that kernels are at their best with.
  private static let goodRows = 12
  /// Past so many timesteps there would be too many phases.
  private static let mostPhases = 2048

  /// - Parameter panels: of units.
  init(_ timeline: Timeline, workers: Int, directions: Int, panels: Int) {
    self.timeline = timeline
    let (sequences, jobs) = (timeline.capacity.sequences, (workers + directions - 1) / directions)
    if sequences >= jobs * Self.fewestRows || jobs == 1 || timeline.capacity.timesteps > Self.mostPhases {
      (sequenceShares, unitShares) = (max(1, min(jobs, sequences)), 1)
    } else {
      sequenceShares = max(1, min(jobs, sequences / Self.goodRows))
      unitShares = min(panels, (jobs + sequenceShares - 1) / sequenceShares)
    }
  }

  /// Hidden states of a layer.
  ///
  /// - Parameter gather: what puts a direction's projected inputs in place, if they aren't there.
  func forwardPhases(
    of layer: RecurrentLayer, gather: @escaping @Sendable (_ direction: Int) -> InputGather?
  ) -> [Phase] {
    if unitShares == 1 {
      return [
        phase("forward", layer) { direction, sequences in
          layer.directions[direction].forward(sequences: sequences, gather: gather(direction))
        }
      ] + orderPhase(layer, "forward") { layer.join(sequences: $0) }
    }
    return (0..<timeline.capacity.timesteps).map { timestep in
      phase("forward", layer, timestep: timestep) { direction, sequences, panels in
        layer.directions[direction].forward(
          timestep: timestep, sequences: sequences, panels: panels, gather: gather(direction))
      }
    } + orderPhase(layer, "forward") { layer.join(sequences: $0) }
  }

  /// Gradients of the pre-activations from those of the hidden states.
  func backwardPhases(of layer: RecurrentLayer) -> [Phase] {
    let begin = orderPhase(layer, "backward") { layer.part(sequences: $0) }
    if unitShares == 1 {
      return begin + [
        phase("backward", layer) { direction, sequences in
          layer.directions[direction].backward(sequences: sequences)
        }
      ]
    }
    let forget = phase("backward", layer) { direction, sequences in
      layer.directions[direction].beginBackward(sequences: sequences)
    }
    let steps = (0..<timeline.capacity.timesteps).reversed().map { timestep in
      phase("backward", layer, timestep: timestep) { direction, sequences, panels in
        layer.directions[direction].backward(timestep: timestep, sequences: sequences, panels: panels)
      }
    }
    let order = orderPhase(layer, "backward") { sequences in
      for direction in layer.directions { direction.orderGradients(of: sequences) }
    }
    return begin + [forget] + steps + order
  }

  /// A phase over directions and shares of the sequences.
  private func phase(
    _ name: String, _ layer: RecurrentLayer,
    _ run: @escaping @Sendable (_ direction: Int, _ sequences: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, shares, directions) = (timeline, sequenceShares, layer.directions.count)
    return Phase(name, jobs: { shares * directions }) { job in
      run(job % directions, timeline.share(job: job / directions, jobs: shares))
    }
  }

  /// A phase over directions, shares of the sequences and shares of the units: one timestep.
  private func phase(
    _ name: String, _ layer: RecurrentLayer, timestep: Int,
    _ run: @escaping @Sendable (_ direction: Int, _ sequences: Range<Int>, _ panels: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, sequenceShares, unitShares) = (timeline, sequenceShares, unitShares)
    let (directions, panels) = (layer.directions.count, layer.directions[0].panels)
    let jobs = directions * sequenceShares * unitShares
    return Phase(name, jobs: { timestep < timeline.timesteps ? jobs : 0 }) { job in
      let (part, rest) = (job % unitShares, job / unitShares)
      run(
        rest % directions, timeline.share(job: rest / directions, jobs: sequenceShares),
        share(of: panels, job: part, jobs: unitShares))
    }
  }

  /// A phase over shares of the sequences, for layers of two directions.
  private func orderPhase(
    _ layer: RecurrentLayer, _ name: String, _ run: @escaping @Sendable (_ sequences: Range<Int>) -> Void
  ) -> [Phase] {
    guard layer.directions.count > 1 else { return [] }
    let (timeline, jobs) = (timeline, sequenceShares * unitShares * layer.directions.count)
    return [Phase(name, jobs: { jobs }) { job in run(timeline.share(job: job, jobs: jobs)) }]
  }
}
