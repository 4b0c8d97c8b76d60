/// The names of lines at their ends, moved apart where they would lie on each other.
struct EndLabels {
  let elements: [String]

  private static let height = 12.0

  /// The room that they take behind a picture's right end.
  static func width(of names: [String]) -> Double {
    Layout.gap + (names.map(Markup.width).max() ?? 0) + 2
  }

  /// - Parameter lines: where there is no room for all names, those that come first have none.
  init(_ lines: [(series: Series, style: String)], in frame: Frame) {
    let ends: [(name: String, style: String, x: Double, y: Double)] = lines.compactMap { series, style in
      for point in series.points.reversed() {
        guard let x = frame.x(point.x), let y = frame.y(point.y) else { continue }
        return (series.name, style, x, min(max(y, frame.top), frame.bottom))
      }
      return nil
    }
    let room = Int((frame.bottom - frame.top) / Self.height) + 1
    let shown = ends.suffix(room).sorted { $0.y < $1.y }
    let places = Self.apart(shown.map(\.y), last: frame.bottom)
    elements = zip(shown, places).map { end, y in
      Markup.text(end.name, x: end.x + Layout.gap, y: y + 4, style: "name \(end.style)")
    }
  }

  /// Heights as near to some ascending ones as goes with a distance between them: each is moved down as far as it has to be,
  /// and then those at the bottom up again.
  private static func apart(_ heights: [Double], last: Double) -> [Double] {
    var places = heights
    for index in places.indices.dropFirst() { places[index] = max(places[index], places[index - 1] + height) }
    var limit = last
    for index in places.indices.reversed() {
      places[index] = min(places[index], limit)
      limit = places[index] - height
    }
    return places
  }
}
