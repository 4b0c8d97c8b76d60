import Compute

/// A conditional random field as a layer: emissions of all rows as one product, then sentence by sentence, each a job's.
///
/// Losses are the chain rule's: a row's is -log p(its tag | the tags before it, x), so that a sentence's come to
/// -log p(y | x). Probabilities of single tags, and with them `logits`, are marginals.
final class ChainOutput: OutputLayer {
  private let minibatch: Minibatch
  private let kernels: Kernels
  private let targetShare: TargetShare
  private let workers: Int
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let addsToInputGradient: Bool
  private let parameters: Parameters
  private let handles: ChainParameters
  private let gradients: Gradients?
  private let scores: ChainScores
  /// U^T [hidden, classes]
  private let weightTransposed: OwnedMatrix
  /// [rows, classes] e, then dL/de.
  private let emissions: OwnedMatrix
  /// [from][to] sums of a gradient.
  private let sums: Buffer<Double>
  /// [rows] in nats.
  private let losses: Buffer<Double>
  private let decoding: Decoding?
  private let pass: ChainPass
  /// What the pass has pointers into.
  private let passMemory: [any AnyObject & Sendable]

  /// What is only asked of a model that predicts, [row][tag] and [rows].
  private struct Decoding {
    let logMarginals: Buffer<Float>
    let predictions: Buffer<Int32>
  }

  init(_ context: OutputContext, _ handles: ChainParameters) {
    let weight = context.parameters.view(handles.weight)
    let (timeline, classes) = (context.minibatch.timeline, weight.rows)
    let rows = timeline.capacity.rows
    (minibatch, parameters, self.handles) = (context.minibatch, context.parameters, handles)
    (kernels, workers) = (context.parameters.kernels, context.workers)
    targetShare = TargetShare(context)
    (input, inputGradient) = (context.input, context.inputGradient)
    addsToInputGradient = context.addsToInputGradient
    gradients = context.inputGradient == nil ? nil : context.gradients
    scores = ChainScores(classes: classes)
    weightTransposed = OwnedMatrix(rows: weight.columns, columns: classes)
    emissions = OwnedMatrix(rows: rows, columns: classes)
    sums = Buffer(count: classes * classes, repeating: 0)
    losses = Buffer(count: rows, repeating: 0)
    let vectors = (0..<4).map { _ in Buffer(count: rows * classes, repeating: 0.0) }
    let scratch = Buffer(count: timeline.capacity.sequences * classes, repeating: 0.0)
    decoding =
      context.predicts
      ? Decoding(
        logMarginals: Buffer(count: rows * classes, repeating: 0), predictions: Buffer(count: rows, repeating: 0)) : nil
    let delta = Buffer(count: decoding == nil ? 0 : rows * classes, repeating: 0.0)
    let previous = Buffer<Int32>(count: decoding == nil ? 0 : rows * classes, repeating: 0)
    pass = ChainPass(
      scores: scores.pointers, emissions: emissions.view, all: ChainVectors(vectors[0], vectors[1]),
      agreeing: ChainVectors(vectors[2], vectors[3]), scratch: scratch.base, targets: context.targets.base,
      losses: losses.base,
      decoding: decoding.map {
        ChainDecoding(
          logMarginals: $0.logMarginals.base, delta: delta.base, previous: previous.base,
          predictions: $0.predictions.base)
      })
    passMemory = vectors + [scratch, delta, previous, context.targets]
  }

  private var classes: Int { scores.classes }

  // MARK: phases

  func lossPhases() -> [Phase] { [preparation, emission, sentences(trains: false)] }

  func trainingPhases() -> [Phase] {
    guard let inputGradient, let gradients else { return lossPhases() }
    let weight = parameters.view(handles.weight)
    let backward = Phase(.output, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
      kernels.multiply(
        emissions.view.rows(rows), weight, into: inputGradient.rows(rows),
        start: addsToInputGradient ? .accumulate : .zero)
    }
    let jobs = reduction(into: gradients)
    return [preparation, emission, sentences(trains: true), backward, Phase(jobs, workers: workers)]
  }

  /// The parameters as a step needs them.
  private var preparation: Phase {
    Phase(.output, jobs: { 1 }) { [self] _ in
      let weight = parameters.view(handles.weight)
      kernels.transpose(weight, panels: 0..<weight.panels, into: weightTransposed.view)
      scores.renew(
        from: parameters.view(handles.transitions), start: parameters.view(handles.start),
        end: parameters.view(handles.end))
    }
  }

