import Datasets
import HDF5

/// A vocabulary in `/vocabulary` of a dataset or a checkpoint: `tokens`, and the attribute `lowercase` where words are looked up so.
extension Vocabulary {
  private static let lowercase = "lowercase"

  /// - Parameters:
  ///   - file: what errors call the file.
  ///   - entries: reads a list of different tokens by its name.
  /// - Throws: `DatasetError.upperCase` for tokens that aren't what the attribute says.
  package init(in group: ReadableGroup, file: String, entries: (_ name: String) throws -> [String]) throws {
    let tokens = try entries("tokens")
    let isLowercase = try Self.isLowercase(in: group)
    if isLowercase, let entry = Self.casedToken(in: tokens) { throw DatasetError.upperCase(file: file, entry: entry) }
    self.init(tokens: tokens, isLowercase: isLowercase)
  }

  static func isLowercase(in group: ReadableGroup) throws -> Bool {
    try group.hasAttribute(lowercase) && group.intAttribute(lowercase) != 0
  }

  package func write(to group: WritableGroup) throws {
    try group.writeStrings("tokens", tokens)
    if isLowercase { try group.setAttribute(Self.lowercase, 1) }
  }
}
