import Models

/// Some floats of the gradients of parameters that have them in all rows: what a job of norm or update is over.
struct GradientBlock: Sendable {
  /// From the arena's start.
  let floats: Range<Int>
  /// The cluster of an output layer that all of them are of; nil where they are of several, or of none.
  let cluster: Int?

  private init(floats: Range<Int>, cluster: Int?) { (self.floats, self.cluster) = (floats, cluster) }

  /// One whose squares are summed on their own.
  init(_ floats: Range<Int>, _ clusters: TargetedClusters?) {
    let parts = Self.parts(of: floats, clusters)
    self.init(floats: floats, cluster: parts.count == 1 ? parts[0].cluster : nil)
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
