import Diagnostics
import Glibc
import Subprocess
import Training

/// A trial's run as a child process of this one.
struct TrialProcess: Sendable {
  /// This program.
  let executable: String
  /// The trial's run directory.
  let run: String
  let processors: [Int]
  /// Epochs after which it pauses; nil: it trains to its end.
  let epochs: Int?

  /// How the process ended.
  enum End: Sendable, Equatable {
    /// It is over, or has come to its pause.
    case finished
    /// It has saved a checkpoint and stopped, as asked.
    case interrupted
    case failed(reason: String, code: ExitCode)
  }

  /// Runs the process to its end, or until `stop` says so.
  ///
  /// The child trains for as long as its standard input is open, and saves a checkpoint and stops when that ends: when we
  /// close it, and also when this process has gone, however it went. It has a process group of its own, so that a
  /// terminal's Ctrl-C reaches us alone.
  func end(stop: RunRequests) async throws -> End {
    let arguments =
      [
        "train", "--resume", run, "--quiet", "--threads", "\(processors.count)", "--processors",
        processors.map(String.init).joined(separator: ","), "--stop-at-end-of-input",
      ] + (epochs.map { ["--pause-after", "\($0)"] } ?? [])
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(60))]
    let result = try await Subprocess.run(
      .path(.init(executable)), arguments: Arguments(arguments), platformOptions: options, input: .inputWriter,
      output: .discarded, error: .sequence
    ) { child in
      try await withThrowingTaskGroup(of: [String]?.self) { group in
        group.addTask {
          var tail: [String] = []
          for try await line in child.standardError.strings() { tail = tail.suffix(9) + [line] }
          return tail
        }
        group.addTask {
          while !stop.isStopRequested { try await Task.sleep(for: .milliseconds(50)) }
          try await child.standardInputWriter.finish()
          return nil
        }
        while let tail = try await group.next() {
          guard let tail else { continue }
          group.cancelAll()
          return tail
        }
        return []
      }
    }
    return Self.end(result.terminationStatus, lastLines: result.closureResult)
  }

  private static func end(_ status: TerminationStatus, lastLines: [String]) -> End {
    switch status {
    case .signaled(let signal):
      let name = strsignal(signal).map { String(cString: $0) } ?? "unknown"
      return .failed(reason: "ended by signal \(signal) (\(name))", code: .internalFault)
    case .exited(let status):
      let code = ExitCode(rawValue: status) ?? .internalFault
      switch code {
      case .done: return .finished
      case .hungUp, .interrupted, .terminated: return .interrupted
      default: return .failed(reason: reason(lastLines) ?? "exit code \(status)", code: code)
      }
    }
  }

  /// The last thing that the process said.
  private static func reason(_ lines: [String]) -> String? {
    guard let line = lines.last(where: { !$0.isEmpty }) else { return nil }
    let prefix = "rnn-train: "
    return line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : line
  }
}
