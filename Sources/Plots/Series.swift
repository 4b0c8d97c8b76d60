/// Values of one kind in a plot.
package struct Series: Sendable {
  package enum Mark: Sendable, Equatable {
    case line
    /// One of many that are the background of another.
    case faintLine
    case points
    /// Circles around points that matter.
    case rings
    /// From zero, or from the lower end of an axis without it.
    case bars
  }

  package struct Point: Sendable {
    package let x: Double
    package let y: Double
    /// All that there is to say of it, unless it is part of a line: shown while the pointer is over it, and read by keys.
    package let note: String?

    package init(_ x: Double, _ y: Double, note: String? = nil) {
      self.x = x
      self.y = y
      self.note = note
    }
  }

  /// As the legend has it; a series without a name isn't in the legend.
  package let name: String
  package let mark: Mark
  /// In order of their x, for a line. One that isn't a number, or has no place on an axis, leaves a gap in it.
  package let points: [Point]
  /// Which of the six colours, from 1; nil: that of its place among the series.
  package let color: Int?

  package init(_ name: String, mark: Mark = .line, color: Int? = nil, points: [Point]) {
    self.name = name
    self.mark = mark
    self.color = color
    self.points = points
  }
}

/// A vertical line at a value of the x axis.
package struct Marker: Sendable {
  package let x: Double
  package let label: String
  /// That of a series, from 1; nil: none.
  package let color: Int?

  package init(_ x: Double, label: String, color: Int? = nil) {
    self.x = x
    self.label = label
    self.color = color
  }
}

/// A horizontal line at a value of the y axis.
package struct Level: Sendable {
  package let y: Double
  package let label: String

  package init(_ y: Double, label: String) {
    self.y = y
    self.label = label
  }
}
