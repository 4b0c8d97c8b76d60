import Diagnostics
import Glibc

/// Whether the system gives threads. Dispatch waits for them, for ever if need be, where there are none to be had.
enum ThreadSupply {
  /// Starts so many threads at one time and ends them again: some 20 microseconds for each.
  static func require(_ count: Int) throws(SystemShortage) {
    let gate = Gate()
    var threads: [pthread_t] = []
    var code: Int32 = 0
    gate.close()
    while threads.count < count, code == 0 {
      var thread = pthread_t()
      code = pthread_create(
        &thread, nil,
        { gate in
          if let gate { Unmanaged<Gate>.fromOpaque(gate).takeUnretainedValue().pass() }
          return nil
        }, Unmanaged.passUnretained(gate).toOpaque())
      if code == 0 { threads.append(thread) }
    }
    gate.open()
    for thread in threads { pthread_join(thread, nil) }
    guard code == 0 else { throw SystemShortage(of: "thread", code: code) }
  }

  /// What threads wait at until all are there.
  private final class Gate: Sendable {
    // A mutex whose memory nobody moves; its functions are what makes it safe.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
      mutex.initialize(to: pthread_mutex_t())
      pthread_mutex_init(mutex, nil)
    }

    deinit {
      pthread_mutex_destroy(mutex)
      mutex.deallocate()
    }

    func close() { pthread_mutex_lock(mutex) }
    func open() { pthread_mutex_unlock(mutex) }
    func pass() {
      pthread_mutex_lock(mutex)
      pthread_mutex_unlock(mutex)
    }
  }
}
