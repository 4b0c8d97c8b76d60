/// Words of 32 bits on their way from rank to rank, in memory that grows where it has to, and then stays.
package final class WordBuffer: @unchecked Sendable {
  // Unchecked: one thread changes it, and others read it only meanwhile it doesn't.

  package private(set) var base: UnsafeMutableRawPointer
  package private(set) var count = 0
  private var capacity = 1024

  package init() { base = .allocate(byteCount: 4 * capacity, alignment: 64) }

  deinit { base.deallocate() }

  /// Makes it so many words: the first ones are those that it had, others aren't set.
  package func resize(to words: Int) {
    if words > capacity {
      capacity = max(words, 2 * capacity)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: 4 * capacity, alignment: 64)
      larger.copyMemory(from: base, byteCount: 4 * count)
      base.deallocate()
      base = larger
    }
    count = words
  }

  package func append(_ words: UnsafeRawPointer, count added: Int) {
    let end = count
    resize(to: end + added)
    (base + 4 * end).copyMemory(from: words, byteCount: 4 * added)
  }
}