  private var emission: Phase {
    Phase(.output, rows: { [minibatch] in minibatch.rows }, workers: workers) { [self] rows in
      kernels.multiply(
        input.rows(rows), weightTransposed.view, into: emissions.view.rows(rows),
        start: .columnBias(parameters.view(handles.bias).base))
    }
  }

  private func sentences(trains: Bool) -> Phase {
    let timeline = minibatch.timeline
    return Phase(.output, jobs: { [workers] in min(timeline.sequences, 4 * workers) }) { [self] job in
      let jobs = min(timeline.sequences, 4 * workers)
      let (pass, isSafe, share) = (pass, scores.isSafe, trains ? Double(targetShare.value) : nil)
      let rows = timeline.sequenceRows
      for sequence in timeline.share(job: job, jobs: jobs) {
        pass.read(rows[sequence], targetShare: share, isSafe: isSafe)
      }
    }
  }

  /// Jobs that each sum one part of a gradient over all rows in order.
  private func reduction(into gradients: Gradients) -> [ReductionJob] {
    let (weight, bias) = (gradients.view(handles.weight), gradients.view(handles.bias))
    var jobs = ReductionTile.all(of: weight).map { tile in
      ReductionJob(at: tile.place) { [self] in
        let rows = 0..<minibatch.rows
        kernels.multiply(
          emissions.view.rows(rows).panels(tile.rowPanels), transposed: true, input.rows(rows).panels(tile.panels),
          into: tile.view(of: weight), start: .zero)
      }
    }
    for panel in 0..<bias.panels {
      jobs.append(
        ReductionJob(at: Double(panel) / Double(bias.panels)) { [self] in
          bias.panels(panel..<panel + 1).zeroRows()
          kernels.addRows(
            emissions.view.pointer(panel: panel, row: 0), rows: minibatch.rows, to: bias.pointer(panel: panel, row: 0))
        })
    }
    let transitions = gradients.view(handles.transitions)
    jobs += (0..<classes).map { tag in
      ReductionJob(at: Double(tag) / Double(classes)) { [self] in reduceTransitions(from: tag, into: transitions) }
    }
    let (start, end) = (gradients.view(handles.start), gradients.view(handles.end))
    jobs.append(
      ReductionJob { [self] in
        let (sequences, rows, emissions) = (
          minibatch.timeline.sequences, minibatch.timeline.sequenceRows, emissions.view
        )
        for tag in 0..<classes {
          var (atStart, atEnd): (Float, Float) = (0, 0)
          for sequence in 0..<sequences {
            let rows = rows[sequence]
            atStart += emissions[rows[0], tag]
            atEnd += emissions[rows[rows.count - 1], tag]
          }
          (start[0, tag], end[0, tag]) = (atStart, atEnd)
        }
      })
    return jobs
  }

  /// dL/dA from one tag: the difference between how often each transition is expected, and how often among the sequences that
  /// agree with the targets, summed sentence by sentence.
  private func reduceTransitions(from tag: Int, into gradient: PanelMatrix) {
    let (sequences, rows) = (minibatch.timeline.sequences, minibatch.timeline.sequenceRows)
    let (pass, sums, share) = (pass, sums.base + tag * classes, Double(targetShare.value))
    Watchdog.writes(sums, count: classes)
    for next in 0..<classes { sums[next] = 0 }
    for sequence in 0..<sequences { pass.addTransitions(from: tag, of: rows[sequence], to: sums) }
    let factors = pass.scores.factors + tag * pass.scores.classes
    for next in 0..<classes { gradient[tag, next] = Float(share * factors[next] * sums[next]) }
  }

  // MARK: results

  func loss(row: Int) -> Double { losses[row] }

  func prediction(row: Int) -> Int32 { decoded.predictions[row] }

  /// Logarithms of the marginals, which come to 1 by themselves. Of a model that predicts.
  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    for tag in 0..<classes { result[tag] = decoded.logMarginals[row * classes + tag] }
  }

  private var decoded: Decoding {
    guard let decoding else { preconditionFailure("only a model that predicts has marginals") }
    return decoding
  }
}
