import Models

/// Some floats of the gradients of parameters that have them in all rows: what a job of norm or update is over.
struct GradientBlock: Sendable {
  /// From the arena's start.
  let floats: Range<Int>
  /// The cluster of an output layer that all of them are of; nil where they are of several, or of none.
  let cluster: Int?

  /// Floats of a block at most: fixed, since it decides the order in which squares are summed.
  private static let limit = 16_384

  /// The arena in blocks, frozen parameters left out.
  static func all(of gradients: Gradients, except frozen: Set<Parameter.Handle>) -> [GradientBlock] {
    var stretches: [Range<Int>] = []
    let dense = gradients.layout.parameters.filter { $0.gradientRows == .all && !frozen.contains($0.handle) }
    for parameter in dense.sorted(by: { $0.offset < $1.offset }) {
      let range = parameter.offset..<parameter.offset + parameter.panels.floatCount
      if let last = stretches.last, last.upperBound == range.lowerBound {
        stretches[stretches.count - 1] = last.lowerBound..<range.upperBound
      } else {
        stretches.append(range)
      }
    }
    return stretches.flatMap { stretch in
      stride(from: stretch.lowerBound, to: stretch.upperBound, by: limit).map { start in
        let floats = start..<min(start + limit, stretch.upperBound)
        let parts = parts(of: floats, gradients.clusters)
        return parts.count == 1 ? parts[0] : GradientBlock(floats: floats, cluster: nil)
      }
    }
  }

  /// The block in parts that are of one cluster each, or of none.
  func parts(by clusters: TargetedClusters?) -> [GradientBlock] { Self.parts(of: floats, clusters) }

  private static func parts(of floats: Range<Int>, _ clusters: TargetedClusters?) -> [GradientBlock] {
    var (parts, start) = ([GradientBlock](), floats.lowerBound)
    func add(to end: Int, _ cluster: Int?) {
      if end > start { parts.append(GradientBlock(floats: start..<end, cluster: cluster)) }
      start = max(start, end)
    }
    for stretch in clusters?.stretches(touching: floats) ?? [] {
      add(to: stretch.floats.lowerBound, nil)
      add(to: min(stretch.floats.upperBound, floats.upperBound), stretch.cluster)
    }
    add(to: floats.upperBound, nil)
    return parts
  }
}
