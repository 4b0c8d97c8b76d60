import Files
import Foundation

/// The time that a run's training took, over all processes that trained it and without the pauses between them.
package struct RunHistory: Sendable {
  package let sessions: [RunSession]
  /// When each of them trained: seconds since 1970, ascending.
  private let spans: [ClosedRange<Double>]

  /// - Parameter metrics: of the same run. Of a process that left no end, and of one of an older version that left no
  ///   beginning either, they say when it was seen last.
  package init(ofRunAt directory: String, _ metrics: RunMetrics) throws(FileError) {
    let sessions = try RunSession.all(ofRunAt: directory)
    let times = metrics.lines.compactMap(\.seconds)
    self.sessions = sessions
    guard !sessions.isEmpty else {
      spans = times.first.flatMap { first in times.last.flatMap { first <= $0 ? [first...$0] : nil } } ?? []
      return
    }
    spans = sessions.enumerated().map { index, session in
      let begin = session.beginning.seconds
      let next = index + 1 < sessions.count ? sessions[index + 1].beginning.seconds : .infinity
      let end = session.end?.seconds ?? times.last { $0 >= begin && $0 < next } ?? begin
      return begin...max(begin, end)
    }
  }

  /// Seconds of training.
  package var duration: Double? { spans.isEmpty ? nil : spans.reduce(0) { $0 + $1.upperBound - $1.lowerBound } }

  /// Seconds of training until a time of day.
  package func elapsed(at seconds: Double) -> Double {
    spans.reduce(0) { $0 + min(max(seconds, $1.lowerBound), $1.upperBound) - $1.lowerBound }
  }

  /// Seconds of training until a line of metrics, if it says when it was written.
  package func elapsed(at line: RunMetrics.Line) -> Double? { line.seconds.map(elapsed(at:)) }

  /// Seconds of training times the threads that were at work.
  package var threadSeconds: Double? {
    sessions.isEmpty
      ? nil
      : zip(sessions, spans).reduce(0) { $0 + Double($1.0.beginning.threads) * ($1.1.upperBound - $1.1.lowerBound) }
  }
}
