import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A page as a parser of XML finds it, which takes nothing that isn't well-formed.
final class Page: NSObject, XMLParserDelegate {
  private(set) var elements: [String: Int] = [:]
  private(set) var headings: [String] = []
  /// Of `pre` elements, in their order.
  private(set) var blocks: [String] = []
  private(set) var cells: [String] = []
  /// Of the elements that name something elsewhere.
  private(set) var links: [String] = []
  private(set) var text = ""
  private var open: [(name: String, text: String)] = []

  init(_ html: String) throws {
    super.init()
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = self
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "line \(parser.lineNumber): \(String(describing: parser.parserError))\n\(html)")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements[name, default: 0] += 1
    open.append((name, ""))
    for name in ["src", "href", "onload", "onerror", "onclick"] {
      if let link = attributes[name] { links.append(link) }
    }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    self.text += text
    for index in open.indices { open[index].text += text }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    guard let (_, text) = open.popLast() else { return }
    switch name {
    case "h2", "h3": headings.append(text)
    case "pre": blocks.append(text)
    case "td", "th": cells.append(text)
    default: break
    }
  }
}
