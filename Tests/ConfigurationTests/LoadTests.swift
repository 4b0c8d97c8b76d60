import Configuration
import ConfigurationFiles
import Diagnostics
import Foundation
import Testing

/// Reading files, in a directory of the test's own.
@Suite final class LoadTests {
  private let directory: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url.appending(path: "configs"), withIntermediateDirectories: true)
    // The temporary directory may be a link, and paths in a configuration are resolved without.
    directory = url.resolvingSymlinksInPath().path
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private func write(_ text: String, to name: String) throws -> String {
    try write(Data(text.utf8), to: name)
  }

  private func write(_ bytes: Data, to name: String) throws -> String {
    let path = "\(directory)/\(name)"
    try bytes.write(to: URL(filePath: path))
    return path
  }

  private func complaint(_ path: String, _ overrides: String...) -> String {
    do {
      _ = try RunConfiguration.load(path: path, overrides: overrides)
      return ""
    } catch {
      #expect(error.exitCode == .badInput)
      return error.description
    }
  }

  @Test func pathsAreRelativeToTheFile() throws {
    let text = try write("a\n", to: "a.txt")
    let path = try write("data: {train: ../a.txt}\n", to: "configs/small.cfg")
    let configuration = try RunConfiguration.load(path: path)
    #expect(configuration.data == .text(.init(train: [text])))
    #expect(configuration.output.directory == "runs/small")
  }

  @Test func pathsOfALinkedDirectoryLeadFromWhereItIs() throws {
    let text = try write("a\n", to: "a.txt")
    _ = try write("data: {train: ../a.txt}\n", to: "configs/small.cfg")
    try FileManager.default.createDirectory(atPath: "\(directory)/deep/er", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory)/deep/er/link", withDestinationPath: "\(directory)/configs")
    let configuration = try RunConfiguration.load(path: "\(directory)/deep/er/link/small.cfg")
    #expect(configuration.data == .text(.init(train: [text])))
  }

  @Test func pathsInOverridesAreRelativeToTheWorkingDirectory() throws {
    let path = try write(minimal, to: "lm.cfg")
    let working = URL(filePath: FileManager.default.currentDirectoryPath).resolvingSymlinksInPath().path
    #expect(
      complaint(path, "data={train: nowhere/a.txt}")
        == "data={train: nowhere/a.txt}: data.train: no such file: \(working)/nowhere/a.txt")
  }

  @Test func everyMissingFileIsNamed() throws {
    _ = try write("a\n", to: "a.txt")
    let path = try write(
      "data:\n  train: [a.txt, b.txt]\n  vocabulary: {file: .}\n  test: c.txt\nmodle: {}\n", to: "lm.cfg")
    #expect(
      complaint(path) == """
        \(path):2:18: data.train: no such file: \(directory)/b.txt
        \(path):3:22: data.vocabulary.file: is a directory, not a file: \(directory)/.
        \(path):4:9: data.test: no such file: \(directory)/c.txt
        \(path):5:1: modle: unknown key; did you mean model?
        """)
  }

  @Test func whatCannotBeReadTwiceIsNoData() throws {
    let pipe = "\(directory)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let path = try write("data: {train: pipe, test: /dev/null}\n", to: "lm.cfg")
    #expect(
      complaint(path) == """
        \(path):1:15: data.train: is not a regular file (data is read more than once): \(pipe)
        \(path):1:27: data.test: is not a regular file (data is read more than once): /dev/null
        """)
    #expect(
      complaint(path, "data={dataset: /dev/null}")
        == "data={dataset: /dev/null}: data.dataset: is not a regular file (data is read more than once): /dev/null")
  }

  @Test func whatIsNotAConfigurationFileIsRefused() throws {
    #expect(complaint("\(directory)/none.cfg") == "\(directory)/none.cfg: No such file or directory")
    #expect(complaint(directory) == "\(directory): Is a directory")
    let latin1 = try write(Data([UInt8]("seed: 1\nx: ".utf8) + [0xE9, 0x0A]), to: "latin1.cfg")
    #expect(complaint(latin1) == "\(latin1): not UTF-8 text on line 2")
    let large = try write(String(repeating: "# padding\n", count: 120_000), to: "large.cfg")
    #expect(complaint(large) == "\(large): larger than 1 MiB, which no configuration is")
  }

  @Test func theConfigurationInTheRepositoryIsRight() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "configs/lm.cfg"), encoding: .utf8)
    let configuration = try RunConfiguration.parse(
      text: text, name: "configs/lm.cfg", directory: "/project/configs", checkFiles: false)
    #expect(configuration.output.directory == "runs/lm")
    guard case .text(let corpus) = configuration.data else {
      Issue.record("expected text, found \(configuration.data)")
      return
    }
    #expect(corpus.train == ["/project/datasets/english/train.txt"])
    #expect(corpus.validation == .file("/project/datasets/english/validation.txt"))
    #expect(corpus.test == .file("/project/datasets/english/test.txt"))
  }
}
