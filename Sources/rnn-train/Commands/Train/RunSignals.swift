import Diagnostics
import Dispatch
import Files
import Glibc
import Presentation
import Synchronization
import Training

/// Makes signals requests to a run: SIGINT, SIGTERM, SIGHUP and SIGUSR2 to stop after the current step, SIGUSR1 to save a
/// checkpoint and go on. SIGUSR2 is for launchers that kill their processes a second after any other one.
/// A second signal to stop ends the process at once, whatever its threads are waiting for: the signal
/// handler itself does.
///
/// Signals to stop act as usual before the object is made and after `cancel`; SIGUSR1 does nothing then. One that the
/// process was started to ignore stays ignored: `nohup` does that with SIGHUP, shells with the SIGINT of what runs in the
/// background.
final class RunSignals {
  private let handled: [Int32]
  private let announcer: Announcer

  /// The signal that asked to stop, nil if none has.
  var received: StopSignal? { StopSignal(rawValue: SignalHandler.first.load(ordering: .relaxed)) }

  /// Keeps SIGUSR1 from ending the process where nobody could heed it: a batch system may send it at any time.
  static func ignoreCheckpointRequests() { signal(SIGUSR1, SIG_IGN) }

  /// There is one at a time.
  ///
  /// - Parameters:
  ///   - announcement: what the first signal to stop leads to, for people.
  ///   - heedsCheckpointRequests: whether SIGUSR1 is a request.
  ///   - heedsEndOfInput: whether the end of standard input is a request to stop as well: the process at its other end has
  ///     gone, or says so.
  init(
    _ requests: RunRequests, console: Console, announcement: String = "saving a checkpoint and stopping",
    heedsCheckpointRequests: Bool = true, heedsEndOfInput: Bool = false
  ) throws(SystemShortage) {
    let stops = StopSignal.allCases.map(\.rawValue).filter { !Self.isIgnored($0) }
    handled = stops + (heedsCheckpointRequests ? [SIGUSR1] : [])
    announcer = try Announcer(console, announcement: announcement, watchesInput: heedsEndOfInput)
    SignalHandler.install(for: handled, requests, announcer: announcer.input)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  func cancel() {
    for number in handled { signal(number, SIG_DFL) }
    Self.ignoreCheckpointRequests()
    announcer.end()
  }
}

/// What happens in the moment of a signal, on whatever thread: nothing here allocates, locks or waits for anybody, but for the
/// second signal's last words, which wait a second at most.
private enum SignalHandler {
  /// The number of the first signal to stop; 0: none.
  static let first = Atomic<Int32>(0)
  // Written before the handler is installed, and read by it alone.
  nonisolated(unsafe) private static var requests: Unmanaged<RunRequests>?
  nonisolated(unsafe) private static var announcer: Int32 = -1

