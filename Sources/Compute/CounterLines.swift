import Synchronization

/// Counters that different workers write at the same time, each in cache lines of its own.
struct CounterLines: @unchecked Sendable {
  // Unchecked: the memory holds atomics only, and is freed when nobody can reach them any more.
  private let memory: Memory
  /// Processors fetch lines in pairs.
  private static let spacing = 128

  private final class Memory {
    let base: UnsafeMutableRawPointer

    init(count: Int) {
      base = .allocate(byteCount: count * spacing, alignment: spacing)
      for index in 0..<count {
        (base + index * spacing).bindMemory(to: Atomic<Int>.self, capacity: 1).initialize(to: Atomic(0))
      }
    }

    deinit { base.deallocate() }
  }

  init(count: Int) { memory = Memory(count: count) }

  subscript(index: Int) -> Atomic<Int> {
    unsafeAddress { UnsafePointer((memory.base + index * Self.spacing).assumingMemoryBound(to: Atomic<Int>.self)) }
  }
}
