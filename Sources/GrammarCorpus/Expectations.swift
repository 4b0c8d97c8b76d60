import Glibc

// What the grammar's probabilities say about its sentences before any is drawn. All three follow from the matrix M
// whose entry [A, B] is the expected number of symbols B in one expansion of A.
extension Grammar {
  /// The expected number of words in a sentence.
  package var expectedWords: Double {
    expectation { alternative in
      alternative.items.reduce(0) { count, item in
        if case .terminal = item { count + 1 } else { count }
      }
    }
  }

  /// The entropy of a derivation, in nats: the expected sum of -log p over its choices.
  ///
  /// Never less than the entropy of the sentences, which may have several derivations each.
  package var derivationEntropy: Double {
    expectation { -log($0.probability) }
  }

  /// The spectral radius of M: the rate at which the expected number of symbols grows from one generation to the next.
  /// Below one, derivations end with probability one and have a finite expected size.
  package var growthRate: Double {
    // Gelfand's formula, |M^2k| / |M^k| to the power 1/k with the maximum norm; k is well beyond the depth at which
    // whatever is not recursive has died out. The norm is carried as a logarithm.
    let generations = 200
    var vector = Array(repeating: 1.0, count: symbols.count)
    var logNorm = 0.0
    var logNormHalfway = 0.0
    for generation in 1...(2 * generations) {
      vector = applyM(to: vector)
      let norm = vector.reduce(0, max)
      guard norm > 0 else { return 0 }
      vector = vector.map { $0 / norm }
      logNorm += log(norm)
      if generation == generations { logNormHalfway = logNorm }
    }
    return exp((logNorm - logNormHalfway) / Double(generations))
  }

  /// The expected sum, over all choices in a derivation, of what each contributes: the solution v of v = c + M v.
  private func expectation(_ contribution: (Alternative) -> Double) -> Double {
    var term = alternatives.map { choices in choices.reduce(0) { $0 + $1.probability * contribution($1) } }
    var total = term[0]
    // c + M c + M^2 c + ...; the terms vanish because the growth rate is below one.
    while term.reduce(0, max) > 1e-12 {
      term = applyM(to: term)
      total += term[0]
    }
    return total
  }

  /// M times the vector, at the cost of one pass over the grammar.
  private func applyM(to vector: [Double]) -> [Double] {
    alternatives.map { choices in
      choices.reduce(0) { sum, alternative in
        var inside = 0.0
        for case .symbol(let part) in alternative.items { inside += vector[part] }
        return sum + alternative.probability * inside
      }
    }
  }
}
