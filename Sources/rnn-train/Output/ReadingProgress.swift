import Presentation

/// Shows how much of a text has been read: on a terminal a line that is updated, elsewhere one now and then.
final class ReadingProgress {
  private let console: Console
  private let head: String
  private let clock = ContinuousClock()
  /// When reading began, which the first call says, and when progress was shown last.
  private var begun: ContinuousClock.Instant?
  private var shown: ContinuousClock.Instant

  private static let updateInterval = Duration.milliseconds(100)
  private static let lineInterval = Duration.seconds(10)

  /// - Parameter head: what is read.
  init(_ head: String, _ console: Console) {
    (self.head, self.console) = (head, console)
    shown = clock.now
  }

  /// - Parameter share: of the text, from 0 to 1.
  func show(_ share: Double) {
    let now = clock.now
    guard let begun else {
      (begun, shown) = (now, now)
      return
    }
    guard share > 0, now - shown > (console.hasStatus ? Self.updateInterval : Self.lineInterval) else { return }
    shown = now
    let left = "\(Format.duration((now - begun) * (1 / share - 1))) left"
    if console.hasStatus {
      console.update { ProgressLine(head: head, fraction: share, details: [left]).text(width: $0) }
    } else {
      console.say([head, Format.percent(Int(share * 1000), of: 1000), left].joined(separator: "  "))
    }
  }

  /// When it has been read, or nobody goes on with it.
  func end() { console.clearStatus() }
}
