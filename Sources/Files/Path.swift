import Glibc

/// The few operations on paths that the program needs.
package enum Path {
  /// `a/b/c` -> `a/b`, `a/b/` -> `a`, `c` -> `.`, `/c` -> `/`.
  package static func directory(of path: String) -> String {
    let path = path.trimmingSlashes()
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path.isEmpty ? "/" : "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// `a/b/c` -> `c`, `a/b/` -> `b`.
  package static func name(of path: String) -> String {
    let path = path.trimmingSlashes()
    return path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? String(path)
  }

  /// A name within a directory; a name that begins with `/` stands for itself.
  package static func join(_ directory: String, _ name: String) -> String {
    if name.hasPrefix("/") || directory == "." || directory.isEmpty { return name }
    return directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }
}

extension Path {
  /// The absolute path without links; nil if there is nothing.
  package static func real(_ path: String) -> String? {
    guard let buffer = realpath(path, nil) else { return nil }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}

extension String {
  /// Without the slashes at its end, which stand for nothing.
  fileprivate func trimmingSlashes() -> Substring {
    var path = self[...]
    while path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
