import Files
import Glibc

/// How many processors this process may keep busy: those of its affinity mask, within its control groups' CPU quota.
package enum ProcessorCount {
  package static func available() -> Int {
    let quotas = cgroupFiles(text(of: "/proc/self/cgroup") ?? "").compactMap { files in
      quota(files.compactMap(text(of:)).joined(separator: " "))
    }
    let processors = affinity(text(of: "/proc/self/status") ?? "") ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return quotas.reduce(processors, min)
  }

  /// The processors of the affinity mask, nil if they can't be told.
  ///
  /// - Parameter status: `/proc/self/status`, where a line is `Cpus_allowed_list: 0-3,8`.
  package static func affinity(_ status: String) -> Int? { processors(status)?.count }

  /// The numbers of the processors that this process may use: those of its affinity mask, as many of them as its control
  /// groups' CPU quota allows.
  static func processors() -> [Int] {
    let numbers = processors(text(of: "/proc/self/status") ?? "") ?? Array(0..<available())
    return Array(numbers.prefix(available()))
  }

  /// The numbers of the processors of the affinity mask.
  private static func processors(_ status: String) -> [Int]? {
    let name = "Cpus_allowed_list:"
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    var numbers: [Int] = []
    for range in line.dropFirst(name.count).split(separator: ",") {
      let ends = range.split(separator: "-").map { Int($0.filter { !$0.isWhitespace }) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
        return nil
      }
      numbers += first...last
    }
    return numbers.isEmpty ? nil : numbers
  }

  /// The files that limit a process: for each of its groups and the groups around them, a list whose texts, one after
  /// the other, are `QUOTA PERIOD`.
  ///
  /// - Parameter membership: `/proc/self/cgroup`, lines of `ID:CONTROLLERS:PATH`; version 2 has no controllers there.
  package static func cgroupFiles(_ membership: String) -> [[String]] {
    membership.split(separator: "\n").flatMap { line -> [[String]] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let controllers = fields[1].split(separator: ",")
      let isVersion2 = controllers.isEmpty
      guard isVersion2 || controllers.contains("cpu") else { return [] }
      let root = isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/\(fields[1])"
      let names = isVersion2 ? ["cpu.max"] : ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
      let path = fields[2].split(separator: "/")
      return (0...path.count).map { depth in
        let directory = ([root] + path.prefix(depth).map(String.init)).joined(separator: "/")
        return names.map { "\(directory)/\($0)" }
      }
    }
  }

  /// Whole processors that a quota stands for, a part of one counting as one; nil for no limit.
  ///
  /// - Parameter text: `QUOTA PERIOD` in microseconds; a quota of `max` (version 2) or -1 (version 1) is no limit.
  package static func quota(_ text: String) -> Int? {
    let numbers = text.split { $0 == " " || $0 == "\n" }.map { Int($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
    return quota / period + (quota % period > 0 ? 1 : 0)
  }

  private static func text(of path: String) -> String? {
    (try? FileContents.read(path)).map { String(decoding: $0, as: UTF8.self) }
  }
}
