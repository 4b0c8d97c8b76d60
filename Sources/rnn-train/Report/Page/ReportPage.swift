import Diagnostics
import Foundation
import Mustache
import Plots
import Presentation

/// What a page says, from its top to its bottom.
struct ReportPage {
  /// What a browser calls it.
  let title: String
  let heading: String
  let lead: String
  /// What a reader has to know first.
  let notices: [String]
  let sections: [ReportSection]

  /// One self-contained file of HTML. Whatever is text in it is escaped.
  func html() throws -> String {
    MustacheContentTypes.register(EscapedMarkup(), named: EscapedMarkup.name)
    let library = try MustacheLibrary(
      templates: [
        "page": PackageResources.page_mustache, "body": PackageResources.body_mustache,
        "figure": PackageResources.figure_mustache, "table": PackageResources.table_mustache,
        "code": PackageResources.code_mustache,
      ].mapValues { try MustacheTemplate(string: "{{% CONTENT_TYPE: \(EscapedMarkup.name)}}" + Self.text($0)) })
    let content = Content(
      heading: heading, lead: lead, notices: notices, sections: sections.map { PageSection($0) })
    let frame = Frame(
      title: title, style: Self.text(PackageResources.report_css) + PlotStyle.css,
      body: library.render(content, withTemplate: "body") ?? "",
      script: Self.text(PackageResources.table_js) + Self.text(PackageResources.reading_js), program: Version.name,
      time: Format.time(Date().timeIntervalSince1970))
    return library.render(frame, withTemplate: "page") ?? ""
  }

  private struct Content {
    let heading: String
    let lead: String
    let notices: [String]
    let sections: [PageSection]
  }

  /// What surrounds the body of every page.
  private struct Frame {
    let title: String
    let style: String
    let body: String
    let script: String
    let program: String
    let time: String
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Escapes as pictures do. The library's own way misses a `<` that is part of a longer character.
private struct EscapedMarkup: MustacheContentType {
  static let name = "MARKUP"

  func escapeText(_ text: String) -> String { Markup.escaped(text) }
}
