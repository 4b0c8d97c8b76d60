import Files
import Foundation

/// Links from a page to others that are there.
struct PageLinks {
  /// The directory that the page will be in; nil for one that goes to standard output.
  private let directory: [String]?

  /// - Parameter page: the page's file.
  init(from page: String?) {
    directory = page.map { Self.parts(of: $0).dropLast() }
  }

  /// A file relative to the page, as a link has it; nil where it isn't there.
  func link(to path: String) throws -> String? {
    guard let directory, try InputFile.ifThere(path) != nil else { return nil }
    let target = Self.parts(of: path)
    let shared = zip(directory, target).prefix { $0 == $1 }.count
    let parts = Array(repeating: "..", count: directory.count - shared) + target.dropFirst(shared)
    let plain = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: ":"))
    return parts.compactMap { $0.addingPercentEncoding(withAllowedCharacters: plain) }.joined(separator: "/")
  }

  private static func parts(of path: String) -> [String] {
    URL(fileURLWithPath: path).standardizedFileURL.pathComponents
  }
}
