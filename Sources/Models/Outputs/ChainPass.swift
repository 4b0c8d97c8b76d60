import Compute

/// Memory of a chain over all rows, [row][tag]: log sums over beginnings and over ends. It owns none.
struct ChainVectors {
  let alpha, beta: UnsafeMutablePointer<Double>

  init(_ alpha: Buffer<Double>, _ beta: Buffer<Double>) { (self.alpha, self.beta) = (alpha.base, beta.base) }

  // To the watchdog, where they go by bare pointers.

  func noteReads(alpha: Int, beta: Int, _ classes: Int) {
    Watchdog.reads(self.alpha + alpha, count: classes)
    Watchdog.reads(self.beta + beta, count: classes)
  }

  func noteWrites(_ place: Int, _ classes: Int) {
    Watchdog.writes(alpha + place, count: classes)
    Watchdog.writes(beta + place, count: classes)
  }
}

/// What is only asked of a model that predicts. It owns no memory.
struct ChainDecoding {
  /// [row][tag] logarithms of marginals.
  let logMarginals: FloatPointer
  /// [row][tag] scores of the best beginnings, and the tags before.
  let delta: UnsafeMutablePointer<Double>
  let previous: UnsafeMutablePointer<Int32>
  /// [rows]
  let predictions: UnsafeMutablePointer<Int32>

  func noteWrites(row: Int, _ classes: Int) {
    Watchdog.writes(logMarginals + row * classes, count: classes)
    Watchdog.writes(delta + row * classes, count: classes)
    Watchdog.writes(previous + row * classes, count: classes)
    Watchdog.writes(predictions + row, count: 1)
  }
}

/// A conditional random field's pass over single sentences: losses, marginals and gradients from emissions. Plain numbers and
/// pointers into the memory of a `ChainOutput`: whoever reads sentence after sentence counts no references.
struct ChainPass: @unchecked Sendable {
  // Unchecked: a job writes the rows of its sentences, as the layer's phases share them out, and what all read is written by
  // a phase before.

  let scores: ChainScores.Pointers
  /// [rows, classes] e, then dL/de.
  let emissions: PanelMatrix
  /// Over all sequences of tags, and over those that agree with the targets.
  let all, agreeing: ChainVectors
  /// [sequence][tag]
  let scratch: UnsafeMutablePointer<Double>
  /// [rows]
  let targets: UnsafePointer<Int32>
  /// [rows] in nats.
  let losses: UnsafeMutablePointer<Double>
  let decoding: ChainDecoding?

  private var classes: Int { scores.classes }

  /// Losses of a sentence, and where somebody predicts the likeliest tags.
  ///
  /// - Parameters:
  ///   - targetShare: what a row's loss counts for, where gradients take the place of emissions; nil: there are none.
  ///   - isSafe: whether the scores of transitions are.
  func read(_ rows: SequenceRows, targetShare: Double?, isSafe: Bool) {
    let (tags, length) = (0..<classes, rows.count)
    guard isSafe && isFinite(rows) else { return fail(rows) }
    let scratch = scratch + rows.sequence * classes
    Watchdog.writes(scratch, count: classes)
    for t in 0..<length {
      all.noteWrites(rows[t] * classes, classes)
      agreeing.noteWrites(rows[t] * classes, classes)
      Watchdog.writes(losses + rows[t], count: 1)
      decoding?.noteWrites(row: rows[t], classes)
    }
    let chain = LinearChain(scores: scores, rows: rows, emissions: emissions, scratch: scratch)
    let every = LinearChain.Allowed(rows: rows, targets: nil, classes: classes)
    let agrees = LinearChain.Allowed(rows: rows, targets: targets, classes: classes)
    chain.forward(into: all.alpha, every)
    chain.backward(into: all.beta, every)
    chain.forward(into: agreeing.alpha, agrees)
    let logSum = chain.logSum(all.alpha, all.beta, at: 0, tags)
    var before = 0.0
    for t in 0..<length {
      // A word without a tag has nothing to be predicted.
      if targets[rows[t]] == Minibatch.masked {
        losses[rows[t]] = 0
      } else {
        let now = chain.logSum(agreeing.alpha, all.beta, at: t, agrees(t)) - logSum
        // Of a certain tag, rounding may leave something below zero.
        losses[rows[t]] = before < now ? 0 : before - now
        before = now
      }
    }
    if let decoding { decode(chain, decoding, logSum: logSum) }
    guard let targetShare else { return }
    chain.backward(into: agreeing.beta, agrees)
    differentiate(chain, every, agrees, logSum: logSum, share: targetShare)
  }

