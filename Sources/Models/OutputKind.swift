/// How an output layer computes its distribution over the classes. A new kind is a case here
/// and a layer that `ModelShape.makeOutput` makes.
package enum OutputKind: Sendable, Equatable {
  /// One softmax over all of them.
  case softmax
  /// A softmax over word classes, then one over the tokens of a class (Goodman: Classes for Fast Maximum Entropy Training,
  /// ICASSP 2001; Mikolov et al.: Extensions of Recurrent Neural Network Language Model, ICASSP 2011).
  case wordClasses(Int)
  /// The frequent tokens and some clusters in a first softmax, then one over the tokens of a cluster, of inputs the
  /// narrower the rarer its tokens (Grave et al.: Efficient softmax approximation for GPUs, ICML 2017).
  ///
  /// - Parameters:
  ///   - cutoffs: the first token of each cluster, in ascending order.
  ///   - divValue: what a cluster's inputs are narrower by than those of the one before, as PyTorch calls it.
  case adaptive(cutoffs: [Int], divValue: Double)
  /// One softmax over all of them, trained on the target and a sample of the others (Bengio and Senécal: Adaptive Importance
  /// Sampling to Accelerate Training of a Neural Probabilistic Language Model, IEEE Transactions on Neural Networks 19,
  /// 2008).
  case sampled(samples: Int)
}
