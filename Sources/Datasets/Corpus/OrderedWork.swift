import Dispatch
import Synchronization

/// What a thread does with one item after the other.
protocol OrderedWorker: SendableMetatype {
  associatedtype Item: Sendable
  /// What the results of all items make.
  associatedtype Whole: Sendable

  /// Works on an item by itself, beside other threads.
  mutating func work(on item: Item)

  /// Adds its result to those of the items before.
  mutating func deliver(to whole: inout Whole) throws(CorpusError)
}

/// What gives one item after the other, to whichever thread asks.
protocol OrderedItems: Sendable {
  associatedtype Item: Sendable

  /// The next item, nil behind the last one and behind an error. Called by one thread at a time.
  func next() throws(CorpusError) -> Item?

  /// Lets `next` wait for nothing any more: nobody wants what it returns. Called beside it.
  func interrupt()
}

/// Items that come one after the other, are worked on side by side, and whose results are put together in their order: the same
/// for any number of threads.
enum OrderedWork {
  /// More threads would wait for what is done one after the other, and take memory.
  private static let mostThreads = 8

  /// The first error, in the order of items, ends it. Memory: an item and its result for each thread.
  ///
  /// - Parameters:
  ///   - threads: how many there are with the one that calls, of which at most eight are used. The system may give fewer.
  static func run<Items: OrderedItems, Worker: OrderedWorker>(
    threads: Int, on items: Items, into whole: inout Worker.Whole, worker: @escaping @Sendable () -> Worker
  ) throws(CorpusError) where Items.Item == Worker.Item {
    let queue = Queue<Items, Worker>(items, whole: whole)
    for _ in 1..<max(1, min(threads, mostThreads)) {
      // A queue of its own gets a thread of its own, if there is one to be had: nobody waits for it to begin.
      DispatchQueue(label: "rnn-train: reading text", qos: .userInitiated).async { queue.work(worker()) }
    }
    queue.work(worker())
    whole = try queue.result()
  }

  private final class Queue<Items: OrderedItems, Worker: OrderedWorker>: Sendable where Items.Item == Worker.Item {
    private struct State {
      var whole: Worker.Whole
      var error: CorpusError?
    }

    private let items: Items
    /// Signalled when the last item that was handed out has been delivered.
    private let last = Mutex(DispatchSemaphore(value: 0))
    private let state: Mutex<State>

    init(_ items: Items, whole: Worker.Whole) {
      self.items = items
      state = Mutex(State(whole: whole))
      // The first item waits for none.
      last.withLock { _ = $0.signal() }
    }

    /// What has been made of all items, once none is left or there was an error. Waits for those that others work on.
    func result() throws(CorpusError) -> Worker.Whole {
      if let error = state.withLock({ $0.error }) { throw error }
      let last = last.withLock { $0 }
      last.wait()
      last.signal()
      return try state.withLock { (state) throws(CorpusError) in
        if let error = state.error { throw error }
        return state.whole
      }
    }

    /// An item, and its turn to be delivered: what it waits for, and what waits for it.
    private struct Turn {
      let item: Result<Worker.Item, CorpusError>
      let before, done: DispatchSemaphore
    }

    private func take() -> Turn? {
      last.withLock { last in
        let item: Result<Worker.Item, CorpusError>
        do throws(CorpusError) {
          guard let next = try items.next() else { return nil }
          item = .success(next)
        } catch {
          item = .failure(error)
        }
        let turn = Turn(item: item, before: last, done: DispatchSemaphore(value: 0))
        last = turn.done
        return turn
      }
    }

    func work(_ worker: Worker) {
      var worker = worker
      while let turn = take() {
        if case .success(let item) = turn.item { worker.work(on: item) }
        turn.before.wait()
        defer { turn.done.signal() }
        let goesOn = state.withLock { state in
          if state.error != nil { return false }
          do throws(CorpusError) {
            _ = try turn.item.get()
            try worker.deliver(to: &state.whole)
          } catch {
            state.error = error
          }
          return state.error == nil
        }
        if !goesOn {
          // Another thread may wait for input that nobody needs any more.
          items.interrupt()
          return
        }
      }
    }
  }
}
