import Glibc
import Synchronization

/// Names of temporary files, which tell whose they are: `.rnn-train-HOST-PID-START-N.tmp`.
///
/// A name is unique among all processes of all hosts that share a directory, and what a dead process of this host left
/// behind can be told from what a live one is about to rename. The number of a process alone doesn't tell: in a container
/// it is the same in every start.
enum TemporaryName {
  private static let prefix = ".rnn-train-"
  private static let suffix = ".tmp"
  private static let counter = Atomic<Int>(0)
  /// When this process named its first file, in nanoseconds.
  private static let start: Int = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }()

  /// A name that no other call returns, in this process or another.
  static func next() -> String {
    let number = counter.add(1, ordering: .relaxed).newValue
    return "\(prefix)\(Host.name)-\(getpid())-\(start)-\(number)\(suffix)"
  }

  /// Whether `name` is a temporary file of a process of this host that lives no more.
  static func isLeftover(_ name: String) -> Bool {
    let beginning = "\(prefix)\(Host.name)-"
    guard name.hasPrefix(beginning), name.hasSuffix(suffix) else { return false }
    let numbers = name.dropFirst(beginning.count).dropLast(suffix.count).split(separator: "-").map { Int($0) }
    guard numbers.count == 3, let pid = numbers[0].flatMap(pid_t.init(exactly:)), pid > 0, let begun = numbers[1],
      numbers[2] != nil
    else { return false }
    return pid == getpid() ? begun != start : kill(pid, 0) != 0 && errno == ESRCH
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

  /// What all processes of one running kernel have in common, those of its containers too; its name where the system
  /// doesn't tell.
  static let machine: String = {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return name }
      defer { close(descriptor) }
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      let id = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return id.isEmpty ? name : String(id.prefix { $0 != "\n" })
    }
  }()
}
