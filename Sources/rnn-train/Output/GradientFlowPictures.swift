import ArgumentParser
import Datasets
import Files
import Plots
import Presentation
import Training

/// A run with how gradients flow through it.
struct MeasuredFlow {
  /// What people call the run.
  let name: String
  let checkpoint: String
  let split: Split
  let flow: GradientFlow
  /// The window that the model is trained with; nil where sentences are read whole.
  let bptt: Int?
}

/// The pictures of how gradients flow: the curves by distance in time, and for each state and each weight a heat map over t
/// and k.
struct GradientFlowPictures {
  let curve: Plot
  let maps: [(norms: GradientFlow.Norms, map: HeatMap)]
  /// dL_t/dU: nothing but a diagonal.
  let outputMap: (name: String, map: HeatMap)?

  /// Curves end below this share of lag 0, and the colours of maps at this share of the largest norm: what is less shows
  /// nothing but how small numbers get.
  private static let floor = 1e-6
  /// Curves of which each can have a line of its own where it falls below 1 %.
  private static let markedCurves = 4

  /// - Parameter runs: the one that maps are drawn of, and those to be compared with.
  init(_ runs: [MeasuredFlow]) {
    let curves = runs.flatMap { run in
      run.flow.states.map { (name: runs.count > 1 ? "\(run.name) \($0.name)" : $0.name, norms: $0) }
    }
    curve = Self.curve(curves, windows: Set(runs.compactMap(\.bptt)))
    let flow = runs.first?.flow
    maps = (flow.map { $0.states + $0.weights } ?? []).map { ($0, Self.map(of: $0)) }
    outputMap = flow?.output.map { ($0.name, Self.map(of: $0)) }
  }

  private static func curve(_ curves: [(name: String, norms: GradientFlow.Norms)], windows: Set<Int>) -> Plot {
    let series = curves.map { name, norms in
      Series(
        name + (GradientDecay(norms).reach.map { " (1 % past \($0))" } ?? ""),
        points: norms.curve.map { point in
          let share = point.norm / norms.direct
          return Series.Point(Double(point.lag), share >= floor ? share : .nan)
        })
    }
    let longest = curves.flatMap { $0.norms.curve.map(\.lag) }.max() ?? 0
    var markers = windows.sorted().filter { $0 <= longest }.map { Marker(Double($0), label: "bptt \($0)") }
    if curves.count <= markedCurves {
      for (index, curve) in curves.enumerated() {
        guard let reach = GradientDecay(curve.norms).reach else { continue }
        markers.append(
          Marker(
            Double(curve.norms.isReverse ? -reach - 1 : reach + 1), label: "\(reach + 1)", color: index + 1))
      }
    }
    return Plot(
      title: "Gradient by distance in time",
      description: curves.map { "\($0.name): \(GradientDecay($0.norms))." }.joined(separator: " "),
      x: Axis("lag t − k (timesteps)", isWhole: true),
      y: Axis("‖∂L(t)/∂s(k)‖ as a share of lag 0", scale: .logarithmic), series: series, markers: markers,
      levels: [Level(GradientFlowAdvice.share, label: "1 %")])
  }

  private static func map(of norms: GradientFlow.Norms) -> HeatMap {
    let least = floor * (norms.norms.joined().filter(\.isFinite).max() ?? 0)
    // Where nothing can flow there is no cell.
    let rows = norms.norms.map { $0.map { $0 > 0 ? max($0, least) : nil } }
    let color =
      norms.kind == .outputWeight
      ? Axis(label(of: norms.kind), including: [0]) : Axis(label(of: norms.kind), scale: .logarithmic)
    switch norms.kind {
    case .hiddenState, .cellState:
      return HeatMap(
        title: "Gradient from t to k, \(norms.name)",
        description: "Each row is the loss at a timestep t, each column the state \(norms.name) at a timestep k.",
        x: Axis("state at timestep k"), y: Axis("loss at timestep t"), color: color, rows: rows)
    case .inputWeight, .recurrentWeight, .outputWeight:
      return HeatMap(
        title: "What the pair (t, k) adds to the gradient of \(norms.name)",
        description: "Each row is the loss at a timestep t, each column the use of \(norms.name) at a timestep k.",
        x: Axis("weight used at timestep k"), y: Axis("loss at timestep t"), color: color, rows: rows)
    }
  }

  private static func map(of output: GradientFlow.OutputNorms) -> HeatMap {
    let norms = output.norms.indices.map { t in output.norms.indices.map { $0 == t ? output.norms[t] : 0 } }
    return map(of: GradientFlow.Norms(name: output.name, kind: .outputWeight, norms: norms, curve: []))
  }

  private static func label(of kind: GradientFlow.Kind) -> String {
    switch kind {
    case .hiddenState: "‖∂L(t)/∂h(k)‖ (nats)"
    case .cellState: "‖∂L(t)/∂c(k)‖ (nats)"
    case .inputWeight: "part of ∂L(t)/∂V (norm)"
    case .recurrentWeight: "part of ∂L(t)/∂W (norm)"
    case .outputWeight: "part of ∂L(t)/∂U (norm)"
    }
  }

  static let suffix = ".svg"

  /// What every picture begins with.
  private static let beginning = Array("<svg ".utf8)

  /// Writes the curve to an SVG file, and each heat map beside it: `flow.svg`, `flow-h_l0.svg`, `flow-rnn.weight_hh_l0.svg`.
  ///
  /// A slip of the hand must not cost another file: only pictures are replaced.
  /// - Returns: the paths written.
  func write(to path: String) throws -> [String] {
    let stem = path.hasSuffix(Self.suffix) ? String(path.dropLast(Self.suffix.count)) : path
    let named = maps.map { ($0.norms.name, $0.map) } + (outputMap.map { [($0.name, $0.map)] } ?? [])
    let files = [(path, curve.svg())] + named.map { ("\(stem)-\($0)\(Self.suffix)", $1.svg()) }
    for (path, _) in files {
      guard let old = try InputFile.ifThere(path), try !old.contents().starts(with: Self.beginning) else { continue }
      throw ValidationError("--output \(path): there is a file that isn't a picture; choose another name")
    }
    for (path, text) in files { try DurableFile.write(Array(text.utf8), to: path) }
    return files.map(\.0)
  }
}
