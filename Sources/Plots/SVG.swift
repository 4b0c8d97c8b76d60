/// Where a picture's styles are.
package enum StyleSource: Sendable {
  /// In the picture, which can be a file of its own.
  case embedded
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
}

package struct Drawing: Sendable {
  let width: Double
  let height: Double
  let elements: [String]
}

extension Picture {
  /// The picture as an `svg` element.
  package func svg(style: StyleSource = .embedded) -> String {
    let drawing = drawing()
    let (width, height) = (Markup.length(drawing.width), Markup.length(drawing.height))
    let head = """
      <svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 \(width) \(height)" \
      width="\(width)" height="\(height)">
      <title>\(Markup.escaped(title))</title>
      <desc>\(Markup.escaped(description))</desc>

      """
    let style = style == .embedded ? "<style>\n\(PlotStyle.css)</style>\n" : ""
    return head + style + drawing.elements.joined(separator: "\n") + "\n</svg>"
  }
}

/// The styles of all pictures: colours for light and for dark surroundings.
///
/// Nothing but class names and plain colours, which programs that typeset SVG understand as well as browsers do.
package enum PlotStyle {
  package static let css = String(decoding: PackageResources.plot_css, as: UTF8.self) + ColorRamp.css
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
