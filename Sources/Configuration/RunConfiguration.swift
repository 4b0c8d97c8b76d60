import Datasets
import Keys

/// Everything that decides what a run does, as a configuration file says it.
///
/// The value of every property that has one here is the default of its key.
package struct RunConfiguration: Sendable, Equatable {
  /// Decides every random number of the run.
  package var seed = 1
  /// What the model learns.
  package var task: any Task {
    get { taskChoice.task }
    set { taskChoice.task = newValue }
  }
  private var taskChoice: TaskChoice
  /// All tasks that there are.
  var allTasks: [any Task] { taskChoice.all }
  package var data: Data
  /// In which a language model reads.
  package var direction = ReadingDirection.forward
  package var model = Model()
  package var training = Training()
  package var evaluation = Evaluation()
  package var output: Output

  /// A configuration of the first of some tasks.
  ///
  /// - Parameter tasks: all that there are, at least one.
  package init(tasks: [any Task], data: Data, output: Output) {
    taskChoice = TaskChoice(task: tasks[0], all: tasks)
    self.data = data
    self.output = output
  }
}

extension RunConfiguration: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("seed", &seed, .whole(0...Int.max), "decides every random number of the run")
    keys.value(
      "task", &task, .task(among: taskChoice.all), "what the model learns: the next token, or a tag for every token")
    var source = DataKeys(data: data, direction: direction)
    keys.section("data", &source, "what to learn from")
    (data, direction) = (source.data, source.direction)
    keys.section("model", &model, "the network")
    keys.section("training", &training, "how it learns")
    keys.section("evaluation", &evaluation, "how it is measured")
    keys.section("output", &output, "what is kept of it")
  }
}

extension RunConfiguration {
  /// What a configuration is before anything is read: the defaults, and no data.
  ///
  /// - Parameter name: names the output directory; empty: nothing does.
  package init(tasks: [any Task], name: String) {
    self.init(
      tasks: tasks, data: Data.alternatives[0], output: Output(directory: "runs/\(name.isEmpty ? "run" : name)"))
  }
}

extension ValueKind<any Task> {
  fileprivate static func task(among tasks: [any Task]) -> Self {
    choice(of: tasks.map(\.name), value: { name in tasks.first { $0.name == name } }, name: \.name)
  }
}
