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

  @Test func thePlaceOfAFileDoesNotDependOnWhatNamesIt() throws {
    try Self.withDirectory { root throws in
      try "x".write(toFile: "\(root)/b-", atomically: true, encoding: .utf8)
      let all = ["b-", "b/10.txt", "b/2.txt", "b/c/x"].map { "\(root)/\($0)" }
      #expect(try CorpusFiles.all(of: "\(root)/b*") == all)
      #expect(try CorpusFiles.all(of: root).suffix(3) == ["\(root)/b/c/x", "\(root)/z.txt", "\(root)/ä[1].txt"])
      #expect(try CorpusFiles.all(of: "\(root)/.*") == ["\(root)/.hidden"])
    }
  }

  @Test func whatStandsForNothingIsAnError() throws {
    try Self.withDirectory { root throws in
      #expect(try CorpusFiles.all(of: "\(root)/missing") == ["\(root)/missing"])
      #expect(throws: CorpusError.file(.noFiles(directory: "\(root)/.git"))) {
        try CorpusFiles.all(of: "\(root)/.git")
      }
      // "é" in Latin-1.
      let name = "\(root)/.git/caf".utf8CString.dropLast() + [CChar(bitPattern: 0xE9), 0]
      let descriptor = creat(Array(name), 0o644)
      try #require(descriptor >= 0)
      close(descriptor)
      #expect(throws: CorpusError.file(.unreadableName(path: "\(root)/.git/caf\u{FFFD}"))) {
        try CorpusFiles.all(of: "\(root)/.git")
      }
    }
  }

  @Test func aDirectoryIsNoPartOfAPattern() throws {
    try Self.withDirectory { root throws in
      let odd = "\(root)/b/[1]*?\\"
      try FileManager.default.createDirectory(atPath: odd, withIntermediateDirectories: true)
      try "x".write(toFile: "\(odd)/a.txt", atomically: true, encoding: .utf8)
      #expect(try CorpusFiles.all(of: CorpusFiles.pattern(of: odd) + "/*.txt") == ["\(odd)/a.txt"])
    }
  }
}
