import Dispatch
import Glibc

/// Holds jobs to the rule of a phase, in debug builds: no job writes what another one of the phase reads or writes.
///
/// Whatever touches memory that workers share says so: matrices, buffers and kernels by themselves, code that goes through
/// bare pointers by `reads` and `writes`. When the last job of a phase is done, what they said is compared, and a phase that
/// breaks the rule ends the program with its kind and the two jobs. In release builds there is nothing of it: public, like
/// `Buffer`, so that it is inlined.
public enum Watchdog {
  /// Whether this build has one.
  package static var isOn: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  @inlinable @inline(__always)
  package static func reads<Element>(_ pointer: UnsafePointer<Element>, count: Int) {
    #if DEBUG
      note(UnsafeRawPointer(pointer), count * MemoryLayout<Element>.stride, isWrite: false)
    #endif
  }

  @inlinable @inline(__always)
  package static func writes<Element>(_ pointer: UnsafeMutablePointer<Element>, count: Int) {
    #if DEBUG
      note(UnsafeRawPointer(pointer), count * MemoryLayout<Element>.stride, isWrite: true)
    #endif
  }

  /// Several stretches of one length; the list is made only where there is a watchdog.
  @inlinable @inline(__always)
  package static func reads(each pointers: @autoclosure () -> [UnsafeMutablePointer<Float>], count: Int) {
    #if DEBUG
      for pointer in pointers() { reads(UnsafePointer(pointer), count: count) }
    #endif
  }

  @inlinable @inline(__always)
  package static func writes(each pointers: @autoclosure () -> [UnsafeMutablePointer<Float>], count: Int) {
    #if DEBUG
      for pointer in pointers() { writes(pointer, count: count) }
    #endif
  }

  /// All of a matrix, padding included.
  @inlinable @inline(__always)
  package static func reads(_ matrix: PanelMatrix) {
    #if DEBUG
      note(matrix, isWrite: false)
    #endif
  }

  @inlinable @inline(__always)
  package static func writes(_ matrix: PanelMatrix) {
    #if DEBUG
      note(matrix, isWrite: true)
    #endif
  }

  /// Some rows of one panel.
  static func reads(_ matrix: PanelMatrix, panel: Int, rows index: UnsafePointer<Int32>, count: Int) {
    #if DEBUG
      note(matrix.pointer(panel: panel, row: 0), rows: index, count: count, isWrite: false)
    #endif
  }

  static func writes(_ matrix: PanelMatrix, panel: Int, rows index: UnsafePointer<Int32>, count: Int) {
    #if DEBUG
      note(matrix.pointer(panel: panel, row: 0), rows: index, count: count, isWrite: true)
    #endif
  }

  #if DEBUG
    @usableFromInline
    package static func note(_ pointer: UnsafeRawPointer, _ bytes: Int, isWrite: Bool) {
      JobAccesses.current?.add(pointer, bytes, isWrite: isWrite)
    }

    @usableFromInline
    package static func note(_ matrix: PanelMatrix, isWrite: Bool) {
      guard let accesses = JobAccesses.current else { return }
      for panel in 0..<matrix.panels {
        accesses.add(
          matrix.base + panel * matrix.stride, matrix.rows * PanelShape.width * MemoryLayout<Float>.stride,
          isWrite: isWrite)
      }
    }

    private static func note(_ panel: UnsafePointer<Float>, rows index: UnsafePointer<Int32>, count: Int, isWrite: Bool)
    {
      guard let accesses = JobAccesses.current else { return }
      for row in 0..<count {
        accesses.add(
          panel + Int(index[row]) * PanelShape.width, PanelShape.width * MemoryLayout<Float>.stride, isWrite: isWrite)
      }
    }
  #endif
}

