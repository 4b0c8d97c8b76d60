import Diagnostics
import Glibc
import Synchronization

/// A flat, zeroed block of floats that lives as long as its owner.
///
/// Large arenas ask for huge pages: a kernel that walks a matrix by rows touches a page per row, and the processor
/// remembers only some dozens of small ones.
package final class Arena: @unchecked Sendable {
  // Unchecked: the memory is shared by all workers. Within a phase each job writes a range that no other job of that phase
  // reads or writes (see Phase); between phases there is a barrier.
  package let base: UnsafeMutablePointer<Float>
  package let count: Int
  private let mapped: Int

  private static let hugePage = 2 << 20
  private static let allBytes = Atomic<Int>(0)

  /// What all arenas there are take together. Memory that nobody has touched counts as well.
  package static var bytesInUse: Int { allBytes.load(ordering: .relaxed) }

  /// - Parameter count: floats; zero is allowed.
  package init(count: Int) {
    self.count = count
    let bytes = max(count, 1) * MemoryLayout<Float>.stride
    // Room to start at a huge page's boundary, where there is at least one.
    let slack = bytes >= Self.hugePage ? Self.hugePage : 0
    mapped = bytes + slack
    let memory = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      MemoryShortage.end(bytes: mapped)
    }
    allocation = memory
    Self.allBytes.wrappingAdd(bytes, ordering: .relaxed)
    var start = memory
    if slack > 0 {
      start =
        UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: memory) + UInt(slack) - 1) & ~(UInt(slack) - 1)) ?? memory
      madvise(start, bytes, Int32(MADV_HUGEPAGE))
    }
    base = start.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  private let allocation: UnsafeMutableRawPointer

  deinit {
    munmap(allocation, mapped)
    Self.allBytes.wrappingSubtract(max(count, 1) * MemoryLayout<Float>.stride, ordering: .relaxed)
  }

  /// Gives the memory of some floats back: the whole pages of it, whose floats are zeros from then on; the others keep theirs.
  package func release(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
    let start = (UInt(bitPattern: base + range.lowerBound) + page - 1) & ~(page - 1)
    let end = UInt(bitPattern: base + range.upperBound) & ~(page - 1)
    guard start < end, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
    madvise(first, Int(end - start), Int32(MADV_DONTNEED))
  }

  /// All floats, for loops over whole arenas.
  package var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
