import Diagnostics
import Dispatch
import Glibc
import Presentation
import Synchronization
import Training

/// Makes signals requests to a run: SIGINT, SIGTERM and SIGHUP to stop after the current step, SIGUSR1 to save a
/// checkpoint and go on. A second signal to stop ends the process at once.
///
/// Signals to stop act as usual before the object is made and after `cancel`; SIGUSR1 does nothing then. One that the
/// process was started to ignore stays ignored: `nohup` does that with SIGHUP, shells with the SIGINT of what runs in the
/// background.
final class RunSignals: Sendable {
  private let requests: RunRequests
  private let first = Mutex<StopSignal?>(nil)
  private let announcement: String
  private let queue = DispatchQueue(label: "rnn-train.signals")
  /// Where people are told of signals. Standard error may be a pipe or a terminal that takes nothing just now: that must
  /// not keep the next signal waiting.
  private let announcements = DispatchQueue(label: "rnn-train.signals.announcements")
  // DispatchSource is thread-safe; nobody changes the list.
  private nonisolated(unsafe) let sources: [(signal: Int32, source: any DispatchSourceSignal)]

  /// The signal that asked to stop, nil if none has.
  var received: StopSignal? { first.withLock { $0 } }

  /// Keeps SIGUSR1 from ending the process where nobody could heed it: a batch system may send it at any time.
  static func ignoreCheckpointRequests() { signal(SIGUSR1, SIG_IGN) }

  /// - Parameters:
  ///   - announcement: what the first signal to stop leads to, for people.
  ///   - heedsCheckpointRequests: whether SIGUSR1 is a request.
  init(
    _ requests: RunRequests, console: Console, announcement: String = "saving a checkpoint and stopping",
    heedsCheckpointRequests: Bool = true
  ) {
    self.requests = requests
    self.announcement = announcement
    let queue = queue
    let stops = StopSignal.allCases.map(\.rawValue).filter { !Self.isIgnored($0) }
    sources = (stops + (heedsCheckpointRequests ? [SIGUSR1] : [])).map {
      ($0, DispatchSource.makeSignalSource(signal: $0, queue: queue))
    }
    for (number, source) in sources {
      signal(number, SIG_IGN)
      source.setEventHandler { [weak self] in self?.handle(number, console) }
      source.resume()
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private func handle(_ number: Int32, _ console: Console) {
    guard let signal = StopSignal.allCases.first(where: { $0.rawValue == number }) else {
      announcements.async { console.say("SIGUSR1: saving a checkpoint") }
      return requests.requestCheckpoint()
    }
    let earlier = first.withLock { first in
      defer { first = first ?? signal }
      return first
    }
    if let earlier {
      // Not through the console, which a thread may hold that waits for a disk or a terminal; and not for longer than a
      // moment, since standard error may be what it waits for.
      let isSaid = DispatchSemaphore(value: 0)
      DispatchQueue(label: "rnn-train.signals.end").async {
        StandardStream.error.write("\(signal): stopping at once; the run goes on from its last checkpoint\n")
        isSaid.signal()
      }
      _ = isSaid.wait(timeout: .now() + .seconds(1))
      // Not exit(): its handlers would run beside the training threads.
      _exit(earlier.exitCode.rawValue)
    }
    announcements.async { [announcement] in console.warn("\(signal): \(announcement); once more to stop at once") }
    requests.requestStop()
  }

  /// Makes the end of standard input a request to stop as well: the process at its other end has gone, or says so.
  func watchInput(_ console: Console) -> any DispatchSourceRead {
    let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO, queue: queue)
    source.setEventHandler { [weak self] in
      var byte: UInt8 = 0
      guard let self, read(STDIN_FILENO, &byte, 1) <= 0 else { return }
      source.cancel()
      if received == nil { handle(SIGHUP, console) }
    }
    source.resume()
    return source
  }

  func cancel() {
    for (number, source) in sources {
      source.cancel()
      signal(number, SIG_DFL)
    }
    Self.ignoreCheckpointRequests()
    // What they led to has to be said before what comes of it; what can't be said is not worth waiting for.
    let isSaid = DispatchSemaphore(value: 0)
    announcements.async { isSaid.signal() }
    _ = isSaid.wait(timeout: .now() + .seconds(1))
  }
}

/// A signal that stops a run.
enum StopSignal: CaseIterable, CustomStringConvertible {
  case interrupt, terminate, hangUp

  var rawValue: Int32 {
    switch self {
    case .interrupt: SIGINT
    case .terminate: SIGTERM
    case .hangUp: SIGHUP
    }
  }

  var exitCode: ExitCode {
    switch self {
    case .interrupt: .interrupted
    case .terminate: .terminated
    case .hangUp: .hungUp
    }
  }

  var description: String {
    switch self {
    case .interrupt: "SIGINT"
    case .terminate: "SIGTERM"
    case .hangUp: "SIGHUP"
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
