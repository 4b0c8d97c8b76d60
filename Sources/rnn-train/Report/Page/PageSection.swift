import Foundation
import Plots
import Presentation

/// A section as the templates have it.
struct PageSection {
  let title: String
  let paragraphs: [String]
  let hasFacts: Bool
  let facts: [Fact]
  let hasItems: Bool
  let items: [String]
  let groups: [Group]
  let hasTexts: Bool
  let texts: [ReportSection.Text]
  let sentences: [Sentence]

  /// Panels that follow each other: side by side, or each of the page's whole width.
  struct Group {
    let isGrid: Bool
    var panels: [Panel]
  }

  struct Panel {
    var figure: PageFigure?
    var table: PageTable?
    var code: PageCode?
    var formulas: PageFormulas?
  }

  struct Sentence {
    let words: [ReportSection.Word]
  }

  init(_ section: ReportSection) {
    title = section.title
    paragraphs = section.paragraphs
    hasFacts = !section.facts.isEmpty
    facts = section.facts
    hasItems = !section.items.isEmpty
    items = section.items
    groups = section.panels.reduce(into: []) { groups, panel in
      let (isInGrid, content) = Self.content(of: panel, in: section)
      if groups.last?.isGrid == isInGrid {
        groups[groups.count - 1].panels.append(content)
      } else {
        groups.append(Group(isGrid: isInGrid, panels: [content]))
      }
    }
    hasTexts = !section.texts.isEmpty
    texts = section.texts
    sentences = section.sentences.map { Sentence(words: $0) }
  }

  private static func content(of panel: ReportSection.Panel, in section: ReportSection) -> (isInGrid: Bool, Panel) {
    switch panel {
    case .figure(let figure): (true, Panel(figure: PageFigure(figure)))
    case .table(let title, let table): (true, Panel(table: PageTable(ReportTable(title, table), in: section.title)))
    case .wideTable(let table): (false, Panel(table: PageTable(table, in: section.title)))
    case .code(let code): (false, Panel(code: PageCode(code)))
    case .formulas(let title, let lines, let note):
      (true, Panel(formulas: PageFormulas(title: title, lines: lines.map(MathML.block), note: note)))
    }
  }
}

/// A picture as the templates have it, with its numbers to take away.
struct PageFigure {
  let heading: String
  let name: String
  let svg: String
  let note: String?
  let isWide: Bool
  /// The numbers as a link that needs no file.
  let csv: String

  init(_ figure: Figure) {
    heading = figure.heading
    name = figure.name
    svg = figure.picture.svg(style: .page)
    note = figure.note
    isWide = figure.isWide
    let values = figure.picture.values
    let text = CSV.text(values.heading, values.rows)
    csv = "data:text/csv;charset=utf-8," + (text.addingPercentEncoding(withAllowedCharacters: Self.plain) ?? "")
  }

  /// What stands for itself in a link.
  private static let plain = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~,()/")
}

/// Formulas as the templates have them.
struct PageFormulas {
  let title: String
  /// MathML.
  let lines: [String]
  let note: String
}

/// Code as the templates have it.
struct PageCode {
  let title: String
  let isTitled: Bool
  let text: String
  let isFolded: Bool

  init(_ code: ReportSection.Code) {
    title = code.title
    isTitled = !code.title.isEmpty
    text = code.text
    isFolded = code.isFolded
  }
}

/// A table as the templates have it.
struct PageTable {
  let title: String
  let isTitled: Bool
  /// What those hear who come to it by the keyboard.
  let label: String
  let columns: [ReportTable.Column]
  let rows: [Row]
  let isSortable: Bool
  let isFolded: Bool

  struct Row {
    let standsOut: Bool
    let cells: [Cell]
  }

  struct Cell {
    let text: String
    let isText: Bool
    let isRowHead: Bool
    let tag: String
    let key: String?
    let link: String?
  }

  /// - Parameter section: names the table if it has no title of its own.
  init(_ table: ReportTable, in section: String) {
    title = table.title
    isTitled = !table.title.isEmpty
    label = table.title.isEmpty ? section : table.title
    columns = table.columns
    isSortable = table.isSortable
    isFolded = table.isFolded
    rows = table.rows.map { row in
      Row(
        standsOut: row.standsOut,
        cells: zip(row.cells, table.columns).enumerated().map { index, pair in
          Cell(
            text: pair.0.text, isText: !pair.1.isNumeric, isRowHead: index == 0, tag: index == 0 ? "th" : "td",
            key: pair.0.key, link: pair.0.link)
        })
    }
  }
}
