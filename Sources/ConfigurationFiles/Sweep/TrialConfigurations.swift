import Configuration
import Keys
import Tasks

/// What a trial sets in the base configuration: a key and its value in YAML's flow style.
package struct Assignment: Sendable, Equatable {
  package let key: String
  package let value: String

  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }

  /// As an override.
  package var text: String { "\(key)=\(value)" }
}

extension SweepConfiguration {
  /// The whole configuration of every trial.
  ///
  /// A trial that chooses an alternative, `model.cell` or `training.optimizer.name`, loses the base's keys of the others.
  /// - Parameters:
  ///   - trials: what each trial sets, one value for each parameter in their order.
  ///   - file: what messages call the sweep file.
  /// - Throws: what is wrong with the base, else all that is wrong with the trials, at once.
  package func configurations(
    of trials: [[Assignment]], file: String
  ) throws(ConfigurationError) -> [RunConfiguration] {
    let text = try ConfigurationFile.text(ofFileAt: base)
    let baseDirectory = Paths.directory(of: base)
    func resolve(_ assignments: [Assignment]) throws(ConfigurationError) -> RunConfiguration {
      try RunConfiguration.resolve(
        text, name: base, directory: baseDirectory, overrides: try Override.parse(assignments.map(\.text)),
        overrideDirectory: directory, checksFiles: true)
    }
    _ = try resolve([])

    var configurations: [RunConfiguration] = []
    var seen: [ConfigurationProblem] = []
    var problems: [ConfigurationProblem] = []
    for (number, assignments) in trials.enumerated() {
      do {
        let configuration = try resolve(assignments)
        configurations.append(configuration)
        problems += misfits(of: configuration, to: configurations[0]).filter { !problems.contains($0) }
      } catch .invalid(_, let found) {
        // What is wrong with one value, or with the base for many, is said once.
        for problem in found where !seen.contains(problem) {
          seen.append(problem)
          problems.append(self.problem(problem, ofTrial: number, assignments))
        }
      }
    }
    guard problems.isEmpty else { throw .invalid(file: file, problems.sorted { $0.origin < $1.origin }) }
    return configurations
  }

  /// Why a trial that is right in itself can't be compared with the others.
  private func misfits(of trial: RunConfiguration, to first: RunConfiguration) -> [ConfigurationProblem] {
    var problems: [ConfigurationProblem] = []
    if metric.measure != .trainLoss, case .text(let corpus) = trial.data, corpus.validation == nil {
      problems.append(
        ConfigurationProblem(
          origin: .start, key: "metric", message: "\(metric.name) needs data.validation in every trial"))
    }
    if ![.trainLoss, .validationLoss, trial.task.measure].contains(metric.measure) {
      let tasks = Tasks.all.filter { $0.measure == metric.measure }.map(\.name)
      problems.append(
        ConfigurationProblem(
          origin: .start, key: "metric",
          message: "\(metric.name) is for the task \(enumeration(of: tasks, conjunction: "or"))"))
    }
    if case .synthetic = trial.data {
      problems.append(
        ConfigurationProblem(
          origin: .start, key: "base", message: "data.synthetic is for `rnn-train benchmark`; name text in data.train"))
    }
    if trial.training.timeLimit != nil {
      problems.append(
        ConfigurationProblem(
          origin: .start, key: "base",
          message: "training.time_limit would let the machine decide what a trial comes to; take it out"))
    }
    if case .asha = method, trial.training.epochs != first.training.epochs {
      problems.append(
        ConfigurationProblem(
          origin: parameters.first?.origin ?? .start, key: "parameters",
          message: "asha compares trials after the same epochs; take training.epochs out"))
    }
    return problems
  }

  /// A problem of a trial's configuration as one of the sweep file.
  private func problem(
    _ problem: ConfigurationProblem, ofTrial number: Int, _ assignments: [Assignment]
  ) -> ConfigurationProblem {
    switch problem.origin {
    case .override(let index, _):
      // A value of the sweep file, which may be wrong in many trials and is reported once.
      let (parameter, text) = (parameters[index], assignments[index].value)
      let origin = parameter.values?.first { $0.text == text }?.origin ?? parameter.origin
      return ConfigurationProblem(origin: origin, key: problem.key, message: problem.message)
    case .file:
      let settings = assignments.map(\.text).joined(separator: " ")
      return ConfigurationProblem(
        origin: parameters.first?.origin ?? .start, key: "parameters",
        message: "trial \(number) (\(printable(settings))): \(problem.line(file: base))")
    }
  }
}
