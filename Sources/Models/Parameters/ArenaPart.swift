/// Some floats of an arena that are of one cluster of an output layer, or of none.
package struct ArenaPart: Sendable {
  /// From the arena's start.
  package let floats: Range<Int>
  /// Nil where they are of none, or, of an arena that isn't cut where clusters begin and end, of several.
  package let cluster: Int?

  private init(floats: Range<Int>, cluster: Int?) { (self.floats, self.cluster) = (floats, cluster) }

  /// Floats that stay together.
  package init(_ floats: Range<Int>, _ clusters: TargetedClusters?) {
    let parts = Self.parts(of: floats, clusters)
    self.init(floats: floats, cluster: parts.count == 1 ? parts[0].cluster : nil)
  }

  /// Floats in parts that are of one cluster each, or of none, in the order of memory; none of them is empty.
  package static func parts(of floats: Range<Int>, _ clusters: TargetedClusters?) -> [ArenaPart] {
    var (parts, start) = ([ArenaPart](), floats.lowerBound)
    func add(to end: Int, _ cluster: Int?) {
      if end > start { parts.append(ArenaPart(floats: start..<end, cluster: cluster)) }
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
