import ArgumentParser
import Configuration
import Datasets
import Foundation
import HDF5
import Training

/// Reads a dataset or checkpoint that a user names in a process of its own before this one does.
///
/// The HDF5 library isn't hardened against crafted bytes, and anybody can put a seal behind them. Whatever a file does to
/// its reader, it does to that process, which has limits on memory and time; to this one such a file is damaged.
enum FileProbe {
  /// - Throws: `HDF5Error.damaged` if the reader came to a bad end. Whatever else is wrong with a file is for the one to
  ///   say who reads it next.
  static func check(_ path: String) throws {
    let reader = Process()
    reader.executableURL = URL(fileURLWithPath: "/proc/self/exe")
    reader.arguments = [ProbeCommand.name, path]
    reader.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    reader.standardInput = FileHandle.nullDevice
    reader.standardOutput = FileHandle.nullDevice
    reader.standardError = FileHandle.nullDevice
    try reader.run()
    reader.waitUntilExit()
    guard reader.terminationReason == .uncaughtSignal else { return }
    switch reader.terminationStatus {
    case SIGXCPU: throw HDF5Error.damaged(file: path, reason: "reading it comes to no end")
    case SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP, SIGFPE:
      throw HDF5Error.damaged(file: path, reason: "reading it crashes the HDF5 library")
    // Whoever sent another one had something else in mind: no file is to be taken for damaged that isn't.
    default: return
    }
  }
}

/// What the other process does.
struct ProbeCommand: ParsableCommand {
  static let name = "probe-file"
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Read a dataset or checkpoint, and do nothing with it.", shouldDisplay: false)

  @Argument
  var path: String

  func run() throws {
    var status = stat()
    let bytes = stat(path, &status) == 0 ? Int(status.st_size) : 0
    // Who started the program may have blocked the signal that tells of too long a time.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGXCPU)
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGXCPU, SIG_DFL)
    // All that is read is a copy or two of what the file holds; a disk gives some megabytes in a second.
    Self.limit(__rlimit_resource_t(RLIMIT_DATA.rawValue), to: 1 << 30 + 16 * bytes)
    Self.limit(__rlimit_resource_t(RLIMIT_CPU.rawValue), to: 4 + bytes >> 22)
    Self.limit(__rlimit_resource_t(RLIMIT_CORE.rawValue), to: 0)
    let format = try HDF5File.open(path) { root in
      try root.hasAttribute("format") ? root.stringAttribute("format") : ""
    }
    if format == DatasetFile.format {
      _ = try DatasetSummary(of: path)
      _ = try DatasetFile.read(path)
    } else {
      _ = try CheckpointFile.read(path)
    }
  }

  private static func limit(_ resource: __rlimit_resource_t, to value: Int) {
    // At the lower limit comes a signal that says which it was.
    var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value + 1))
    setrlimit(resource, &limit)
  }
}

extension DatasetCache {
  /// The dataset of a configuration. One that the configuration names is probed before it is read.
  static func dataset(for configuration: RunConfiguration, _ console: Console) throws -> SequenceDataset {
    if case .dataset(let path) = configuration.data { try FileProbe.check(path) }
    return try DatasetCache().dataset(for: configuration, notice: console.warn)
  }
}
