import Configuration
import ConfigurationFiles
import Datasets
import Tasks
import Testing

/// What must hold of every task and format, those to come included.
@Suite struct TaskTests {
  @Test func namesAreDifferent() {
    #expect(Set(Tasks.all.map(\.name)).count == Tasks.all.count)
    #expect(Set(CorpusFormats.all.map(\.name)).count == CorpusFormats.all.count)
  }

  @Test func templatesAreConfigurationsOfTheirTasks() throws {
    for task in Tasks.all {
      let configuration = try RunConfiguration.parse(
        text: task.template, name: "mine.cfg", directory: "/", checkFiles: false)
      #expect(configuration.task.name == task.name)
      #expect(configuration.format.isEqual(to: task.usualFormat))
      #expect(task.template.contains(" FILE "))
      #expect(task.command(checkpoint: "RUN").contains(" --checkpoint RUN"))
    }
  }

  /// A checkpoint keeps the lower number for the better value.
  @Test func costsFallWhereValuesGetBetter() {
    for measure in Tasks.all.map(\.measure) {
      let (better, worse) = measure.goal.prefers(0.25, to: 0.5) ? (0.25, 0.5) : (0.5, 0.25)
      #expect(measure.cost(of: better) < measure.cost(of: worse))
      #expect(measure.value(ofCost: measure.cost(of: better)) == better)
    }
  }

  @Test func aFormatOfItsOwnWinsOverTheUsualOne() throws {
    let corpus = "data: {train: a.conllu, format: conllu}\n"
    #expect(try parse(corpus).format.isEqual(to: CoNLLU()))
    #expect(try parse("data: {train: a}\n").format.isEqual(to: PlainText()))
    #expect(try parse(parse(corpus).render()) == parse(corpus))
    #expect(try parse(corpus) != parse("data: {train: a.conllu}\n"))
  }
}
