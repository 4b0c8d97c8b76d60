import Configuration
import ConfigurationFiles
import Datasets
import Foundation
import Models
import Tasks
import Testing

/// Configurations of texts that have none.
@Suite final class CorpusTests {
  private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("corpus-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// - Parameter bytes: of the file: the text over and over as far as anybody looks, and a hole behind that.
  private func file(_ name: String, _ text: String, bytes: Int? = nil) throws -> String {
    let path = directory.appendingPathComponent(name).path
    let readAtOnce = TextReader.defaultChunkSize
    let written = min(bytes ?? 1, 2 * readAtOnce) / text.utf8.count + 1
    try String(repeating: text, count: written).write(toFile: path, atomically: true, encoding: .utf8)
    if let bytes { try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: UInt64(bytes)) }
    return path
  }

  private static func corpus(of configuration: RunConfiguration) -> RunConfiguration.TextCorpus? {
    if case .text(let corpus) = configuration.data { corpus } else { nil }
  }

  private static let sentence = "1\tdogs\t_\tNOUN\t_\t_\t_\t_\t_\t_\n2\tbark\t_\tVERB\t_\t_\t_\t_\t_\t_\n\n"

  /// The longer the text, the larger the model, and the fewer epochs; whatever the size, the settings are valid.
  @Test func sizesFollowFromTheLength() throws {
    let lengths = [10_000, 100_000, 1_000_000, 5_000_000, 100_000_000, 10_000_000_000]
    let configurations = try lengths.map { bytes in
      try RunConfiguration.suiting(
        [file("my.txt", "a text\n", bytes: bytes)], overrides: [], remark: { Issue.record("\($0)") }
      ).configuration
    }
    #expect(configurations.allSatisfy { !$0.task.learnsTags && $0.output.directory == "runs/my" })
    let tokens = configurations.map { Self.corpus(of: $0)?.tokens.kind }
    #expect(tokens == [.character, .character, .character, .character, .word, .word])
    #expect(configurations.map(\.model.hidden) == [96, 192, 256, 256, 256, 256])
    #expect(configurations.map(\.training.epochs) == [40, 30, 20, 6, 1, 1])
  }

  @Test func sentencesWithTagsMakeATagger() throws {
    for (name, bytes, batchSize, epochs) in [
      ("a.conllu", nil, 4, 60), ("a.txt", nil, 4, 60), ("small.conllu", 1_000_000, 8, 30),
      ("large.conllu", 10_000_000, 32, 24), ("huge.conllu", 100_000_000, 32, 5),
    ] {
      let path = try file(name, Self.sentence + Self.sentence, bytes: bytes)
      let (configuration, _, _) = try RunConfiguration.suiting([path], overrides: [], remark: { Issue.record("\($0)") })
      #expect(configuration.task.learnsTags)
      #expect(configuration.training.batchSize == batchSize && configuration.training.epochs == epochs)
      // A mean of the last steps needs some thousands of them.
      #expect((configuration.training.averaging == nil) == (batchSize < 32))
      let corpus = try #require(Self.corpus(of: configuration))
      #expect(corpus.train == [path] && corpus.validation == .split(0.1) && corpus.test == .split(0.1))
    }
  }

  @Test func whatTheUserSaysWins() throws {
    let path = try file("odd = name: [1].txt", "a text\n")
    let overrides = ["model.hidden=7", "model.cell=elman", "data.tokens=word", "output.directory=elsewhere"]
    let (configuration, bytes, _) = try RunConfiguration.suiting([path, path], overrides: overrides, remark: { _ in })
    #expect(bytes == 14)
    #expect(configuration.model.hidden == 7 && configuration.model.cell.name == "elman")
    #expect(configuration.output.directory == "elsewhere")
    let corpus = try #require(Self.corpus(of: configuration))
    #expect(corpus.train == [path, path] && corpus.tokens == .kind(.word))
    let columns = try file("words.tsv", "dogs\tNOUN\n")
    let tagger = try RunConfiguration.suiting(
      [columns], overrides: ["task=tagging", "data.format=columns"], remark: { _ in })
    #expect(tagger.configuration.task.learnsTags && tagger.configuration.format.name == "columns")
    #expect(throws: ConfigurationError.self) {
      try RunConfiguration.suiting([path], overrides: ["model.hiden=7"], remark: { _ in })
    }
  }

  @Test func whatIsNoTextIsRefused() throws {
    let path = try file("a.txt", "a text\n")
    try Data([0x1F, 0x8B, 8, 0]).write(to: URL(fileURLWithPath: path))
    #expect(throws: CorpusError.self) { try RunConfiguration.suiting([path], overrides: [], remark: { _ in }) }
  }
}
