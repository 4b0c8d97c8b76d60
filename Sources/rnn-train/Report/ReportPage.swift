import Diagnostics
import Foundation
import Mustache
import Plots

/// One self-contained HTML page: a template filled with what it is about. Whatever is text in it is escaped.
struct ReportPage {
  /// A name and a value at the top of the page.
  struct Fact {
    let name: String
    let value: String
  }

  /// A picture with its heading.
  struct Figure {
    let heading: String
    let svg: String
    /// A sentence below the picture.
    let note: String?
    /// Whether it has the page's whole width, and scrolls where that is too little.
    let isWide: Bool

    init(_ heading: String, _ picture: some Picture, note: String? = nil, isWide: Bool = false) {
      self.heading = heading
      svg = picture.svg(style: .page)
      self.note = note
      self.isWide = isWide
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
