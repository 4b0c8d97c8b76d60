import Diagnostics
import Glibc
import Presentation

/// Standard output or standard error, unbuffered.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Writes all of a text; what can't be written is lost.
  ///
  /// - Returns: the system's error code, 0 if there is none.
  @discardableResult
  func write(_ text: String) -> Int32 { write(Array(text.utf8)) }

  /// The same for bytes as they are.
  func write(_ bytes: [UInt8]) -> Int32 {
    var bytes = bytes
    return FileDescriptor(rawValue: rawValue).write(&bytes)
  }

  /// Writes a text that may come from a file: as it is, but for a terminal.
  func show(_ text: String) -> Int32 { write(shown(text)) }

  /// A text as it may be written here.
  func shown(_ text: String) -> String { isTerminal ? Format.printable(text) : text }

  /// A message as it may be written here: a terminal would break its lines within words.
  func message(_ text: String) -> String {
    guard let width else { return text }
    return shown(text).split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { $0.columns <= width ? [String($0)] : Format.wrappedMessage(String($0), to: width) }
      .joined(separator: "\n")
  }

  var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Columns of the terminal; nil for anything else.
  var width: Int? { size?.columns }

  /// Columns and rows of the terminal; nil for anything else.
  var size: (columns: Int, rows: Int)? {
    guard isTerminal else { return nil }
    var size = winsize()
    guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
    return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
  }

  /// Whether the locale says that characters are UTF-8's.
  static var isUTF8: Bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { (name: String) in getenv(name).map { String(cString: $0) } }
    let locale = names.first { !$0.isEmpty }?.lowercased() ?? ""
    return locale.contains("utf-8") || locale.contains("utf8")
  }
}

/// Prints results: what a command's caller may read by a program.
enum Results {
  static func print(_ text: String, terminator: String = "\n") throws(OutputError) {
    try check(StandardStream.output.show(text + terminator))
  }

  /// Prints what people read, whose long lines a terminal would break within words.
  static func printFolded(_ text: String) throws(OutputError) {
    try print(StandardStream.output.width.map { Format.folded(text, to: $0) } ?? text)
  }

  /// Moves the cursor of a terminal and draws there.
  static func draw(_ text: String) throws(OutputError) { try check(StandardStream.output.write(text)) }

  /// Bytes as they are, but for a terminal.
  static func write(_ bytes: [UInt8]) throws(OutputError) {
    let stream = StandardStream.output
    try check(stream.isTerminal ? stream.show(String(decoding: bytes, as: UTF8.self)) : stream.write(bytes))
  }

  private static func check(_ code: Int32) throws(OutputError) {
    switch code {
    case 0: break
    case EPIPE: throw .nobodyReads
    case let code: throw .failed(code: code)
    }
  }
}

/// Why a result didn't reach standard output.
enum OutputError: DiagnosedError, Equatable {
  /// The reader of a pipe has gone, as `head` does: no fault, but there is no use in going on.
  case nobodyReads
  case failed(code: Int32)

  var exitCode: ExitCode { .cannotWrite }

  var description: String {
    switch self {
    case .nobodyReads: "nobody reads standard output"
    case .failed(let code): "can't write to standard output: \(String(cString: strerror(code)))"
    }
  }
}

/// An open file that texts are written to.
struct FileDescriptor: Sendable {
  let rawValue: Int32

  /// Writes a text, of which only what can't be written is left; returns the system's error code, 0 if there is none.
  func write(_ text: inout [UInt8]) -> Int32 {
    var written = 0
    defer { text.removeFirst(written) }
    while written < text.count {
      let count = text.withUnsafeBytes {
        Glibc.write(rawValue, $0.baseAddress.map { $0 + written }, $0.count - written)
      }
      if count >= 0 {
        written += count
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }
}
