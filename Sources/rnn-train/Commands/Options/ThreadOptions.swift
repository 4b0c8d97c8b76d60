import ArgumentParser
import Compute
import Foundation

/// How many threads a command computes with. The number never shows in a result.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"),
    help: ArgumentHelp(
      "Threads to compute with; the results are the same for any number. (default: what the machine allows)",
      valueName: "n"))
  var requested: Int?

  private static let range = 1...1024
  private static let variable = "SLURM_CPUS_PER_TASK"

  func validate() throws {
    if let requested, !Self.range.contains(requested) {
      throw ValidationError("--threads \(requested): expected a number from 1 to 1024")
    }
  }

  /// As many threads, of which no more are busy than this process may use processors.
  func workers() throws -> Workers { Workers(count: try count(), processors: ProcessorCount.available()) }

  /// `--threads`, else `SLURM_CPUS_PER_TASK`, else the processors that this process may use.
  ///
  /// - Throws: `SystemShortage` if the system doesn't give those threads that can run at a time.
  func count(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Int {
    let count = try wanted(environment)
    // One more tells of signals, and one is Dispatch's own.
    try ThreadSupply.require(min(count, ProcessInfo.processInfo.processorCount) + 2)
    return count
  }

  private func wanted(_ environment: [String: String]) throws -> Int {
    if let requested { return requested }
    guard let text = environment[Self.variable], !text.isEmpty else {
      return min(ProcessorCount.available(), Self.range.upperBound)
    }
    guard let count = Int(text), Self.range.contains(count) else {
      throw ValidationError("\(Self.variable)=\(text): expected a number from 1 to 1024; or give --threads")
    }
    return count
  }
}
