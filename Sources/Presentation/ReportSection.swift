import Plots

/// A part of a report's page, as what it says; how that looks is the page's affair.
package struct ReportSection: Sendable {
  package var title: String
  package var paragraphs: [String]
  package var facts: [Fact] = []
  /// Pictures, tables and code, in the order in which they stand.
  package var panels: [Panel] = []
  /// Short texts below each other.
  package var items: [String] = []
  /// Text that keeps its line breaks, side by side.
  package var texts: [Text] = []
  package var sentences: [[Word]] = []

  package init(_ title: String, paragraphs: [String] = []) {
    self.title = title
    self.paragraphs = paragraphs
  }

  package enum Panel: Sendable {
    case figure(Figure)
    /// A table that stands beside pictures.
    case table(title: String, Table)
    /// A table of the page's whole width.
    case wideTable(ReportTable)
    case code(Code)
    /// In TeX's notation as `MathML` knows it, a line each, with a sentence below.
    case formulas(title: String, [String], note: String)
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

  /// What is to be read by a program, or typed.
  package struct Code: Sendable {
    package let title: String
    package let text: String
    /// Whether a reader sees the title alone at first.
    package let isFolded: Bool

    package init(_ title: String, _ text: String, isFolded: Bool = false) {
      self.title = title
      self.text = text
      self.isFolded = isFolded
    }
  }
}

/// A picture with its heading.
package struct Figure: Sendable {
  package let heading: String
  package let picture: any Picture
  /// A sentence below the picture.
  package let note: String?
  /// Whether it has the page's whole width, and scrolls where that is too little.
  package let isWide: Bool

  package init(_ heading: String, _ picture: some Picture, note: String? = nil, isWide: Bool = false) {
    self.heading = heading
    self.picture = picture
    self.note = note
    self.isWide = isWide
  }

  /// The heading as the name of a file, without an ending: `which-tags-it-takes-for-which`.
  package var name: String {
    let words = heading.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }
    return words.isEmpty ? "figure" : words.joined(separator: "-")
  }
}
