import Configuration

/// The tasks that there are, each a folder of its own and a line here.
package enum Tasks {
  package static let all: [any Task] = [LanguageModel(), Tagging()]
}

extension RunConfiguration {
  /// A configuration of the first of all tasks.
  package init(data: Data, output: Output) {
    self.init(tasks: Tasks.all, data: data, output: output)
  }
}
