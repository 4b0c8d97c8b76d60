import Glibc
import Synchronization

/// A rank of a group within one process, for a thread of its own: so that tests can do in one process what several do.
package final class ThreadCommunicator: Communicator {
  package let rank: Int
  private let group: Group
  private let words = Atomic<Int>(0)

  /// The ranks of a new group.
  package static func group(of count: Int) -> [ThreadCommunicator] {
    let group = Group(count)
    return (0..<count).map { ThreadCommunicator(rank: $0, of: group) }
  }

  private init(rank: Int, of group: Group) {
    self.rank = rank
    self.group = group
  }

  package var count: Int { group.posts.count }

  /// Words that this rank has sent so far.
  package var wordsSent: Int { words.load(ordering: .relaxed) }

  package func exchange(
    _ sent: UnsafeRawPointer, _ outgoing: [Range<Int>], _ received: UnsafeMutableRawPointer, _ incoming: [Range<Int>]
  ) {
    group.posts[rank] = Post(words: sent, parts: outgoing)
    group.meet()
    for other in 0..<count where other != rank {
      guard let post = group.posts[other] else { continue }
      let part = post.parts[rank]
      precondition(part.count == incoming[other].count, "a rank sends what is expected of it")
      (received + 4 * incoming[other].lowerBound).copyMemory(
        from: post.words + 4 * part.lowerBound, byteCount: 4 * part.count)
    }
    // Nobody goes on to change what others still read.
    group.meet()
    words.wrappingAdd(outgoing.reduce(0) { $0 + $1.count }, ordering: .relaxed)
  }

  /// What a rank sends.
  private struct Post {
    let words: UnsafeRawPointer
    let parts: [Range<Int>]
  }

  /// What the ranks share.
  private final class Group: @unchecked Sendable {
    // Unchecked: a rank writes its own post before it meets the others, and they read it before they meet again.

    let posts: UnsafeMutableBufferPointer<Post?>
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(_ count: Int) {
      posts = .allocate(capacity: count)
      posts.initialize(repeating: nil)
      pthread_barrier_init(barrier, nil, UInt32(count))
    }

    deinit {
      posts.deinitialize().deallocate()
      pthread_barrier_destroy(barrier)
      barrier.deallocate()
    }

    func meet() { pthread_barrier_wait(barrier) }
  }
}
