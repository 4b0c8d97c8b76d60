import ArgumentParser
import Compute
import Presentation

struct LessonCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson",
    abstract: "Work backpropagation through time out by hand on a toy, beside what the program computes.",
    discussion: """
      A network of two units learns "tick tack tick tock". Every number is
      computed twice: by hand, in plain loops from the equations, the gradients
      as the explicit sum over t and k; and by what trains every other network.

      Examples:

        rnn-train lesson
        rnn-train lesson --steps 3000 --decimals 6 --seed 7
      """)

  @Option(help: ArgumentHelp("Steps of gradient descent, up to 100000.", valueName: "n"))
  var steps = 300

  @Option(help: ArgumentHelp("Decimals of the numbers, from 2 to 7.", valueName: "n"))
  var decimals = 4

  @Option(help: ArgumentHelp("Another seed, another network to begin with; from 0.", valueName: "s"))
  var seed = 4

  func validate() throws {
    guard seed >= 0 else { throw ValidationError("--seed \(seed): expected a number from 0") }
    guard (1...100_000).contains(steps) else {
      throw ValidationError("--steps \(steps): expected a number from 1 to 100000")
    }
    guard (2...7).contains(decimals) else {
      throw ValidationError("--decimals \(decimals): expected a number from 2 to 7")
    }
  }

  func run() throws {
    try Results.printFolded(
      Lesson(LessonTraining(seed: seed, kernels: try Kernels.chosen()), steps: steps, decimals: decimals).description)
  }
}
