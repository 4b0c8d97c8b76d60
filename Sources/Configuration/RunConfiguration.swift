import Keys

/// Everything that decides what a run does, as a configuration file says it.
///
/// The value of every property that has one here is the default of its key.
package struct RunConfiguration: Sendable, Equatable {
  /// Decides every random number of the run.
  package var seed = 1
  package var task = Task.languageModel
  package var data: Data
  package var model = Model()
  package var training = Training()
  package var evaluation = Evaluation()
  package var output: Output

  package enum Task: String, CaseIterable, Sendable {
    /// Predicts the next token.
    case languageModel = "language-model"
    /// Predicts a tag for every token.
    case tagging
  }

  package init(data: Data, output: Output) {
    self.data = data
    self.output = output
  }
}

extension RunConfiguration: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("seed", &seed, .whole(0...Int.max), "decides every random number of the run")
    keys.value("task", &task, .choice, "what the model learns: the next token, or a tag for every token")
    keys.section("data", &data, "what to learn from")
    keys.section("model", &model, "the network")
    keys.section("training", &training, "how it learns")
    keys.section("evaluation", &evaluation, "how it is measured")
    keys.section("output", &output, "what is kept of it")
  }
}

extension RunConfiguration {
  /// Every key, section by section, in the order in which `render()` writes them.
  package static let keys: [KeyDescription] = KeyCatalogue.keys(of: RunConfiguration(name: "NAME"))

  /// What a configuration is before anything is read: the defaults, and no data.
  ///
  /// - Parameter name: names the output directory; empty: nothing does.
  package init(name: String) {
    self.init(data: Data.alternatives[0], output: Output(directory: "runs/\(name.isEmpty ? "run" : name)"))
  }
}