#if DEBUG
  /// The stretches of memory that one job has read and written.
  final class JobAccesses: @unchecked Sendable {
    // Unchecked: written by the thread that runs the job, read when the job is done.

    struct Stretch {
      let job: Int
      let start: UInt
      var end: UInt
      let isWrite: Bool
    }

    private let job: Int
    private(set) var stretches: [Stretch] = []

    init(job: Int) { self.job = job }

    func add(_ pointer: UnsafeRawPointer, _ bytes: Int, isWrite: Bool) {
      let start = UInt(bitPattern: pointer)
      let end = start + UInt(bytes)
      guard start < end else { return }
      // Loops go through memory in order: one stretch goes on where the last one ended.
      if let last = stretches.last, last.isWrite == isWrite, last.start <= start, start <= last.end {
        stretches[stretches.count - 1].end = max(last.end, end)
      } else {
        stretches.append(Stretch(job: job, start: start, end: end, isWrite: isWrite))
      }
    }

    /// What the job that this thread runs has touched; nil outside jobs.
    static var current: JobAccesses? {
      pthread_getspecific(key).map { Unmanaged<JobAccesses>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let key: pthread_key_t = {
      var key = pthread_key_t()
      precondition(pthread_key_create(&key, nil) == 0)
      return key
    }()

    func record(_ body: () -> Void) {
      pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
      body()
      pthread_setspecific(Self.key, nil)
    }
  }

  /// What the jobs of a list's phases have touched, compared at each phase's end.
  final class PhaseAccesses: @unchecked Sendable {
    // Unchecked: `jobs` belongs to whoever has the turn. A semaphore, since the thread sanitizer knows nothing of the locks
    // of Synchronization.
    private var jobs: [Int: [JobAccesses]] = [:]
    private let turn = DispatchSemaphore(value: 1)

    /// Runs a job; the last one of a phase to end compares.
    func run(_ phase: Phase, index: Int, job: Int, of count: Int) {
      let accesses = JobAccesses(job: job)
      accesses.record { phase.run(job) }
      turn.wait()
      jobs[index, default: []].append(accesses)
      let all = jobs[index]?.count == count ? jobs.removeValue(forKey: index) : nil
      turn.signal()
      guard let conflict = all.flatMap(Self.conflict) else { return }
      preconditionFailure(
        "phase \(index) (\(phase.kind.rawValue)): job \(conflict.writer) writes what job \(conflict.other) "
          + (conflict.isWrite ? "writes" : "reads"))
    }

    private struct Conflict {
      let writer, other: Int
      let isWrite: Bool
    }

    /// The first two jobs of which one writes what the other touches.
    private static func conflict(_ jobs: [JobAccesses]) -> Conflict? {
      // In the order of memory, a stretch meets an earlier one if that ends behind its start: it is enough to know the one
      // that ends last, and the one that ends last of the other jobs.
      var (all, writes) = (LastTwo(), LastTwo())
      for stretch in jobs.flatMap(\.stretches).sorted(by: { $0.start < $1.start }) {
        let earlier = stretch.isWrite ? all : writes
        if let other = earlier.last(exceptOf: stretch.job), other.end > stretch.start {
          return stretch.isWrite
            ? Conflict(writer: stretch.job, other: other.job, isWrite: other.isWrite)
            : Conflict(writer: other.job, other: stretch.job, isWrite: false)
        }
        all.add(stretch)
        if stretch.isWrite { writes.add(stretch) }
      }
      return nil
    }

    /// Of the stretches so far the one that ends last, and the one that ends last of all other jobs.
    private struct LastTwo {
      private var first: JobAccesses.Stretch?
      private var second: JobAccesses.Stretch?

      mutating func add(_ stretch: JobAccesses.Stretch) {
        guard let first, first.job != stretch.job else {
          if (first?.end ?? 0) < stretch.end { first = stretch }
          return
        }
        if stretch.end > first.end {
          (self.first, second) = (stretch, first)
        } else if stretch.end > (second?.end ?? 0) {
          second = stretch
        }
      }

      func last(exceptOf job: Int) -> JobAccesses.Stretch? { first?.job == job ? second : first }
    }
  }
#endif
