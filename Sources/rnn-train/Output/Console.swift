import Files
import Glibc
import Presentation
import Synchronization

/// What a command tells its user on the way: lines on standard error, the last of which may be updated in place where that
/// is a terminal. All lines but the updated ones go to a log file as well, once there is one.
final class Console: Sendable {
  private struct State {
    /// Lines that are updated, with the cursor at the end of the last.
    var statusLines = 0
    /// Nil until `keepLog`.
    var log: AppendedFile?
    /// What was said before there was a log.
    var unlogged: [UInt8] = []
    var reportedLogFailure = false
  }

  private let state = Mutex(State())
  private let isQuiet: Bool
  private let isSilent: Bool
  /// Whether there are lines to update.
  let hasStatus: Bool

  /// - Parameters:
  ///   - isQuiet: only warnings reach standard error; the log gets everything all the same.
  ///   - isSilent: nothing at all reaches it: another process says the same.
  init(isQuiet: Bool, isSilent: Bool = false) {
    self.isQuiet = isQuiet || isSilent
    self.isSilent = isSilent
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    hasStatus = !self.isQuiet && StandardStream.error.isTerminal && !isDumb
  }

  /// Appends to a file of a directory from now on, beginning with what was said before.
  func keepLog(_ name: String, in directory: OpenDirectory) throws(FileError) {
    try state.withLock { state throws(FileError) in
      state.log = try AppendedFile(name, in: directory)
      Self.log("", &state)
    }
  }

  func say(_ text: String) { write(text, shown: isQuiet ? nil : text) }

  /// Says a line; to a terminal that is too narrow for it the first of the shorter ones that fits, or the last of them.
  func say(_ text: String, shorter: [String]) {
    let width = StandardStream.error.width ?? .max
    let shown = ([text] + shorter).first { $0.columns <= width } ?? shorter.last
    write(text, shown: isQuiet ? nil : shown)
  }

  /// Says what a user wants to know even of a quiet run.
  func warn(_ text: String) { write(text, shown: isSilent ? nil : text) }

  /// Writes to the log alone what reaches standard error by another way.
  func record(_ text: String) { write(text, shown: nil) }

  private func write(_ text: String, shown: String?) {
    state.withLock { state in
      if let shown {
        let stream = StandardStream.error
        stream.write(Self.erasure(state.statusLines) + stream.message(shown) + "\n")
        state.statusLines = 0
      }
      Self.log(text + "\n", &state)
    }
  }

  /// Bytes that may wait for a log.
  private static let unloggedLimit = 1 << 20

  private static func log(_ text: String, _ state: inout State) {
    guard let log = state.log else {
      if state.unlogged.count < unloggedLimit { state.unlogged += Array(text.utf8) }
      return
    }
    do throws(FileError) {
      try log.append(state.unlogged + Array(text.utf8))
      state.unlogged = []
      try log.settle()
      state.reportedLogFailure = false
    } catch {
      if !state.reportedLogFailure {
        StandardStream.error.write("rnn-train: train.log can't be written: \(error.reason)\n")
      }
      state.reportedLogFailure = true
    }
  }

  // MARK: the lines that are updated

  /// Puts the cursor where the updated lines begin, and clears them.
  private static func erasure(_ lines: Int) -> String {
    switch lines {
    case 0: ""
    case 1: "\r\u{1B}[K"
    default: "\r\u{1B}[\(lines - 1)A\u{1B}[J"
    }
  }

  /// Shows a line in place of the one before. It is cut to the terminal's width.
  func update(_ line: (_ width: Int) -> String) { update(lines: { [line($0)] }) }

  /// Shows lines in place of the ones before, each cut to the terminal's width.
  func update(lines: (_ width: Int) -> [String]) {
    guard hasStatus else { return }
    // The last column stays free: some terminals go on to the next line when it is filled. So do two more, for the `^C` that
    // a terminal shows at the cursor: what runs over the line's end would not be cleared.
    let width = (StandardStream.error.width ?? 80) - 3
    let shown = lines(width).map { $0.prefix(width) }
    state.withLock { state in
      StandardStream.error.write(Self.erasure(max(state.statusLines, 1)) + shown.joined(separator: "\n"))
      state.statusLines = shown.count
    }
  }

  func clearStatus() {
    state.withLock { state in
      StandardStream.error.write(Self.erasure(state.statusLines))
      state.statusLines = 0
    }
  }
}