  static func install(for signals: [Int32], _ requests: RunRequests, announcer: Int32) {
    first.store(0, ordering: .relaxed)
    // Kept for good: a signal may be on its way when nobody needs it any more.
    self.requests = .passRetained(requests)
    self.announcer = announcer
    var action = sigaction()
    action.sa_flags = SA_RESTART
    action.__sigaction_handler.sa_handler = { SignalHandler.handle($0) }
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in signals {
      sigaction(number, &action, nil)
      sigaddset(&mask, number)
    }
    // Who started the program may have blocked them.
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  static func handle(_ number: Int32) {
    let code = errno
    if number == SIGUSR1 {
      requests?._withUnsafeGuaranteedRef { $0.requestCheckpoint() }
    } else {
      let (isFirst, earlier) = first.compareExchange(
        expected: 0, desired: number, ordering: .sequentiallyConsistent)
      if !isFirst { end(number, earlier: earlier) }
      requests?._withUnsafeGuaranteedRef { $0.requestStop(by: number) }
    }
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(announcer, &byte, 1)
    errno = code
  }

  private static func end(_ number: Int32, earlier: Int32) -> Never {
    // Standard error may be what keeps the process waiting.
    var errors = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    if poll(&errors, 1, 1000) > 0, errors.revents & Int16(POLLOUT) != 0 {
      let text: StaticString =
        switch number {
        case SIGINT: "SIGINT: stopping at once; the run goes on from its last checkpoint\n"
        case SIGTERM: "SIGTERM: stopping at once; the run goes on from its last checkpoint\n"
        case SIGUSR2: "SIGUSR2: stopping at once; the run goes on from its last checkpoint\n"
        default: "SIGHUP: stopping at once; the run goes on from its last checkpoint\n"
        }
      _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
    // Not exit(): its handlers would run beside the training threads. The code is what shells make of a signal.
    _exit(128 + earlier)
  }
}

/// A thread that tells people of signals. Standard error may be a pipe or a terminal that takes nothing just now: that must
/// keep nobody else waiting.
private final class Announcer: Sendable {
  private let console: Console
  private let announcement: String
  private let watchesInput: Bool
  /// Where the numbers of signals are written to; 0 ends the thread.
  let input: Int32
  private let output: Int32
  private let isDone = DispatchSemaphore(value: 0)

  init(_ console: Console, announcement: String, watchesInput: Bool) throws(SystemShortage) {
    self.console = console
    self.announcement = announcement
    self.watchesInput = watchesInput
    let pipe = try PipeEnds()
    (output, input) = (pipe.reading, pipe.writing)
    // Neither a signal's handler nor who looks for its bytes may be kept waiting.
    for end in [output, input] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    // The thread has this object until it ends.
    let own = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { own in
        if let own { Unmanaged<Announcer>.fromOpaque(own).takeRetainedValue().run() }
        return nil
      }, own.toOpaque())
    guard code == 0 else {
      own.release()
      throw SystemShortage(of: "thread", code: code)
    }
    pthread_detach(thread)
  }

  deinit {
    close(input)
    close(output)
  }

  private func run() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    var sources = [pollfd(fd: output, events: Int16(POLLIN), revents: 0)]
    if watchesInput { sources.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
    while true {
      guard poll(&sources, nfds_t(sources.count), -1) > 0 else { continue }
      var byte: UInt8 = 0
      while read(output, &byte, 1) == 1 {
        if byte == 0 {
          isDone.signal()
          return
        }
        announce(Int32(byte))
      }
      if sources.count > 1, sources[1].revents != 0, read(STDIN_FILENO, &byte, 1) <= 0 {
        sources.removeLast()
        if SignalHandler.first.load(ordering: .relaxed) == 0 { SignalHandler.handle(SIGHUP) }
      }
    }
  }

  private func announce(_ number: Int32) {
    guard let signal = StopSignal(rawValue: number) else { return console.say("SIGUSR1: saving a checkpoint") }
    console.warn("\(signal): \(announcement); once more to stop at once")
  }

  /// What signals led to has to be said before what comes of it; what can't be said is not worth waiting for.
  func end() {
    var byte: UInt8 = 0
    _ = write(input, &byte, 1)
    _ = isDone.wait(timeout: .now() + .seconds(1))
  }
}

/// A signal that stops a run.
enum StopSignal: CaseIterable, CustomStringConvertible {
  case interrupt, terminate, hangUp
  /// SIGUSR2
  case request

  var rawValue: Int32 {
    switch self {
    case .interrupt: SIGINT
    case .terminate: SIGTERM
    case .hangUp: SIGHUP
    case .request: SIGUSR2
    }
  }

  init?(rawValue: Int32) {
    guard let signal = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = signal
  }

  var exitCode: ExitCode {
    switch self {
    case .interrupt: .interrupted
    case .terminate: .terminated
    case .hangUp: .hungUp
    case .request: .done
    }
  }

  var description: String {
    switch self {
    case .interrupt: "SIGINT"
    case .terminate: "SIGTERM"
    case .hangUp: "SIGHUP"
    case .request: "SIGUSR2"
    }
  }
}

/// How a run ends before its time, by a signal or by its time limit.
struct Stopped: DiagnosedError {
  /// Nil for the time limit.
  let signal: StopSignal?
  let directory: String
  let step: Int

  var exitCode: ExitCode { signal?.exitCode ?? .done }

  var description: String {
    "stopped by \(signal?.description ?? "training.time_limit") with everything up to step \(step) saved; go on with: "
      + "rnn-train train --resume \(Format.shellWord(directory))"
  }
}
