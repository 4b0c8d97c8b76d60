import ArgumentParser
import Configuration
import DatasetFiles
import Datasets
import Diagnostics
import Files
import Foundation
import HDF5
import Training

/// Reads a dataset or checkpoint that a user names in a process of its own before this one does.
///
/// The HDF5 library isn't hardened against crafted bytes, and anybody can put a seal behind them. Whatever a file does to
/// its reader, it does to that process, which has limits on memory and time; to this one such a file is damaged.
enum FileProbe {
  /// Opens a file and looks at it: what is read from it next is what was looked at.
  static func open(_ path: String) throws -> InputFile {
    let file = try InputFile(path)
    try check(file)
    return file
  }

  /// - Throws: `HDF5Error.damaged` if the reader came to a bad end. Whatever else is wrong with a file is for the one to
  ///   say who reads it next.
  static func check(_ file: InputFile) throws {
    let (signal, code) = try end(of: file)
    if code == Diagnostics.ExitCode.noResources.rawValue {
      // Of its own limits, unless this process has one too.
      guard !Self.isLimited else { throw ProbeError(file: file.path, code: ENOMEM) }
      throw HDF5Error.damaged(file: file.path, reason: "reading it takes more memory than a file of its size may")
    }
    switch signal {
    case SIGXCPU: throw HDF5Error.damaged(file: file.path, reason: "reading it comes to no end")
    case SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP, SIGFPE:
      throw HDF5Error.damaged(file: file.path, reason: "reading it crashes the HDF5 library")
    // Whoever sent another one had something else in mind: no file is to be taken for damaged that isn't.
    default: return
    }
  }

  /// Runs this program with the open file and nothing else to read or write, and waits for its end. Needs no thread and no
  /// other open file: both may be scarce.
  ///
  /// - Returns: the signal that ended it, 0 for none, and its exit code then.
  private static func end(of file: InputFile) throws(ProbeError) -> (signal: Int32, code: Int32) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0) }
    posix_spawn_file_actions_adddup2(&actions, file.descriptor, ProbeCommand.descriptor)
    // After `--`, a path is never taken for an option.
    let arguments = [RnnTrain.configuration.commandName ?? "", ProbeCommand.name, "--", file.path]
    let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    // Both lists end with a null.
    var words = arguments.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in words + variables { free(text) } }
    // Who started the program may have said that it wants to hear of no child.
    signal(SIGCHLD, SIG_DFL)
    var child = pid_t(0)
    let code = posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, &variables)
    guard code == 0 else { throw ProbeError(file: file.path, code: code) }
    var status = Int32(0)
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw ProbeError(file: file.path, code: errno) }
    }
    return (status & 0x7F, status >> 8 & 0xFF)
  }

  /// Whether somebody has set this process a limit on memory.
  private static var isLimited: Bool {
    [RLIMIT_AS, RLIMIT_DATA].contains { resource in
      var limit = rlimit()
      return getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 && limit.rlim_cur != ~0
    }
  }
}

/// Why a file can't be read in a process of its own: nothing is said about the file.
struct ProbeError: DiagnosedError {
  let file: String
  let code: Int32

  var exitCode: Diagnostics.ExitCode { .noResources }

  var description: String {
    "\(file): can't start the process that reads it first: \(String(cString: strerror(code)))"
  }
}

/// What the other process does.
struct ProbeCommand: ParsableCommand {
  static let name = "probe-file"
  /// Where it has the open file.
  static let descriptor = Int32(3)
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Read a dataset or checkpoint, and do nothing with it.", shouldDisplay: false)

  /// What messages call the file.
  @Argument
  var path: String

  func run() throws {
    let file = try InputFile(descriptor: Self.descriptor, path: path)
    let bytes = file.byteCount
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
    // All that the next reader may accept.
    let format = try HDF5File.open(file, seal: .waived) { root in
      try root.hasAttribute("format") ? root.stringAttribute("format") : ""
    }
    if format == DatasetFile.format {
      _ = try DatasetSummary(of: file)
      _ = try DatasetFile.read(file)
    } else {
      _ = try CheckpointFile.read(file, acceptsLostSeal: true)
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
  ///
  /// - Parameters:
  ///   - known: what a model knows whose ids it keeps; nil: it is all the data's own.
  ///   - threads: how many read text.
  static func dataset(
    for configuration: RunConfiguration, known: KnownVocabulary?, threads: Int = ProcessorCount.available(),
    _ console: Console
  ) throws -> SequenceDataset {
    try DatasetCache(threads: threads).dataset(
      for: configuration, known: known, open: FileProbe.open, notice: console.warn)
  }
}
