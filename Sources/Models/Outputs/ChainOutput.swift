import Compute

/// A conditional random field as a layer: emissions of all rows as one product, then sentence by sentence, each a job's.
///
/// Losses are the chain rule's: a row's is -log p(its tag | the tags before it, x), so that a sentence's come to
/// -log p(y | x). Probabilities of single tags, and with them `logits`, are marginals.
final class ChainOutput: OutputLayer {
  private let minibatch: Minibatch
  private let kernels: Kernels
  private let targets: Buffer<Int32>
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
  /// Over all sequences of tags, and over those that agree with the targets.
  private let all, agreeing: ChainVectors
  /// [sequence][tag], and [from][to] sums of a gradient.
  private let scratch, sums: Buffer<Double>
  /// [rows] in nats.
  private let losses: Buffer<Double>
  private let decoding: Decoding?

  /// [row][tag]
  private struct ChainVectors {
    let alpha, beta: Buffer<Double>

    init(rows: Int, classes: Int) {
      alpha = Buffer(count: rows * classes, repeating: 0)
      beta = Buffer(count: rows * classes, repeating: 0)
    }

    // To the watchdog, where they go by bare pointers.

    func noteReads(alpha: Int, beta: Int, _ classes: Int) {
      Watchdog.reads(self.alpha.base + alpha, count: classes)
      Watchdog.reads(self.beta.base + beta, count: classes)
    }

    func noteWrites(_ place: Int, _ classes: Int) {
      Watchdog.writes(alpha.base + place, count: classes)
      Watchdog.writes(beta.base + place, count: classes)
    }
  }

  /// What is only asked of a model that predicts.
  private struct Decoding {
    /// [row][tag] logarithms of marginals.
    let logMarginals: Buffer<Float>
    /// [row][tag] scores of the best beginnings, and the tags before.
    let delta: Buffer<Double>
    let previous: Buffer<Int32>
    /// [rows]
    let predictions: Buffer<Int32>

    func noteWrites(row: Int, _ classes: Int) {
      Watchdog.writes(logMarginals.base + row * classes, count: classes)
      Watchdog.writes(delta.base + row * classes, count: classes)
      Watchdog.writes(previous.base + row * classes, count: classes)
      Watchdog.writes(predictions.base + row, count: 1)
    }
  }

