import Configuration
import ConfigurationFiles
import Models
import Tasks
import Testing

@Suite struct RenderTests {
  @Test func everyDefaultIsFilledIn() throws {
    let configuration = try parse(
      "data: {train: [a.txt, b c.txt], test: {split: .05}}\ntraining: {early_stopping: {}}\n", "data.validation=/v")
    #expect(
      configuration.render() == """
        seed: 1
        task: language-model
        data:
          train:
            - /corpora/a.txt
            - "/corpora/b c.txt"
          validation: /v
          test:
            split: 0.05
          format: auto
          tokens: word
          tags: upos
          vocabulary:
            min_count: 1
            lowercase: false
            extend: false
          direction: forward
        model:
          embedding: 128
          cell: elman
          activation: tanh
          hidden: 128
          layers: 1
          bidirectional: false
          residual: false
          dropout: 0
          embedding_dropout: 0
          weight_dropout: 0
          vocabulary_dropout: 0
          variational_dropout: false
          word_dropout: 0
          output:
            kind: softmax
          tie_embeddings: false
          initialization:
            weights: uniform
            recurrent: uniform
            forget_bias: 0
            embedding_scale: 1
        training:
          epochs: 10
          batch_size: 32
          shards: 1
          bptt: 35
          optimizer:
            name: sgd
            learning_rate: 1
            momentum: 0
            nesterov: false
            weight_decay: 0
          sparse_updates: false
          schedule:
            name: constant
          activation_regularization: 0
          temporal_activation_regularization: 0
          clip_norm: 5
          on_divergence: stop
          early_stopping:
            patience: 3
        evaluation:
          streams: 10
        output:
          directory: runs/lm
          checkpoint_every: 1000
          keep: 2
          tensorboard: false

        """)
  }

  @Test(arguments: 0..<300)
  func whatIsRenderedReadsBackTheSame(seed: Int) throws {
    let configuration = RunConfiguration.sample(seed: UInt64(seed))
    let text = configuration.render()
    let again = try RunConfiguration.parse(text: text, name: "other.cfg", directory: "/else", checkFiles: false)
    #expect(again == configuration, "\(text)")
    #expect(again.render() == text)
  }

  @Test func optionalPartsOfATaggerAreRendered() {
    var configuration = RunConfiguration(data: .dataset(path: "/d.h5"), output: .init(directory: "r"))
    configuration.task = Tagging()
    configuration.model.cell = LSTM()
    configuration.model.vectors = "/v.txt"
    configuration.model.characters = RunConfiguration.CharacterEncoder()
    let text = configuration.render()
    #expect(
      text.contains(
        "task: tagging\ndata:\n  dataset: /d.h5\n  direction: forward\nmodel:\n  embedding: 128\n  cell: lstm\n  hidden: 128\n"
      ))
    #expect(text.contains("  vectors: /v.txt\n  characters:\n    embedding: 32\n    hidden: 50\n"))
  }

  @Test func theCatalogueListsEveryKeyThatIsRendered() {
    let listed = Set(RunConfiguration.keys.map(\.path))
    var rendered: Set<String> = []
    for seed in UInt64(0)..<100 { rendered.formUnion(paths(in: RunConfiguration.sample(seed: seed).render())) }
    // The form of a value, which is no key of its own.
    #expect(
      rendered.subtracting(listed) == ["data.validation.split", "data.test.split", "data.tokens.tokenizer"])
    #expect(listed.subtracting(rendered) == [])
  }

  @Test func theCatalogueKnowsTheDefaultsOfEveryAlternative() {
    let rates = RunConfiguration.keys.filter { $0.path == "training.optimizer.learning_rate" }
    #expect(rates.map(\.alternative) == ["sgd", "rmsprop", "adam", "adamw", "lion"])
    #expect(rates.map(\.defaultText) == ["1", "0.001", "0.001", "0.001", "0.0001"])
    for key in RunConfiguration.keys {
      #expect(!key.help.isEmpty && !key.expectation.isEmpty, "\(key.path)")
    }
  }

  /// The keys of a rendered configuration in dotted notation, told by their indentation.
  private func paths(in text: String) -> [String] {
    var open: [Substring] = []
    var paths: [String] = []
    for line in text.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count / 2
      let content = line.dropFirst(2 * depth)
      guard !content.hasPrefix("- "), let colon = content.firstIndex(of: ":") else { continue }
      open = open.prefix(depth) + [content[..<colon]]
      paths.append(open.joined(separator: "."))
    }
    return paths
  }
}