  private func isFinite(_ rows: SequenceRows) -> Bool {
    for t in 0..<rows.count { for tag in 0..<classes where !emissions[rows[t], tag].isFinite { return false } }
    return true
  }

  /// dL/de = share (p(tag) - p(tag | agreeing)) in place of e, and the factors of transitions' probabilities in place of the
  /// log sums.
  private func differentiate(
    _ chain: LinearChain, _ every: LinearChain.Allowed, _ agrees: LinearChain.Allowed, logSum: Double, share: Double
  ) {
    let agreeingSum = chain.logSum(agreeing.alpha, agreeing.beta, at: 0, agrees(0))
    let gradient = chain.scratch
    for t in (0..<chain.rows.count).reversed() {
      let (row, tags) = (chain.rows[t], agrees(t))
      for tag in 0..<classes {
        let place = row * classes + tag
        let found = tags.contains(tag) ? marginal(agreeing, place, agreeingSum) : 0
        gradient[tag] = share * (marginal(all, place, logSum) - found)
      }
      // They need the emissions, whose place the gradient takes.
      chain.makeFactors(of: all.alpha, all.beta, at: t, logSum: logSum, every)
      chain.makeFactors(of: agreeing.alpha, agreeing.beta, at: t, logSum: agreeingSum, agrees)
      for tag in 0..<classes { emissions[row, tag] = Float(gradient[tag]) }
    }
  }

  private func marginal(_ vectors: ChainVectors, _ place: Int, _ logSum: Double) -> Double {
    vanishingExponential(vectors.alpha[place] + vectors.beta[place] - logSum)
  }

  private func decode(_ chain: LinearChain, _ decoding: ChainDecoding, logSum: Double) {
    for t in 0..<chain.rows.count {
      for place in chain.rows[t] * classes..<(chain.rows[t] + 1) * classes {
        decoding.logMarginals[place] = Float(all.alpha[place] + all.beta[place] - logSum)
      }
    }
    chain.best(decoding.delta, decoding.previous, decoding.predictions)
  }

  /// Scores that are no numbers have no probability, and their gradient must not look usable.
  private func fail(_ rows: SequenceRows) {
    for t in 0..<rows.count {
      losses[rows[t]] = .nan
      decoding?.predictions[rows[t]] = 0
      for tag in 0..<classes {
        emissions[rows[t], tag] = .nan
        all.alpha[rows[t] * classes + tag] = .nan
        decoding?.logMarginals[rows[t] * classes + tag] = .nan
      }
    }
  }

  /// Adds to `sums` [next tag] how often each transition from a tag is expected in a sentence, less how often among the
  /// sequences that agree with the targets; after its gradients.
  func addTransitions(from tag: Int, of rows: SequenceRows, to sums: UnsafeMutablePointer<Double>) {
    for t in 1..<rows.count {
      let (before, now) = (rows[t - 1] * classes, rows[t] * classes)
      all.noteReads(alpha: before, beta: now, classes)
      agreeing.noteReads(alpha: before, beta: now, classes)
      let (expected, found) = (all.alpha[before + tag], agreeing.alpha[before + tag])
      let (all, agreeing) = (all.beta + now, agreeing.beta + now)
      for next in 0..<classes { sums[next] += expected * all[next] }
      if found != 0 { for next in 0..<classes { sums[next] -= found * agreeing[next] } }
    }
  }
}
