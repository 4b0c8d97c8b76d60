/// Numbers of rows, as the kernels read them.
final class IndexMemory: @unchecked Sendable {
  // Unchecked: written as arenas are (see Arena).
  let base: UnsafeMutablePointer<Int32>

  /// - Parameter value: of all numbers at first.
  init(count: Int, _ value: Int32 = 0) {
    base = .allocate(capacity: count)
    base.initialize(repeating: value, count: count)
  }

  deinit { base.deallocate() }
}
