import Datasets
import HDF5

/// A vocabulary in `/vocabulary` of a dataset or a checkpoint: `tokens`, and the attribute `lowercase` where words are looked up so.
extension Vocabulary {
  private static let lowercase = "lowercase"

  /// - Parameter entries: reads a list of different tokens by its name.
  package init(in group: ReadableGroup, entries: (_ name: String) throws -> [String]) throws {
    self.init(
      tokens: try entries("tokens"),
      isLowercase: try group.hasAttribute(Self.lowercase) && group.intAttribute(Self.lowercase) != 0)
  }

  package func write(to group: WritableGroup) throws {
    try group.writeStrings("tokens", tokens)
    if isLowercase { try group.setAttribute(Self.lowercase, 1) }
  }
}
