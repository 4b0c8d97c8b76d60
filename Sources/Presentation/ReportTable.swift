/// A table of a page, with what only pages can show: rows that stand out, links, an order of the reader's choice.
package struct ReportTable: Sendable {
  package struct Column: Sendable {
    package let title: String
    package let isNumeric: Bool

    package init(_ title: String, isNumeric: Bool = false) {
      self.title = title
      self.isNumeric = isNumeric
    }
  }

  package struct Cell: Sendable {
    package let text: String
    /// What it is sorted by, if that isn't the text.
    package let key: String?
    /// A page that says more, relative to this one.
    package let link: String?

    package init(_ text: String, key: String? = nil, link: String? = nil) {
      self.text = text
      self.key = key
      self.link = link
    }
  }

  package struct Row: Sendable {
    package let cells: [Cell]
    package let standsOut: Bool

    package init(_ cells: [Cell], standsOut: Bool = false) {
      self.cells = cells
      self.standsOut = standsOut
    }

    package init(_ texts: [String], standsOut: Bool = false) {
      self.init(texts.map { Cell($0) }, standsOut: standsOut)
    }
  }

  package let title: String
  package let columns: [Column]
  package let rows: [Row]
  package let isSortable: Bool
  /// Whether a reader sees the title alone at first.
  package let isFolded: Bool

  package init(
    _ title: String, _ columns: [Column], _ rows: [Row], isSortable: Bool = false, isFolded: Bool = false
  ) {
    self.title = title
    self.columns = columns
    self.rows = rows
    self.isSortable = isSortable
    self.isFolded = isFolded
  }

  /// The first column to the left, the others, which are numbers, to the right.
  package init(_ title: String, _ table: Table) {
    self.init(
      title, table.heading.enumerated().map { Column($0.element, isNumeric: $0.offset > 0) }, table.rows.map { Row($0) }
    )
  }
}
