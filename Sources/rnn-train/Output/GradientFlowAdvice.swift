import Foundation
import Presentation
import Training

/// What to make of how far gradients reach.
struct GradientFlowAdvice {
  private let states: [GradientFlow.Norms]
  private let timesteps: Int
  /// Of the window that the model is trained with; nil where sentences are read whole.
  private let bptt: Int?

  /// Below this share of the gradient at lag 0, nothing much is learnt.
  static let share = 0.01

  init(_ flow: GradientFlow, bptt: Int?) {
    states = flow.states
    timesteps = flow.timesteps
    self.bptt = bptt
  }

  /// The farthest that any state's gradient comes; nil if nobody knows.
  private var reach: Int? {
    let reaches = states.map { $0.reach(share: Self.share) }
    return reaches.contains(nil) ? nil : reaches.compactMap(\.self).max()
  }

  private static func timesteps(_ count: Int) -> String { Format.count(count, "timestep") }

  var text: String {
    let growth = states.flatMap { state in state.curve.map { $0.norm / state.direct } }.filter(\.isFinite).max() ?? 1
    let warning =
      growth > 10
      ? """

      Some gradients grow \(Format.significant(growth, 2)) times on the way: training.clip_norm keeps them in bounds.
      """ : ""
    return reachText + warning
  }

  private var reachText: String {
    guard let bptt else {
      return reach.map {
        "A tag is learnt from words up to \(Self.timesteps($0)) away; sentences are read whole, whatever training.bptt."
      } ?? "A tag is learnt from words as far away as sentences are long."
    }
    switch reach {
    case nil where bptt < timesteps:
      return """
        Gradients reach farther than training.bptt=\(bptt), which cuts them off: a longer one may learn more.
        How far they go, a larger --timesteps says.
        """
    case nil:
      return "Gradients reach farther than \(Self.timesteps(timesteps)); how far, a larger --timesteps says."
    case let reach? where reach >= bptt:
      return """
        Gradients reach \(Self.timesteps(reach)) back, farther than training.bptt=\(bptt), which cuts them off:
        a longer one may learn more.
        """
    case let reach? where 2 * reach > bptt:
      return """
        Gradients reach \(Self.timesteps(reach)) back: of a window of training.bptt=\(bptt), most timesteps miss
        a part of theirs; a longer one may learn a little more.
        """
    case let reach?:
      return "Gradients reach \(Self.timesteps(reach)) back: training.bptt=\(bptt) is long enough."
    }
  }
}

/// How the norms of one curve change with the distance in time, in words.
struct GradientDecay: CustomStringConvertible {
  private let norms: GradientFlow.Norms

  init(_ norms: GradientFlow.Norms) { self.norms = norms }

  /// Norms below this share of that at lag 0 are rounding as much as they are gradient.
  private static let floor = 1e-6
  /// The longest distances, of which there are only so few pairs (t, k), say nothing.
  private static let fewest = 4
  /// A curve of which the two factors differ more than this, as logarithms, is bent.
  private static let bend = 0.1

  /// From this factor on it is said that a gradient grows.
  private static let growth = 1.02

  /// The distance past which it is below 1 %; nil: none that was looked at.
  var reach: Int? { norms.reach(share: GradientFlowAdvice.share) }

  private var longest: Int { max((norms.curve.map { abs($0.lag) }.max() ?? 0) + 1 - Self.fewest, 1) }

  /// As far as it falls to 1 %, or over all distances where it doesn't.
  var factor: Double? { norms.factor(distances: 0...max(min((reach ?? longest) + 1, longest), 1)) }

  /// From there on, as long as there is anything to be seen; nil where that is no more than the end of the same line.
  var laterFactor: Double? {
    guard let reach, let factor else { return nil }
    let seen = norms.reach(share: Self.floor).map { min($0, longest) } ?? longest
    guard seen >= reach + Self.fewest, let later = norms.factor(distances: reach + 1...seen) else { return nil }
    return abs(log(later / factor)) > Self.bend ? later : nil
  }

  /// `x 0.63 a timestep, below 1 % past 9 timesteps`
  var description: String {
    guard let factor else { return "nothing arrives" }
    var text = "\(Self.factor(factor)) a timestep"
    if let laterFactor { text += ", then \(Self.factor(laterFactor))" }
    if factor > Self.growth { text += ": it grows" }
    return text
      + (reach.map { ", below 1 % past \(Format.count($0, "timestep"))" } ?? ", above 1 % as far as was looked")
  }

  /// With another digit where two of them would say 1.
  private static func factor(_ value: Double) -> String {
    "x " + (value < 1e3 ? Format.fixed(value, abs(value - 1) < 0.05 ? 3 : 2) : Format.significant(value, 2))
  }
}
