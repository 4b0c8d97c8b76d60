import Configuration
import ConfigurationFiles
import Files

/// One run of a sweep.
package struct Trial: Sendable {
  /// From 0, in the order of the sweep.
  package let number: Int
  /// The number and a hash of the configuration: `003-1a2b3c4d`. Also the name of the run's directory.
  package let id: String
  package let assignments: [Assignment]

  /// The number and the first digits of the hash of everything in the configuration but the run's directory.
  static func id(_ number: Int, of configuration: RunConfiguration) -> String {
    var configuration = configuration
    configuration.output.directory = ""
    let hash = Array(configuration.render().utf8).withUnsafeBytes { ContentHash.hex(of: $0) }
    return prefix(number) + hash.prefix(hashDigits)
  }

  private static let hashDigits = 8

  private static func prefix(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits + "-"
  }

  /// Whether a text has the form of the id of a trial with this number: no part of a path has.
  static func isId(_ text: String, ofTrial number: Int) -> Bool {
    let hash = text.utf8.dropFirst(prefix(number).utf8.count)
    return text.hasPrefix(prefix(number)) && hash.count == hashDigits
      && hash.allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }
}

/// A sweep file together with all the trials that it stands for.
package struct SweepPlan: Sendable {
  package let configuration: SweepConfiguration
  package let trials: [Trial]
  /// Of the trials; empty for a sweep that is taken up again, whose directories have them.
  package let configurations: [RunConfiguration]
  /// Who trains how far.
  package let rungs: [Rung]

  /// Works out the trials of a sweep file.
  ///
  /// - Parameter file: what messages call the file.
  /// - Throws: everything that is wrong with any trial, at once.
  package init(_ configuration: SweepConfiguration, file: String) throws(ConfigurationError) {
    let assignments = configuration.assignments
    let configurations = try configuration.configurations(of: assignments, file: file)
    self.configuration = configuration
    self.configurations = configurations
    trials = zip(assignments, configurations).enumerated().map { number, trial in
      Trial(number: number, id: Trial.id(number, of: trial.1), assignments: trial.0)
    }
    rungs = Rung.ladder(
      configuration.method, trials: trials.count, epochs: configurations.first?.training.epochs ?? 1)
  }

  /// The plan of a sweep that has begun: what its directory says.
  init(_ configuration: SweepConfiguration, ids: [String], epochs: Int) {
    self.configuration = configuration
    configurations = []
    trials = zip(configuration.assignments, ids).enumerated().map { number, trial in
      Trial(number: number, id: trial.1, assignments: trial.0)
    }
    rungs = Rung.ladder(configuration.method, trials: ids.count, epochs: epochs)
  }
}
