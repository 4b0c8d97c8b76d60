/// The few operations on paths that the program needs.
package enum Path {
  /// `a/b/c` -> `a/b`, `c` -> `.`, `/c` -> `/`.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// A name within a directory; a name that begins with `/` stands for itself.
  package static func join(_ directory: String, _ name: String) -> String {
    if name.hasPrefix("/") || directory == "." || directory.isEmpty { return name }
    return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }
}
