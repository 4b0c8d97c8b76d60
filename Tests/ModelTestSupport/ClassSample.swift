import Compute
import Foundation

/// The classes that a step of a sampled output layer draws, and the loss over them, straight from the formulas.
package struct ClassSample {
  /// The probability q that a class is among the draws, of each that is: 1 - (1 - p)^draws.
  package let inclusion: [Int: Double]

  package init(_ draws: Int, of classes: Int, seed: UInt64, step: Int) {
    let random = Philox(seed: seed)
    // The distribution function at k is log(k + 2) / log(classes + 1).
    let drawn = (0..<draws).map { position in
      let number = random.uniformDouble(.candidates, step: step, position: position)
      return (0..<classes).first { number < log(Double($0 + 2)) / log(Double(classes + 1)) } ?? classes - 1
    }
    inclusion = Dictionary(
      drawn.map { id in
        let probability = log1p(1 / Double(id + 1)) / log(Double(classes + 1))
        return (id, -expm1(Double(draws) * log1p(-probability)))
      }, uniquingKeysWith: { first, _ in first })
  }

  /// -log softmax over the target and the classes drawn, each of those with its logit less log q.
  package func crossEntropy(_ logits: Tape.Vector, _ target: Int) -> Tape.Vector {
    let others = inclusion.filter { $0.key != target }.sorted { $0.key < $1.key }
    let parts = [logits[target..<target + 1]] + others.map { logits[$0.key..<$0.key + 1] }
    return (logits.tape.concatenated(parts) + logits.tape.vector([0] + others.map { -log($0.value) })).crossEntropy(0)
  }
}
