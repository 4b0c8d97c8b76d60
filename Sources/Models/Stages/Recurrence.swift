import Compute

/// How layers' ways through time are shared out among workers: by sequences, by units, or by both.
///
/// Sequences are independent of each other: a share of them goes through all timesteps in one job, and workers meet only
/// at the end. But a product of few rows wastes the kernels, and each worker reads all recurrent weights in every
/// timestep. Shared out by units, all rows of a timestep are one product, each worker keeps its columns of the weights in
/// its own cache, and workers meet at every timestep, each of which is a phase.
///
/// No way of sharing changes a bit, so a model that trains tries all that come into question and keeps the fastest: see
/// `SharingTrial`.
struct Recurrence {
  private let timeline: Timeline
  let trial: SharingTrial

  init(_ timeline: Timeline, workers: Int, directions: Int, panels: Int) {
    self.timeline = timeline
    trial = SharingTrial(
      RecurrenceSharing.all(
        timeline.capacity, jobs: (workers + directions - 1) / directions, panels: panels))
  }

  /// Hidden states of a layer.
  ///
  /// - Parameter gather: what puts a direction's projected inputs in place, if they aren't there.
  func forwardPhases(
    of layer: RecurrentLayer, gather: @escaping @Sendable (_ direction: Int) -> InputGather?
  ) -> [Phase] {
    trial.ways.flatMap { way in
      guard way.units > 1 else {
        return [
          phase("forward", layer, way) { direction, sequences in
            layer.directions[direction].forward(sequences: sequences, gather: gather(direction))
          }
        ]
      }
      return (0..<timeline.capacity.timesteps).map { timestep in
        phase("forward", layer, way, timestep: timestep) { direction, sequences, panels in
          layer.directions[direction].forward(
            timestep: timestep, sequences: sequences, panels: panels, gather: gather(direction))
        }
      }
    } + orderPhase(layer, "forward") { layer.join(sequences: $0) }
  }

  /// Gradients of the pre-activations from those of the hidden states.
  func backwardPhases(of layer: RecurrentLayer) -> [Phase] {
    let begin = orderPhase(layer, "backward") { layer.part(sequences: $0) }
    return begin
      + trial.ways.flatMap { way in
        guard way.units > 1 else {
          return [
            phase("backward", layer, way) { direction, sequences in
              layer.directions[direction].backward(sequences: sequences)
            }
          ]
        }
        let forget = phase("backward", layer, way) { direction, sequences in
          layer.directions[direction].beginBackward(sequences: sequences)
        }
        let steps = (0..<timeline.capacity.timesteps).reversed().map { timestep in
          phase("backward", layer, way, timestep: timestep) { direction, sequences, panels in
            layer.directions[direction].backward(timestep: timestep, sequences: sequences, panels: panels)
          }
        }
        let order =
          layer.directions.count == 1
          ? []
          : [
            phase("backward", layer, way) { direction, sequences in
              layer.directions[direction].orderGradients(of: sequences)
            }
          ]
        return [forget] + steps + order
      }
  }

  /// A phase over directions and shares of the sequences, for one way of sharing.
  private func phase(
    _ name: String, _ layer: RecurrentLayer, _ way: RecurrenceSharing,
    _ run: @escaping @Sendable (_ direction: Int, _ sequences: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, trial, directions) = (timeline, trial, layer.directions.count)
    return Phase(name, jobs: { trial.isCurrent(way) ? way.sequences * directions : 0 }) { job in
      run(job % directions, timeline.share(job: job / directions, jobs: way.sequences))
    }
  }

  /// A phase over directions, shares of the sequences and shares of the units: one timestep.
  private func phase(
    _ name: String, _ layer: RecurrentLayer, _ way: RecurrenceSharing, timestep: Int,
    _ run: @escaping @Sendable (_ direction: Int, _ sequences: Range<Int>, _ panels: Range<Int>) -> Void
  ) -> Phase {
    let (timeline, trial) = (timeline, trial)
    let (directions, panels) = (layer.directions.count, layer.directions[0].panels)
    let jobs = directions * way.sequences * way.units
    return Phase(name, jobs: { trial.isCurrent(way) && timestep < timeline.timesteps ? jobs : 0 }) { job in
      let (part, rest) = (job % way.units, job / way.units)
      run(
        rest % directions, timeline.share(job: rest / directions, jobs: way.sequences),
        share(of: panels, job: part, jobs: way.units))
    }
  }

  /// A phase over shares of the sequences, for layers of two directions.
  private func orderPhase(
    _ layer: RecurrentLayer, _ name: String, _ run: @escaping @Sendable (_ sequences: Range<Int>) -> Void
  ) -> [Phase] {
    guard layer.directions.count > 1 else { return [] }
    let (timeline, jobs) = (timeline, trial.ways[0].sequences * trial.ways[0].units * layer.directions.count)
    return [Phase(name, jobs: { jobs }) { job in run(timeline.share(job: job, jobs: jobs)) }]
  }
}
