import Models

// Short names for cells and output layers.

extension CellKind where Self == Elman {
  package static func elman(_ activation: Activation) -> Elman { Elman(activation) }
}

extension CellKind where Self == LSTM {
  package static var lstm: LSTM { LSTM() }
}

extension CellKind where Self == CIFG {
  package static var cifg: CIFG { CIFG() }
}

extension CellKind where Self == GRU {
  package static var gru: GRU { GRU() }
}

extension OutputKind where Self == Softmax {
  package static var softmax: Softmax { Softmax() }
}

extension OutputKind where Self == WordClasses {
  package static func wordClasses(_ count: Int) -> WordClasses { WordClasses(count) }
}

extension OutputKind where Self == AdaptiveSoftmax {
  package static func adaptive(cutoffs: [Int], divValue: Double) -> AdaptiveSoftmax {
    AdaptiveSoftmax(cutoffs: cutoffs, divValue: divValue)
  }
}

extension OutputKind where Self == SampledSoftmax {
  package static func sampled(samples: Int) -> SampledSoftmax { SampledSoftmax(samples: samples) }
}

/// One of each cell, Elman with a function that isn't zero at zero.
package let everyCell: [any CellKind] = [.elman(.tanh), .elman(.relu), .elman(.sigmoid), .lstm, .gru, .cifg]
