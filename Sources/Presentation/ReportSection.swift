import Plots

/// A part of a report's page, as what it says; how that looks is the page's affair.
package struct ReportSection: Sendable {
  package var title: String
  package var paragraphs: [String]
  /// Pictures and tables, in the order in which they stand.
  package var panels: [Panel] = []
  /// Text that keeps its line breaks, side by side.
  package var texts: [Text] = []
  package var sentences: [[Word]] = []

  package init(_ title: String, paragraphs: [String]) {
    self.title = title
    self.paragraphs = paragraphs
  }

  package enum Panel: Sendable {
    case figure(Figure)
    case table(title: String, Table)
  }

  package struct Text: Sendable {
    package let title: String
    package let text: String

    package init(title: String, text: String) {
      self.title = title
      self.text = text
    }
  }

  /// A word with its label.
  package struct Word: Sendable {
    package let form: String
    package let given: String
    /// The label that it should have, where that is another one.
    package let correction: String?

    package init(_ form: String, given: String, correction: String?) {
      self.form = form
      self.given = given
      self.correction = correction
    }
  }
}

/// A picture with its heading.
package struct Figure: Sendable {
  package let heading: String
  package let svg: String
  /// A sentence below the picture.
  package let note: String?
  /// Whether it has the page's whole width, and scrolls where that is too little.
  package let isWide: Bool

  package init(_ heading: String, _ picture: some Picture, note: String? = nil, isWide: Bool = false) {
    self.heading = heading
    svg = picture.svg(style: .page)
    self.note = note
    self.isWide = isWide
  }
}
