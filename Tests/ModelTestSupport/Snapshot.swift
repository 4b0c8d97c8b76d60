import Compute

/// Numbers under names, to be compared bit for bit: minus zero is not zero, and not a number is itself.
package struct Snapshot: Sendable {
  private var parts: [(name: String, bits: [UInt64])] = []

  package init() {}

  package mutating func add(_ name: String, _ arena: Arena) { add(name, arena.floats.map(Double.init)) }

  package mutating func add(_ name: String, _ numbers: [Double]) { parts.append((name, numbers.map(\.bitPattern))) }

  /// The names of the parts that are not the same in both.
  package func differences(from other: Snapshot) -> [String] {
    guard parts.map(\.name) == other.parts.map(\.name) else { return ["names"] }
    return zip(parts, other.parts).filter { $0.bits != $1.bits }.map(\.0.name)
  }
}
