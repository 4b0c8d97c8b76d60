import Diagnostics
import Foundation
import Mustache
import Plots
import Presentation

/// One self-contained HTML page: a template filled with what it is about. Whatever is text in it is escaped.
struct ReportPage {
  /// A section as the template has it.
  struct Section {
    struct Panel {
      let figure: Figure?
      let table: Table?
    }

    struct Table {
      let title: String
      let columns: [String]
      let rows: [Row]
    }

    struct Row {
      let name: String
      let values: [String]
    }

    struct Sentence {
      let words: [ReportSection.Word]
    }

    let title: String
    let paragraphs: [String]
    let hasPanels: Bool
    let panels: [Panel]
    let hasTexts: Bool
    let texts: [ReportSection.Text]
    let sentences: [Sentence]

    init(_ section: ReportSection) {
      title = section.title
      paragraphs = section.paragraphs
      hasPanels = !section.panels.isEmpty
      panels = section.panels.map { panel in
        switch panel {
        case .figure(let figure): Panel(figure: figure, table: nil)
        case .table(let title, let table):
          Panel(
            figure: nil,
            table: Table(
              title: title, columns: table.heading,
              rows: table.rows.map { Row(name: $0.first ?? "", values: Array($0.dropFirst())) }))
        }
      }
      hasTexts = !section.texts.isEmpty
      texts = section.texts
      sentences = section.sentences.map { Sentence(words: $0) }
    }
  }

  /// What surrounds the body of every page.
  private struct Frame {
    let title: String
    let style: String
    let body: String
    let script: String?
    let program: String
    let time: String
  }

  /// - Parameters:
  ///   - template: `run` or `sweep`.
  ///   - isSortable: whether there is a table that can be sorted.
  static func render(title: String, _ content: Any, template: Template, isSortable: Bool = false) throws -> String {
    MustacheContentTypes.register(EscapedMarkup(), named: EscapedMarkup.name)
    let library = try MustacheLibrary(
      templates: [
        "page": PackageResources.page_mustache, "run": PackageResources.run_mustache,
        "sweep": PackageResources.sweep_mustache, "figure": PackageResources.figure_mustache,
      ].mapValues { try MustacheTemplate(string: "{{% CONTENT_TYPE: \(EscapedMarkup.name)}}" + text($0)) })
    let frame = Frame(
      title: title, style: text(PackageResources.report_css) + PlotStyle.css,
      body: library.render(content, withTemplate: template.rawValue) ?? "",
      script: isSortable ? text(PackageResources.table_js) : nil, program: Version.name,
      time: Format.time(Date().timeIntervalSince1970))
    return library.render(frame, withTemplate: "page") ?? ""
  }

  enum Template: String { case run, sweep }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Escapes as pictures do. The library's own way misses a `<` that is part of a longer character.
private struct EscapedMarkup: MustacheContentType {
  static let name = "MARKUP"

  func escapeText(_ text: String) -> String { Markup.escaped(text) }
}
