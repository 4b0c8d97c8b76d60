/// Cuts lines where a picture ends.
enum Clipping {
  /// The parts of a line that lie between two heights, cut where it crosses them. Costs one pass.
  ///
  /// - Parameters:
  ///   - top: the smaller y.
  ///   - bottom: the larger y.
  static func pieces(
    of line: [Thinning.Point], between top: Double, and bottom: Double
  ) -> [[Thinning.Point]] {
    let isInside = { (point: Thinning.Point) in point.y >= top && point.y <= bottom }
    if line.allSatisfy(isInside) { return line.isEmpty ? [] : [line] }
    var pieces: [[Thinning.Point]] = []
    var piece: [Thinning.Point] = []
    for (a, b) in zip(line, line.dropFirst()) {
      guard let (start, end) = inside(a, b, top, bottom) else { continue }
      if piece.isEmpty { piece.append(start) }
      piece.append(end)
      if !isInside(b) {
        pieces.append(piece)
        piece = []
      }
    }
    return piece.isEmpty ? pieces : pieces + [piece]
  }

  /// The part of a straight line between two heights; nil where all of it lies beyond one of them.
  private static func inside(
    _ a: Thinning.Point, _ b: Thinning.Point, _ top: Double, _ bottom: Double
  ) -> (Thinning.Point, Thinning.Point)? {
    guard max(a.y, b.y) >= top, min(a.y, b.y) <= bottom else { return nil }
    func cut(_ point: Thinning.Point) -> Thinning.Point {
      let y = min(max(point.y, top), bottom)
      return y == point.y ? point : Thinning.Point(x: a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y), y: y)
    }
    return (cut(a), cut(b))
  }
}
