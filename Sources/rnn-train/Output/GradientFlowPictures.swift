import ArgumentParser
import Files
import Plots
import Presentation
import Training

/// The pictures of how gradients flow: the curve by distance in time, and for each state a heat map over t and k.
struct GradientFlowPictures {
  let curve: Plot
  let maps: [(state: String, map: HeatMap)]

  private static let norm = "‖∂L(t)/∂s(k)‖ (nats)"

  /// - Parameter bptt: the window that the model is trained with, to be marked; nil: none.
  init(_ flow: GradientFlow, bptt: Int?) {
    let series = flow.states.map { state in
      Series(state.name, points: state.curve.map { Series.Point(Double($0.lag), $0.norm) })
    }
    let ends = flow.states.compactMap { state in
      state.curve.last.map {
        "\(state.name): \(Format.significant(state.direct, 3)) at lag 0, "
          + "\(Format.significant($0.norm, 3)) at lag \($0.lag)."
      }
    }
    curve = Plot(
      title: "Gradient by distance in time", description: ends.joined(separator: " "),
      x: Axis("distance t − k (timesteps)", isWhole: true), y: Axis(Self.norm, scale: .logarithmic), series: series,
      markers: bptt.flatMap { $0 < flow.timesteps ? Marker(Double($0), label: "bptt \($0)") : nil }.map { [$0] } ?? [])
    maps = flow.states.map { ($0.name, Self.map(of: $0)) }
  }

  private static func map(of state: GradientFlow.State) -> HeatMap {
    // Where nothing can flow there is no cell.
    let rows = state.norms.map { $0.map { $0 > 0 ? $0 : nil } }
    return HeatMap(
      title: "Gradient from t to k, \(state.name)",
      description: "Each row is the loss at a timestep t, each column the state \(state.name) at a timestep k.",
      x: Axis("state at timestep k"), y: Axis("loss at timestep t"), color: Axis(norm, scale: .logarithmic), rows: rows)
  }

  static let suffix = ".svg"

  /// What every picture begins with.
  private static let beginning = Array("<svg ".utf8)

  /// Writes the curve to an SVG file, and each heat map beside it: `flow.svg` and `flow-h_l0.svg`.
  ///
  /// A slip of the hand must not cost another file: only pictures are replaced.
  /// - Returns: the paths written.
  func write(to path: String) throws -> [String] {
    let stem = path.hasSuffix(Self.suffix) ? String(path.dropLast(Self.suffix.count)) : path
    let files = [(path, curve.svg())] + maps.map { ("\(stem)-\($0.state)\(Self.suffix)", $0.map.svg()) }
    for (path, _) in files {
      guard let old = try InputFile.ifThere(path), try !old.contents().starts(with: Self.beginning) else { continue }
      throw ValidationError("--output \(path): there is a file that isn't a picture; choose another name")
    }
    for (path, text) in files { try DurableFile.write(Array(text.utf8), to: path) }
    return files.map(\.0)
  }
}
