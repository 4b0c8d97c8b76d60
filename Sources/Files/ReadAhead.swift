import Dispatch
import Synchronization

/// Reads what is likely to be wanted next while what was wanted last is used: on a thread of its own, one thing at a time.
///
/// What is asked for is always what was asked for; what was read in vain is forgotten. Where the system gives no thread,
/// everything is read when it is asked for.
package final class ReadAhead<Key: Equatable & Sendable, Value: Sendable, Failure: Error>: Sendable {
  private let queue = DispatchQueue(label: "rnn-train: reading ahead", qos: .userInitiated)
  private let read: @Sendable (Key) throws(Failure) -> Value
  private let next = Mutex<Reading?>(nil)

  /// - Parameter read: called on two threads at most.
  package init(_ read: @escaping @Sendable (Key) throws(Failure) -> Value) {
    self.read = read
  }

  /// What a key stands for.
  ///
  /// - Parameter following: the key that is likely to be asked for next.
  package func value(_ key: Key, following: Key?) throws(Failure) -> Value {
    let reading = next.withLock { next in
      defer { next = nil }
      return next?.key == key ? next : nil
    }
    let value = if let reading { reading.result() } else { Result { () throws(Failure) in try read(key) } }
    if let following {
      let reading = Reading(following, read)
      next.withLock { $0 = reading }
      queue.async { reading.run() }
    }
    return try value.get()
  }

  /// One reading: done by whoever comes first, the queue or who needs its result.
  private final class Reading: Sendable {
    let key: Key
    private let read: @Sendable (Key) throws(Failure) -> Value
    private let state = Mutex<State>(.planned)
    private let isDone = DispatchSemaphore(value: 0)

    private enum State {
      case planned, begun
      case done(Result<Value, Failure>)
    }

    init(_ key: Key, _ read: @escaping @Sendable (Key) throws(Failure) -> Value) {
      (self.key, self.read) = (key, read)
    }

    func run() {
      guard begin() else { return }
      let result = Result { () throws(Failure) in try read(key) }
      state.withLock { $0 = .done(result) }
      isDone.signal()
    }

    func result() -> Result<Value, Failure> {
      if begin() { return Result { () throws(Failure) in try read(key) } }
      isDone.wait()
      return state.withLock { state in
        guard case .done(let result) = state else { preconditionFailure("who signals has the result") }
        return result
      }
    }

    private func begin() -> Bool {
      state.withLock { state in
        guard case .planned = state else { return false }
        state = .begun
        return true
      }
    }
  }
}
