import ArgumentParser
import CThreads
import Files
import Glibc
import Training

/// What keeps a run within bounds that are set for it: where to pause, and, for a program that starts runs, on which
/// processors to stay and when to stop.
struct PauseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Stop with a checkpoint once so many epochs are done; schedules go by training.epochs all the same.",
      valueName: "epochs"))
  var pauseAfter: Int?

  @Option(help: ArgumentHelp("Processors to stay on, by number: 0,1.", valueName: "list", visibility: .hidden))
  var processors: String?

  @Flag(
    name: .customLong("stop-at-end-of-input"),
    help: ArgumentHelp("Save a checkpoint and stop when standard input ends.", visibility: .hidden))
  var stopsAtEndOfInput = false

  func validate() throws {
    if let pauseAfter, pauseAfter < 1 {
      throw ValidationError("--pause-after \(pauseAfter): expected a number of at least 1")
    }
    if let processors, processors.split(separator: ",").contains(where: { Int32($0) == nil }) {
      throw ValidationError("--processors \(processors): expected numbers with commas between them")
    }
  }

  func isReached(_ state: TrainingState?) -> Bool {
    guard let pauseAfter, let state else { return false }
    return state.epoch >= pauseAfter
  }

  /// Takes over a run, if need be as soon as another process lets it go: one of a sweep that was killed saves its
  /// checkpoint and stops on its own.
  func whenFree<Run>(_ directory: String, _ resume: () throws -> Run) throws -> Run {
    guard stopsAtEndOfInput else { return try resume() }
    for _ in 0..<1200 {
      if Self.inputHasEnded { throw Stopped(signal: .hangUp, directory: directory, step: 0) }
      do {
        return try resume()
      } catch FileError.inUse {
        usleep(50_000)
      }
    }
    return try resume()
  }

  /// Whether the process at the other end of the pipe has gone.
  private static var inputHasEnded: Bool {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    return poll(&input, 1, 0) > 0 && input.revents & Int16(POLLHUP) != 0
  }

  /// Keeps this thread, and those that it starts, on its processors. That is for speed alone, so nothing depends on it.
  func restrictProcessors(_ console: Console) {
    guard let processors else { return }
    let numbers = processors.split(separator: ",").compactMap { Int32($0) }
    let code = cthreads_set_affinity(numbers, numbers.count)
    if code != 0 { console.warn("can't stay on the processors \(processors): \(String(cString: strerror(code)))") }
  }
}
