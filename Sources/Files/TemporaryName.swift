import Glibc
import Synchronization

/// Names of temporary files, which tell whose they are: `.rnn-train-HOST-PID-N.tmp`.
///
/// A name is unique among all processes of all hosts that share a directory, and what a dead process of this host left
/// behind can be told from what a live one is about to rename.
enum TemporaryName {
  private static let prefix = ".rnn-train-"
  private static let suffix = ".tmp"
  private static let counter = Atomic<Int>(0)

  /// A path in `directory` that no other call returns, in this process or another.
  static func next(in directory: String) -> String {
    let number = counter.add(1, ordering: .relaxed).newValue
    return Path.join(directory, "\(prefix)\(Host.name)-\(getpid())-\(number)\(suffix)")
  }

  /// Whether `name` is a temporary file of a process of this host that lives no more.
  static func isLeftover(_ name: String) -> Bool {
    let start = "\(prefix)\(Host.name)-"
    guard name.hasPrefix(start), name.hasSuffix(suffix) else { return false }
    let numbers = name.dropFirst(start.count).dropLast(suffix.count).split(separator: "-")
    guard numbers.count == 2, let pid = pid_t(numbers[0]), pid > 0, Int(numbers[1]) != nil else { return false }
    return kill(pid, 0) != 0 && errno == ESRCH
  }
}

/// This machine.
enum Host {
  /// Its name on the network.
  static let name: String = {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let start = buffer.baseAddress, gethostname(start, buffer.count - 1) == 0 else { return "localhost" }
      buffer[buffer.count - 1] = 0
      return String(cString: start)
    }
  }()
}
