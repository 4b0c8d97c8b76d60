import Foundation
import Inference
import ModelTestSupport
import Models

/// The yardstick of models that follow a text, in double precision: dynamic evaluation and the cache one segment, one timestep
/// and one parameter at a time, straight from the papers' formulas.
struct AdaptationReference {
  /// Of a model whose loss is over all classes.
  private let shape: ModelShape
  private let trained: [String: Matrix]

  init(_ parameters: Parameters) {
    var shape = parameters.shape
    shape.output = shape.output.withWholeLoss
    self.shape = shape
    trained = parameters.layout.matrices { parameters.layout.elements(of: $0, in: parameters.values) }
  }

  private func windows(_ text: [Int32], streams: Int, timesteps: Int) -> [Window] {
    let length = (text.count - 1) / streams
    return stride(from: 0, to: length, by: timesteps).map { first in
      let count = min(timesteps, length - first)
      func rows(_ offset: Int) -> [Int] {
        (0..<count).flatMap { t in (0..<streams).map { Int(text[$0 * length + first + t + offset]) } }
      }
      return Window(timesteps: count, streams: streams, inputs: rows(0), targets: rows(1))
    }
  }

  /// The RMS of the gradients, by parameter.
  func rms(of text: [Int32], streams: Int, segment: Int) -> [String: [Double]] {
    var sums = trained.mapValues { [Double](repeating: 0, count: $0.values.count) }
    var states: [String: Matrix] = [:]
    let windows = windows(text, streams: streams, timesteps: segment)
    for window in windows {
      let results = NetworkReference(shape: shape, parameters: trained).results(Sentences(window), from: states)
      states = results.lastStates
      for (name, gradient) in results.gradients {
        for i in gradient.indices { sums[name]?[i] += gradient[i] * gradient[i] }
      }
    }
    return sums.mapValues { $0.map { ($0 / Double(windows.count)).squareRoot() } }
  }

  /// The losses of a text, timestep after timestep, in each the streams in order.
  ///
  /// - Parameter rms: as `rms(of:streams:segment:)` gives it; nil: plain SGD.
  func losses(
    _ text: [Int32], streams: Int, segment: Int, _ adaptation: Adaptation, rms: [String: [Double]]? = nil
  ) -> [Double] {
    var parameters = trained
    var states: [String: Matrix] = [:]
    var entries = [[(hidden: [Double], next: Int)]](repeating: [], count: streams)
    var losses: [Double] = []
    for window in windows(text, streams: streams, timesteps: segment) {
      let results = NetworkReference(shape: shape, parameters: parameters).results(Sentences(window), from: states)
      states = results.lastStates
      for (row, loss) in results.losses.enumerated() {
        guard let cache = adaptation.cache, let target = window.targets[row] else {
          losses.append(loss)
          continue
        }
        let (stream, hidden) = (row % streams, results.hidden[row])
        let kept = entries[stream].suffix(cache.size)
        losses.append(kept.isEmpty ? loss : Self.interpolated(loss, hidden, target, kept, cache))
        entries[stream].append((hidden, target))
      }
      guard let dynamic = adaptation.dynamic else { continue }
      let means = (rms ?? [:]).values.map { $0.reduce(0, +) / Double($0.count) }
      let mean = means.reduce(0, +) / Double(means.count)
      for (name, gradient) in results.gradients {
        for i in gradient.indices {
          let (w, first) = (parameters[name]?.values[i] ?? .nan, trained[name]?.values[i] ?? .nan)
          let (scale, relative) = rms?[name].map { ($0[i] + dynamic.epsilon, $0[i] / mean) } ?? (1, 1)
          let back = min(dynamic.decay * relative, 1) * (first - w)
          parameters[name]?.values[i] = w + back - dynamic.rate * gradient[i] / scale
        }
      }
    }
    return losses
  }

  private static func interpolated(
    _ loss: Double, _ hidden: [Double], _ target: Int, _ kept: ArraySlice<(hidden: [Double], next: Int)>,
    _ cache: NeuralCache
  ) -> Double {
    let weights = kept.map { entry in exp(cache.theta * zip(entry.hidden, hidden).reduce(0) { $0 + $1.0 * $1.1 }) }
    let matched = zip(kept, weights).reduce(0) { $0 + ($1.0.next == target ? $1.1 : 0) }
    return -log((1 - cache.weight) * exp(-loss) + cache.weight * matched / weights.reduce(0, +))
  }
}
