import Diagnostics
import Files
import Glibc

/// A trial's run as a child process of this one.
///
/// The child trains for as long as its standard input is open, and saves a checkpoint and stops when that ends: when we
/// close it, and also when this process has gone, however it went. It has a process group of its own, so that a terminal's
/// Ctrl-C reaches us alone. Nothing here needs a thread: threads may be scarce.
final class TrialProcess {
  let trial: Trial
  /// Which of the shares of processors it has.
  let share: Int
  private let pid: pid_t
  /// Our end of the child's standard input; nil when it is closed.
  private var input: Int32?
  /// Our end of the child's standard error, which doesn't wait.
  let errors: Int32
  /// The last bytes that it wrote there.
  private var tail: [UInt8] = []

  /// Bytes of standard error that are kept.
  private static let tailSize = 8192

  /// How the process ended.
  enum End: Sendable, Equatable {
    /// It is over, or has come to its pause.
    case finished
    /// It has saved a checkpoint and stopped, as asked.
    case interrupted
    case failed(reason: String, code: ExitCode)
  }

  /// Starts the process.
  ///
  /// - Parameters:
  ///   - run: the trial's run directory.
  ///   - processors: those that it stays on.
  ///   - epochs: after which it pauses; nil: it trains to its end.
  /// - Throws: `SweepError.obstructed` if the system gives none.
  init(_ trial: Trial, run: String, share: Int, processors: [Int], epochs: Int?) throws(SweepError) {
    let arguments =
      [
        CommandLine.arguments[0], "train", "--resume", run, "--quiet", "--threads", "\(processors.count)",
        "--processors",
        processors.map(String.init).joined(separator: ","), "--stop-at-end-of-input",
      ] + (epochs.map { ["--pause-after", "\($0)"] } ?? [])
    do {
      (pid, input, errors) = try Self.start(arguments)
    } catch {
      throw .obstructed(trial: trial.id, reason: "\(error)", code: error.exitCode)
    }
    (self.trial, self.share) = (trial, share)
  }

  deinit {
    requestStop()
    close(errors)
  }

  /// Runs this very program, whatever has become of its file.
  private static func start(_ arguments: [String]) throws(SystemShortage) -> (pid_t, input: Int32?, errors: Int32) {
    let (input, errors) = (try PipeEnds(), try PipeEnds())
    defer {
      close(input.reading)
      close(errors.writing)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, errors.writing, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    // Both lists end with a null.
    var words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    // Who started the program may have said that it wants to hear of no child.
    signal(SIGCHLD, SIG_DFL)
    var pid = pid_t(0)
    let code = posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, &words, environ)
    guard code == 0 else {
      close(input.writing)
      close(errors.reading)
      throw SystemShortage(of: "process", code: code)
    }
    _ = fcntl(errors.reading, F_SETFL, O_NONBLOCK)
    return (pid, input.writing, errors.reading)
  }

  /// Asks it to save a checkpoint and stop.
  func requestStop() {
    guard let input else { return }
    close(input)
    self.input = nil
  }

  /// Takes in what it has written to standard error, which mustn't fill up.
  func readErrors() {
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
      while true {
        let count = read(errors, buffer.baseAddress, buffer.count)
        guard count > 0 else { return }
        tail = (tail + buffer.prefix(count)).suffix(Self.tailSize)
      }
    }
  }

  /// How it ended; nil while it runs.
  func end() -> End? {
    var status = Int32(0)
    let ended = waitpid(pid, &status, WNOHANG)
    guard ended != 0 else { return nil }
    readErrors()
    guard ended == pid else {
      return errno == EINTR ? nil : .failed(reason: "nobody knows how its process ended", code: .internalFault)
    }
    let signal = status & 0x7F
    guard signal == 0 else {
      let name = strsignal(signal).map { String(cString: $0) } ?? "unknown"
      return .failed(reason: "ended by signal \(signal) (\(name))", code: .internalFault)
    }
    let status8 = status >> 8 & 0xFF
    let code = ExitCode(rawValue: status8) ?? .internalFault
    switch code {
    case .done: return .finished
    case .hungUp, .interrupted, .terminated: return .interrupted
    default: return .failed(reason: lastLine ?? "exit code \(status8)", code: code)
    }
  }

  /// The last thing that the process said.
  private var lastLine: String? {
    let lines = String(decoding: tail, as: UTF8.self).split(separator: "\n")
    guard let line = lines.last(where: { !$0.isEmpty }) else { return nil }
    let prefix = "rnn-train: "
    return String(line.hasPrefix(prefix) ? line.dropFirst(prefix.count) : line)
  }
}
