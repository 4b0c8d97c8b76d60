/// Where a picture's styles are.
package enum StyleSource: Sendable {
  /// In the picture, which can be a file of its own.
  case embedded
  /// Likewise, for paper: without the colours of dark surroundings, which programs that typeset know nothing of.
  case print
  /// In the page around it, which has `PlotStyle.css`.
  case page
}

/// What can be drawn.
package protocol Picture: Sendable {
  /// What it shows, for those who hear instead of see; no picture draws it.
  var title: String { get }
  /// What is to be seen in it, in a sentence.
  var description: String { get }

  /// The picture's size, and what is in it.
  func drawing() -> Drawing

  /// The numbers that it shows, for other programs.
  var values: PictureValues { get }
}

package struct Drawing: Sendable {
  let width: Double
  let height: Double
  let elements: [String]
  /// What a page's script needs to find the values below a pointer: attributes of the picture; empty where it finds none.
  var attributes: [(name: String, value: String)] = []

  /// The attributes of a picture in which each row of its values has places of its own: where a point is, or where a line
  /// bends.
  ///
  /// - Parameters:
  ///   - kind: how near a pointer is to a row: `points` by the distance, `bars` across alone.
  ///   - places: of each row of values, in their order; empty for one that isn't drawn.
  ///   - hasNotes: whether the rows end with what there is to say of them.
  static func attributes(kind: String, places: [[(x: Double, y: Double)]], hasNotes: Bool) -> [(
    name: String, value: String
  )] {
    let text = places.map { row in row.map { "\(Markup.length($0.x)) \(Markup.length($0.y))" }.joined(separator: " ") }
    return [("kind", kind), ("places", text.joined(separator: ","))] + (hasNotes ? [("notes", "last")] : [])
  }
}

/// The numbers of a picture as a table.
package struct PictureValues: Sendable, Equatable {
  package let heading: [String]
  package let rows: [[String]]

  package init(heading: [String], rows: [[String]]) {
    self.heading = heading
    self.rows = rows
  }

  /// A number that reads back as the same; nothing where there is none.
  package static func text(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "" }
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A value of an axis: a category by its name.
  static func text(_ value: Double?, on axis: Axis) -> String {
    guard case .categories(let names) = axis.scale, let value, let index = Int(exactly: value),
      names.indices.contains(index)
    else { return text(value) }
    return names[index]
  }
}

extension Picture {
  /// The picture as an `svg` element.
  package func svg(style: StyleSource = .embedded) -> String {
    let drawing = drawing()
    let (width, height) = (Markup.length(drawing.width), Markup.length(drawing.height))
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 \(width) \(height)" \
      width="\(width)" height="\(height)"\(attributes(of: drawing, style))>
      <title>\(Markup.escaped(title))</title>
      <desc>\(Markup.escaped(description))</desc>

      """
    let css =
      switch style {
      case .embedded: "<style>\n\(PlotStyle.css)</style>\n"
      case .print: "<style>\n\(PlotStyle.printCSS)</style>\n"
      case .page: ""
      }
    return head + css + drawing.elements.joined(separator: "\n") + "\n</svg>"
  }

  /// Nobody reads the values off a picture that is a file of its own.
  private func attributes(of drawing: Drawing, _ style: StyleSource) -> String {
    guard style == .page else { return "" }
    return drawing.attributes.map { " data-\($0.name)=\"\(Markup.escaped($0.value))\"" }.joined()
  }
}

/// The styles of all pictures: colours for light and for dark surroundings.
///
/// Nothing but class names and plain colours, which programs that typeset SVG understand as well as browsers do.
package enum PlotStyle {
  package static let css = text(PackageResources.plot_css) + text(PackageResources.plot_dark_css) + ColorRamp.css

  /// Those for light surroundings alone.
  static let printCSS = text(PackageResources.plot_css) + ColorRamp.lightCSS

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Lengths that all pictures have in common, in the picture's units: pixels, unless it is scaled.
enum Layout {
  static let width = 460.0
  static let height = 290.0
  static let lineHeight = 17.0
  static let characterWidth = 7.0
  /// From a tick's mark to its label.
  static let gap = 6.0
}
