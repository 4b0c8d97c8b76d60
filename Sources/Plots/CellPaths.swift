/// The cells of a heat map: one path for all cells of a colour, with neighbours in a row joined.
struct CellPaths {
  private let levels: [[Int?]]
  private let rowCount: Int
  private let columns: Int
  /// Rows and columns of a matrix that share a cell of the picture.
  private let block: Int

  /// More cells in a row or a column than a picture can show are averaged.
  private static let limit = 160

  init(_ rows: [[Double?]], colors: Domain) {
    let count = rows.map(\.count).max() ?? 0
    let block = max(1, (max(rows.count, count) + Self.limit - 1) / Self.limit)
    var levels: [[Int?]] = []
    for top in stride(from: 0, to: rows.count, by: block) {
      levels.append(
        stride(from: 0, to: count, by: block).map { left in
          Self.mean(rows[top..<min(top + block, rows.count)], columns: left..<left + block)
            .map { ColorRamp.level(colors.share(of: $0) ?? 0) }
        })
    }
    (self.levels, rowCount, columns, self.block) = (levels, rows.count, count, block)
  }

  private static func mean(_ rows: ArraySlice<[Double?]>, columns: Range<Int>) -> Double? {
    let values = rows.flatMap { row in columns.compactMap { row.indices.contains($0) ? row[$0] : nil } }
    return values.isEmpty ? nil : values.reduce(0) { $0 + $1 / Double(values.count) }
  }

  func elements(in frame: MatrixFrame) -> [String] {
    var paths = Array(repeating: "", count: ColorRamp.levels)
    for (row, levels) in levels.enumerated() {
      var start = 0
      while start < levels.count {
        var end = start + 1
        while end < levels.count, levels[end] == levels[start] { end += 1 }
        if let level = levels[start] {
          // The last block may be cut short.
          let (left, right) = (start * block, min(end * block, columns))
          let (top, bottom) = (row * block, min((row + 1) * block, rowCount))
          paths[level] += "M\(left) \(top)h\(right - left)v\(bottom - top)h-\(right - left)z"
        }
        start = end
      }
    }
    let scale = (
      (frame.right - frame.left) / Double(max(columns, 1)), (frame.bottom - frame.top) / Double(max(rowCount, 1))
    )
    let group =
      "<g class=\"cells\" transform=\"translate(\(Markup.length(frame.left)) \(Markup.length(frame.top))) "
      + "scale(\(scale.0) \(scale.1))\">"
    let cells = paths.enumerated().compactMap { level, path in
      path.isEmpty ? nil : "<path class=\"\(ColorRamp.style(level))\" d=\"\(path)\"/>"
    }
    return [group] + cells + ["</g>"]
  }
}
