import Compute
import Datasets
import Exports
import Foundation
import Inference
import Models
import RecurrentModels
import Testing

/// The promises of the library: what is refused, and what may run at the same time. `Tests/Library` compares what it computes with
/// what the commands print.
@Suite struct LibraryTests {
  private let files: Files

  init() throws { files = try Files() }

  @Test("calls at the same time give what calls one after the other give, for any number of threads")
  func concurrentCalls() async throws {
    let model = try LanguageModel(contentsOf: files.languageModel)
    let tagger = try Tagger(contentsOf: files.tagger)
    let lines = ["b a c", "", "a a a a a", "z b"]
    let sentences = [["a", "c"], [], ["b"], ["z", "", "a", "b"]]
    @Sendable func results(threads: Int) throws -> [String] {
      var sampling = LanguageModel.Sampling()
      sampling.seed = 3
      return [
        "\(try model.score(lines, threads: threads))", "\(tagger.tag(sentences, threads: threads))",
        try model.generate(prompt: "a", length: 20, sampling: sampling),
      ]
    }
    let expected = try results(threads: 1)
    try await withThrowingTaskGroup(of: [String].self) { group in
      for task in 0..<8 { group.addTask { try results(threads: 1 + task % 3) } }
      for try await found in group { #expect(found == expected) }
    }
  }

  @Test("a score has a number for each token and for the line's end, and names what is unknown")
  func scores() throws {
    let model = try LanguageModel(contentsOf: files.languageModel)
    let score = try #require(try model.score(["a z b"]).first)
    #expect(score.tokenLogProbabilities.count == 4)
    #expect(score.tokenLogProbabilities.reduce(0, +) == score.logProbability)
    #expect(score.unknownTokens == ["z"])
    #expect(try model.score([]) == [])
  }

  @Test("pieces of a text come as the text has them, the prompt first")
  func pieces() throws {
    let model = try LanguageModel(contentsOf: files.languageModel)
    var pieces: [String] = []
    try model.generate(prompt: "a b", length: 5) { pieces.append($0) }
    #expect(pieces.count == 6)
    #expect(pieces.first == "a b")
    #expect(pieces.joined() == (try model.generate(prompt: "a b", length: 5)))
  }

  @Test("what can't be loaded is refused by its kind and with its name")
  func refusedFiles() throws {
    func refuses(_ kind: ModelError.Kind, _ path: String, _ load: (String) throws -> Void) {
      let error = #expect(throws: ModelError.self) { try load(path) }
      #expect(error?.kind == kind)
      #expect(error?.description.contains(path) == true)
    }
    func loadModel(_ path: String) throws { _ = try LanguageModel(contentsOf: path) }
    func loadTagger(_ path: String) throws { _ = try Tagger(contentsOf: path) }
    refuses(.otherTask, files.tagger, loadModel)
    refuses(.otherTask, files.languageModel, loadTagger)
    refuses(.unreadableFile, files.languageModel + ".gone", loadModel)
    refuses(.unreadableFile, "/tmp", loadModel)
    let cut = try files.write("cut.safetensors", try files.bytes(of: files.languageModel).dropLast(1))
    refuses(.notModel, cut, loadModel)
    refuses(.notModel, try files.write("empty.safetensors", []), loadModel)
  }

  @Test("arguments that make no sense are refused")
  func refusedArguments() throws {
    let model = try LanguageModel(contentsOf: files.languageModel)
    func refuses(length: Int = 1, _ change: (inout LanguageModel.Sampling) -> Void) {
      var sampling = LanguageModel.Sampling()
      change(&sampling)
      let error = #expect(throws: ModelError.self) { try model.generate(length: length, sampling: sampling) }
      #expect(error?.kind == .invalidInput)
    }
    refuses(length: -1) { _ in }
    refuses { $0.temperature = -1 }
    refuses { $0.temperature = .nan }
    refuses { $0.temperature = .infinity }
    refuses { $0.topK = 0 }
    refuses { $0.topP = 0 }
    refuses { $0.topP = 1.5 }
    refuses { $0.topP = .nan }
    let error = #expect(throws: ModelError.self) { try model.score(["a\nb"]) }
    #expect(error?.kind == .invalidInput)
  }
}

/// A language model and a tagger with random weights, in a directory that is gone with this object.
private final class Files {
  let languageModel: String
  let tagger: String
  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("rnn-train-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    languageModel = directory.appendingPathComponent("model.safetensors").path
    tagger = directory.appendingPathComponent("tagger.safetensors").path

    let words = Vocabulary(tokens: ["<unk>", "</s>", "a", "b", "c"])
    let shape = ModelShape(vocabulary: 5, embedding: 3, cell: GRU(), hidden: 7, layers: 2, classes: 5)
    try Self.write(shape, words, nil, to: languageModel)

    let tagging = TaggingVocabulary(
      columns: [TagSet(.upos, ["X", "Y", "Z"])], trainingWords: TokenTable(["a", "b", "c"]))
    var taggerShape = ModelShape(vocabulary: 5, embedding: 3, cell: LSTM(), hidden: 6, layers: 1, classes: 3)
    taggerShape.isBidirectional = true
    taggerShape.characters = ModelShape.Characters(vocabulary: tagging.characters.count, embedding: 2, hidden: 3)
    try Self.write(taggerShape, words, tagging, to: tagger)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  private static func write(
    _ shape: ModelShape, _ words: Vocabulary, _ tagging: TaggingVocabulary?, to path: String
  ) throws {
    let parameters = Parameters(shape, kernels: Kernels.available[0])
    parameters.initialize(seed: 1)
    let model = TrainedModel(parameters, vocabulary: words, tokenization: .whitespace, tagging: tagging)
    let origin = ModelOrigin(task: "test", configuration: "", checkpointSHA256: "")
    try Safetensors().write(ExportedModel(model, from: origin), to: path)
  }

  func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let url = directory.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return url.path
  }
}