  init(_ context: OutputContext, _ handles: ChainParameters) {
    let weight = context.parameters.view(handles.weight)
    let (timeline, classes) = (context.minibatch.timeline, weight.rows)
    let rows = timeline.capacity.rows
    (minibatch, parameters, self.handles) = (context.minibatch, context.parameters, handles)
    (kernels, workers) = (context.parameters.kernels, context.workers)
    (targets, targetShare) = (context.targets, TargetShare(context))
    (input, inputGradient) = (context.input, context.inputGradient)
    addsToInputGradient = context.addsToInputGradient
    gradients = context.inputGradient == nil ? nil : context.gradients
    scores = ChainScores(classes: classes)
    weightTransposed = OwnedMatrix(rows: weight.columns, columns: classes)
    emissions = OwnedMatrix(rows: rows, columns: classes)
    all = ChainVectors(rows: rows, classes: classes)
    agreeing = ChainVectors(rows: rows, classes: classes)
    scratch = Buffer(count: timeline.capacity.sequences * classes, repeating: 0)
    sums = Buffer(count: classes * classes, repeating: 0)
    losses = Buffer(count: rows, repeating: 0)
    decoding =
      context.predicts
      ? Decoding(
        logMarginals: Buffer(count: rows * classes, repeating: 0), delta: Buffer(count: rows * classes, repeating: 0),
        previous: Buffer(count: rows * classes, repeating: 0), predictions: Buffer(count: rows, repeating: 0)) : nil
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
    return [
      preparation, emission, sentences(trains: true), backward, Phase(.reduce, jobs: { jobs.count }) { jobs[$0]() },
    ]
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
      for sequence in timeline.share(job: job, jobs: jobs) { read(sequence, trains: trains) }
    }
  }

  /// Jobs that each sum one part of a gradient over all rows in order.
  private func reduction(into gradients: Gradients) -> [ReductionJob] {
    let (weight, bias) = (gradients.view(handles.weight), gradients.view(handles.bias))
    var jobs: [ReductionJob] = ReductionTile.all(of: weight).map { tile in
      { [self] in
        let rows = 0..<minibatch.rows
        kernels.multiply(
          emissions.view.rows(rows).panels(tile.rowPanels), transposed: true, input.rows(rows).panels(tile.panels),
          into: tile.view(of: weight), start: .zero)
      }
    }
    for panel in 0..<bias.panels {
      jobs.append { [self] in
        bias.panels(panel..<panel + 1).zeroRows()
        kernels.addRows(
          emissions.view.pointer(panel: panel, row: 0), rows: minibatch.rows, to: bias.pointer(panel: panel, row: 0))
      }
    }
    let transitions = gradients.view(handles.transitions)
    jobs += (0..<classes).map { tag in { [self] in reduceTransitions(from: tag, into: transitions) } }
    let (start, end) = (gradients.view(handles.start), gradients.view(handles.end))
    jobs.append { [self] in
      let timeline = minibatch.timeline
      for tag in 0..<classes {
        var (atStart, atEnd): (Float, Float) = (0, 0)
        for sequence in 0..<timeline.sequences {
          atStart += emissions.view[timeline.row(0, sequence), tag]
          atEnd += emissions.view[timeline.lastRow(sequence), tag]
        }
        (start[0, tag], end[0, tag]) = (atStart, atEnd)
      }
    }
    return jobs
  }

  /// dL/dA from one tag: the difference between how often each transition is expected, and how often among the sequences that
  /// agree with the targets, summed sentence by sentence.
  private func reduceTransitions(from tag: Int, into gradient: PanelMatrix) {
    let (timeline, sums) = (minibatch.timeline, sums.base + tag * classes)
    Watchdog.writes(sums, count: classes)
    for next in 0..<classes { sums[next] = 0 }
    for sequence in 0..<timeline.sequences {
      for t in 1..<timeline.length(sequence) {
        let (before, now) = (timeline.row(t - 1, sequence) * classes, timeline.row(t, sequence) * classes)
        self.all.noteReads(alpha: before, beta: now, classes)
        self.agreeing.noteReads(alpha: before, beta: now, classes)
        let (expected, found) = (all.alpha.base[before + tag], agreeing.alpha.base[before + tag])
        let (all, agreeing) = (all.beta.base + now, agreeing.beta.base + now)
        for next in 0..<classes { sums[next] += expected * all[next] }
        if found != 0 { for next in 0..<classes { sums[next] -= found * agreeing[next] } }
      }
    }
    let share = Double(targetShare.value)
    for next in 0..<classes {
      gradient[tag, next] = Float(share * scores.factors.base[tag * classes + next] * sums[next])
    }
  }

  // MARK: a sentence

  private func allowed(_ row: Int) -> Range<Int> {
    let target = Int(targets[row])
    return target == Minibatch.masked ? 0..<classes : target..<target + 1
  }

  private func read(_ sequence: Int, trains: Bool) {
    let (timeline, emissions) = (minibatch.timeline, emissions.view)
    let length = timeline.length(sequence)
    func row(_ t: Int) -> Int { timeline.row(t, sequence) }
    let places = 0..<classes
    let isFinite = (0..<length).allSatisfy { t in places.allSatisfy { emissions[row(t), $0].isFinite } }
    guard isFinite && scores.isSafe else { return fail(sequence) }
    Watchdog.writes(scratch.base + sequence * classes, count: classes)
    for t in 0..<length {
      all.noteWrites(row(t) * classes, classes)
      agreeing.noteWrites(row(t) * classes, classes)
      decoding?.noteWrites(row: row(t), classes)
    }
    let chain = LinearChain(
      scores: scores, timeline: timeline, sequence: sequence, emissions: emissions,
      scratch: scratch.base + sequence * classes)
    func agrees(_ t: Int) -> Range<Int> { allowed(row(t)) }
    chain.forward(into: all.alpha.base) { _ in places }
    chain.backward(into: all.beta.base) { _ in places }
    chain.forward(into: agreeing.alpha.base, agrees)
    let logSum = chain.logSum(all.alpha.base, all.beta.base, at: 0, places)
    var before = 0.0
    for t in 0..<length {
      // A word without a tag has nothing to be predicted.
      if targets[row(t)] == Minibatch.masked {
        losses[row(t)] = 0
      } else {
        let now = chain.logSum(agreeing.alpha.base, all.beta.base, at: t, agrees(t)) - logSum
        // Of a certain tag, rounding may leave something below zero.
        losses[row(t)] = before < now ? 0 : before - now
        before = now
      }
    }
    if let decoding { decode(chain, decoding, logSum: logSum) }
    guard trains else { return }
    chain.backward(into: agreeing.beta.base, agrees)
    let agreeingSum = chain.logSum(agreeing.alpha.base, agreeing.beta.base, at: 0, agrees(0))
    let share = Double(targetShare.value)
    func marginal(_ vectors: ChainVectors, _ place: Int, _ logSum: Double) -> Double {
      vanishingExponential(vectors.alpha.base[place] + vectors.beta.base[place] - logSum)
    }
    let gradient = chain.scratch
    for t in (0..<length).reversed() {
      let (row, tags) = (row(t), agrees(t))
      for tag in places {
        let place = row * classes + tag
        let found = tags.contains(tag) ? marginal(agreeing, place, agreeingSum) : 0
        gradient[tag] = share * (marginal(all, place, logSum) - found)
      }
      // They need the emissions, whose place the gradient takes.
      chain.makeFactors(of: all.alpha.base, all.beta.base, at: t, logSum: logSum) { _ in places }
      chain.makeFactors(of: agreeing.alpha.base, agreeing.beta.base, at: t, logSum: agreeingSum, agrees)
      for tag in places { emissions[row, tag] = Float(gradient[tag]) }
    }
  }

  private func decode(_ chain: LinearChain, _ decoding: Decoding, logSum: Double) {
    for t in 0..<chain.timesteps {
      for place in chain.row(t) * classes..<(chain.row(t) + 1) * classes {
        decoding.logMarginals.base[place] = Float(all.alpha.base[place] + all.beta.base[place] - logSum)
      }
    }
    chain.best(decoding.delta.base, decoding.previous.base) { t, tag in
      decoding.predictions.base[chain.row(t)] = Int32(tag)
    }
  }

  /// Scores that are no numbers have no probability, and their gradient must not look usable.
  private func fail(_ sequence: Int) {
    for t in 0..<minibatch.timeline.length(sequence) {
      let row = minibatch.timeline.row(t, sequence)
      losses[row] = .nan
      decoding?.predictions[row] = 0
      for tag in 0..<classes {
        emissions.view[row, tag] = .nan
        all.alpha[row * classes + tag] = .nan
        decoding?.logMarginals[row * classes + tag] = .nan
      }
    }
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
