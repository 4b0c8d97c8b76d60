extension Plot {
  /// Of lines a row for each x, with what every line has there; of points and bars a row for each of them.
  package var values: PictureValues { isLinePlot ? valuesOfLines : valuesOfPoints }

  private var valuesOfLines: PictureValues {
    var columns: [Double: [Double?]] = [:]
    for (index, series) in series.enumerated() {
      for point in series.points where point.x.isFinite && point.y.isFinite {
        columns[point.x, default: Array(repeating: nil, count: self.series.count)][index] = point.y
      }
    }
    return PictureValues(
      heading: [x.label] + series.map { $0.name.isEmpty ? y.label : $0.name },
      rows: columns.sorted { $0.key < $1.key }.map { x, values in
        [PictureValues.text(x, on: self.x)] + values.map { PictureValues.text($0) }
      })
  }

  /// Those of which there is a row of values each: rings stand around points that are there already.
  var countedPoints: [Series.Point] { series.filter { $0.mark != .rings }.flatMap(\.points) }

  var hasNotes: Bool { countedPoints.contains { $0.note != nil } }

  private var valuesOfPoints: PictureValues {
    PictureValues(
      heading: [x.label, y.label] + (hasNotes ? ["note"] : []),
      rows: countedPoints.map { point in
        [PictureValues.text(point.x, on: x), PictureValues.text(point.y)] + (hasNotes ? [point.note ?? ""] : [])
      })
  }
}
