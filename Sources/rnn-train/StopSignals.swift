import Diagnostics
import Dispatch
import Glibc
import Synchronization
import Training

/// Makes SIGINT and SIGTERM a request to stop after the current step. A second signal ends the process at once.
///
/// Signals act as usual before the object is made and after `cancel`.
final class StopSignals: Sendable {
  let request = StopRequest()
  private let first = Mutex<StopSignal?>(nil)
  // DispatchSource is thread-safe; nobody changes the list.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// The signal that asked to stop, nil if none has.
  var received: StopSignal? { first.withLock { $0 } }

  init(console: Console) {
    let queue = DispatchQueue(label: "rnn-train.signals")
    let signals = StopSignal.allCases
    sources = signals.map { DispatchSource.makeSignalSource(signal: $0.rawValue, queue: queue) }
    for (stopSignal, source) in zip(signals, sources) {
      signal(stopSignal.rawValue, SIG_IGN)
      source.setEventHandler { [weak self] in self?.handle(stopSignal, console) }
      source.resume()
    }
  }

  private func handle(_ signal: StopSignal, _ console: Console) {
    let earlier = first.withLock { first in
      defer { first = first ?? signal }
      return first
    }
    if let earlier {
      console.warn("\(signal): stopping at once; the run goes on from its last checkpoint")
      // Not exit(): its handlers would run beside the training threads.
      _exit(earlier.exitCode.rawValue)
    }
    request.request()
    console.warn("\(signal): saving a checkpoint and stopping; once more to stop at once")
  }

  func cancel() {
    for (stopSignal, source) in zip(StopSignal.allCases, sources) {
      source.cancel()
      signal(stopSignal.rawValue, SIG_DFL)
    }
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

/// How a run ends that was stopped by a signal.
struct Stopped: DiagnosedError {
  let signal: StopSignal
  let directory: String
  let step: Int

  var exitCode: ExitCode { signal.exitCode }

  var description: String {
    "stopped by \(signal) with everything up to step \(step) saved; go on with: "
      + "rnn-train train --resume \(Format.shellWord(directory))"
  }
}
