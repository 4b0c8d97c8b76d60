import Foundation

/// The program under test, which is built beside the test bundle.
enum Program {
  static let path: String = {
    let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("rnn-train").path
  }()
}

/// What a finished process left.
struct Outcome {
  let code: Int32
  /// Whether a signal ended it; `code` is the signal's number then.
  let wasKilled: Bool
  let output: String
  let errors: String
}

/// A program took so long that it hangs, and was killed.
struct Hang: Error {
  let arguments: [String]
  let errors: String

  /// The longest waits two minutes for signs of life of a process that has gone.
  static let limit = Duration.seconds(600)
}

/// A started process, whose output goes to files so that none of it can block. It doesn't outlive this object.
final class RunningProgram {
  private let process = Process()
  private let files: [URL]

  /// - Parameters:
  ///   - prefix: a program that runs the program, with its arguments.
  ///   - errors: where standard error goes instead of a file.
  init(
    _ arguments: [String], through prefix: [String] = [], in directory: URL, environment: [String: String],
    input: FileHandle = .nullDevice, errors: FileHandle? = nil
  ) throws {
    files = ["out", "err"].map { directory.appendingPathComponent(".\(UUID().uuidString).\($0)") }
    for file in files { try Data().write(to: file) }
    process.executableURL = URL(fileURLWithPath: prefix.isEmpty ? Program.path : "/usr/bin/env")
    process.arguments = prefix.isEmpty ? arguments : prefix + [Program.path] + arguments
    process.currentDirectoryURL = directory
    process.environment = environment
    process.standardInput = input
    // Foundation keeps a process whose end nobody waits for in a run loop, with its handles: many programs' would fill the table of
    // open files. The program has copies of its own.
    let (output, ownErrors) = (try FileHandle(forWritingTo: files[0]), try FileHandle(forWritingTo: files[1]))
    defer { for handle in [output, ownErrors] { handle.closeFile() } }
    process.standardOutput = output
    process.standardError = errors ?? ownErrors
    try process.run()
  }

  deinit { if isRunning { send(SIGKILL) } }

  var isRunning: Bool { process.isRunning }

  /// What it has written to standard output so far.
  func output() throws -> String { String(decoding: try Data(contentsOf: files[0]), as: UTF8.self) }

  var pid: Int32 { process.processIdentifier }

  /// What it has written to standard error so far.
  func errors() throws -> String { String(decoding: try Data(contentsOf: files[1]), as: UTF8.self) }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  func wait() throws -> Outcome {
    let end = ContinuousClock.now + Hang.limit
    while isRunning {
      if ContinuousClock.now > end {
        send(SIGKILL)
        throw Hang(arguments: process.arguments ?? [], errors: try errors())
      }
      usleep(500)
    }
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    for file in files { try FileManager.default.removeItem(at: file) }
    return Outcome(
      code: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal, output: texts[0],
      errors: texts[1])
  }
}
