import Collectives
import Dispatch
import Synchronization

/// What each rank of a group comes to, on a thread of its own.
package func onRanks<Result: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (ThreadCommunicator) -> Result
) -> [Result] {
  let results = Mutex([Result?](repeating: nil, count: count))
  let all = DispatchGroup()
  for communicator in ThreadCommunicator.group(of: count) {
    all.enter()
    DispatchQueue(label: "rank \(communicator.rank)").async {
      let result = body(communicator)
      results.withLock { $0[communicator.rank] = result }
      all.leave()
    }
  }
  all.wait()
  return results.withLock { $0.compactMap(\.self) }
}
