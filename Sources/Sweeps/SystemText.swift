import Glibc

/// What the system calls things.
enum SystemText {
  static func name(ofSignal signal: Int32) -> String {
    strsignal(signal).map { String(cString: $0) } ?? "unknown"
  }
}
