import Files
import Glibc
import Synchronization

/// What a command tells its user on the way: lines on standard error, one of which may be updated in place where that is
/// a terminal. All lines but the updated one go to a log file as well, once there is one.
final class Console: Sendable {
  private struct State {
    /// Whether the last thing written is a line that is updated.
    var showsStatus = false
    /// Nil until `keepLog`.
    var log: FileDescriptor?
    /// What was said and isn't in the log yet: there is none, or its disk is full.
    var unlogged: [UInt8] = []
    var reportedLogFailure = false
  }

  private let state = Mutex(State())
  private let isQuiet: Bool
  /// Whether there is a line to update.
  let hasStatus: Bool

  /// - Parameter isQuiet: only warnings reach standard error; the log gets everything all the same.
  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    hasStatus = !isQuiet && StandardStream.error.isTerminal && !isDumb
  }

  deinit {
    state.withLock { state in
      if let log = state.log { close(log.rawValue) }
    }
  }

  /// Appends to the file from now on, beginning with what was said before.
  func keepLog(at path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(.create, path: path, code: errno) }
    state.withLock { state in
      state.log = FileDescriptor(rawValue: descriptor)
      Self.log("", &state)
    }
  }

  func say(_ text: String) { write(text, shown: !isQuiet) }

  /// Says what a user wants to know even of a quiet run.
  func warn(_ text: String) { write(text, shown: true) }

  /// Writes to the log alone what reaches standard error by another way.
  func record(_ text: String) { write(text, shown: false) }

  private func write(_ text: String, shown: Bool) {
    state.withLock { state in
      if shown {
        StandardStream.error.write((state.showsStatus ? Self.erasure : "") + text + "\n")
        state.showsStatus = false
      }
      Self.log(text + "\n", &state)
    }
  }

  /// Bytes that may wait for a log whose disk is full.
  private static let unloggedLimit = 1 << 20

  private static func log(_ text: String, _ state: inout State) {
    if state.unlogged.count < unloggedLimit { state.unlogged += Array(text.utf8) }
    guard let log = state.log else { return }
    let code = log.write(&state.unlogged)
    let isNew = code != 0 && !state.reportedLogFailure
    state.reportedLogFailure = code != 0
    guard isNew else { return }
    StandardStream.error.write("rnn-train: train.log can't be written: \(String(cString: strerror(code)))\n")
  }

  // MARK: the line that is updated

  /// Puts the cursor where the updated line begins, and clears it.
  private static let erasure = "\r\u{1B}[K"

  /// Shows a line in place of the one before. It is cut to the terminal's width.
  func update(_ line: (_ width: Int) -> String) {
    guard hasStatus else { return }
    // The last column stays free: some terminals go on to the next line when it is filled.
    let width = Self.width() - 1
    let text = line(width).prefix(width)
    state.withLock { state in
      StandardStream.error.write(Self.erasure + text)
      state.showsStatus = true
    }
  }

  func clearStatus() {
    state.withLock { state in
      if state.showsStatus { StandardStream.error.write(Self.erasure) }
      state.showsStatus = false
    }
  }

  private static func width() -> Int {
    var size = winsize()
    guard ioctl(StandardStream.error.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
