import Compute
import Inference
import Models

/// The gradients of V and W twice: as the textbooks have them, the sum of the contributions of all pairs (t, k), and as
/// training has them, which lets the losses of all timesteps go back at once.
///
///     dL/dW = sum over t, sum over k <= t, of dL_t/dz_k h_{k-1}^T        dL/dV = the same with x_k
final class ContributionSums {
  let contributions: [WeightContribution]
  private let layout: ParameterLayout
  /// The contributions of one t, in the layout of the gradients.
  private let scratch: Arena
  /// [contribution] all of them, in the order of the scratch memory: thousands of terms that may cancel each other are more
  /// than single precision adds up.
  private let explicit: [Buffer<Double>]
  /// In the layout of the gradients.
  private let training: Arena
  private let explicitPhases: PhaseList
  private let trainingPhases: PhaseList

  init(of model: SequenceModel, _ gradients: Gradients) {
    let (layout, contributions) = (model.parameters.layout, model.weightContributions)
    let (scratch, training) = (Arena(count: layout.denseCount), Arena(count: layout.denseCount))
    let explicit = contributions.map { Buffer<Double>(count: layout[$0.weight].panels.floatCount, repeating: 0) }
    explicitPhases = PhaseList([
      Phase(.reduce, jobs: { contributions.count }) { job in
        let (contribution, sum) = (contributions[job], explicit[job])
        let terms = layout.view(contribution.weight, in: scratch)
        terms.zeroRows()
        contribution.addAll(to: terms)
        for index in 0..<sum.count { sum[index] += Double(terms.base[index]) }
      }
    ])
    trainingPhases = PhaseList(
      model.reducePhases() + [
        Phase(.reduce, jobs: { contributions.count }) { job in
          let weight = contributions[job].weight
          layout.view(weight, in: training).addRows(of: gradients.view(weight))
        }
      ])
    self.layout = layout
    self.contributions = contributions
    (self.scratch, self.explicit, self.training) = (scratch, explicit, training)
  }

  /// After the backward pass of the loss at one timestep t: adds the contributions of (t, k) for all k.
  func addExplicit(_ workers: Workers) { workers.run(explicitPhases) }

  /// After the backward pass of a minibatch's losses: adds the gradient that training would follow.
  func addTraining(_ workers: Workers) { workers.run(trainingPhases) }

  /// How far the two are apart, weight after weight.
  var differences: [GradientFlow.Sum] {
    contributions.indices.map { index in
      let parameter = layout[contributions[index].weight]
      var (difference, norm) = (0.0, 0.0)
      for (explicit, training) in zip(elements(index), layout.elements(of: parameter, in: training)) {
        let (a, b) = (Double(explicit), Double(training))
        difference += (a - b) * (a - b)
        norm += b * b
      }
      return GradientFlow.Sum(
        name: parameter.name, relativeDifference: difference == 0 ? 0 : (difference / norm).squareRoot())
    }
  }

  /// The sum over all pairs by weight, as PyTorch orders its elements. Cost: O(elements).
  var elements: [Parameter.Handle: [Float]] {
    Dictionary(uniqueKeysWithValues: contributions.indices.map { (contributions[$0].weight, elements($0)) })
  }

  private func elements(_ index: Int) -> [Float] {
    let parameter = layout[contributions[index].weight]
    for element in 0..<explicit[index].count {
      scratch.base[parameter.offset + element] = Float(explicit[index][element])
    }
    return layout.elements(of: parameter, in: scratch)
  }
}
