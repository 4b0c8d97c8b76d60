import Datasets
import Files
import Foundation
import Testing

/// What paths of a corpus stand for.
@Suite struct CorpusFilesTests {
  private static func withDirectory(_ body: (String) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("corpus-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: "\(root)/b/c", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    for name in ["z.txt", "B.txt", "a.txt", "b/2.txt", "b/10.txt", "b/c/x", ".hidden", "ä[1].txt"] {
      try "x".write(toFile: "\(root)/\(name)", atomically: true, encoding: .utf8)
    }
    try FileManager.default.createDirectory(atPath: "\(root)/.git", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(root)/b/up", withDestinationPath: root)
    try body(root)
  }

  @Test func directoriesAndPatternsAreFilesInTheOrderOfBytes() throws {
    try Self.withDirectory { root throws in
      func all(_ path: String) throws -> [String] {
        try CorpusFiles.all(of: "\(root)/\(path)").map { String($0.dropFirst(root.count + 1)) }
      }
      #expect(try all("a.txt") == ["a.txt"])
      #expect(try all("b") == ["b/10.txt", "b/2.txt", "b/c/x"])
      #expect(try all("*.txt") == ["B.txt", "a.txt", "z.txt", "ä[1].txt"])
      #expect(try all("[ab]*") == ["a.txt", "b/10.txt", "b/2.txt", "b/c/x"])
      // A name that is there is no pattern.
      #expect(try all("ä[1].txt") == ["ä[1].txt"])
      #expect(try CorpusFiles.all(of: root).count == 7)
      #expect(try CorpusFiles.all(of: "-") == ["-"])
    }
  }

  @Test func whatStandsForNothingIsAnError() throws {
    try Self.withDirectory { root throws in
      #expect(try CorpusFiles.all(of: "\(root)/missing") == ["\(root)/missing"])
      #expect(throws: CorpusError.file(.notAFile(path: "\(root)/.git", found: "a directory without files"))) {
        try CorpusFiles.all(of: "\(root)/.git")
      }
    }
  }
}
