import Glibc

extension UnsafeMutableRawBufferPointer {
  /// Asks for pages of 2 MiB, of which the processor remembers where they are: of as many of 4 KiB as a large table has it
  /// doesn't. Where there are none nothing changes.
  package func preferLargePages() {
    let page = 2 << 20
    guard let start = baseAddress?.alignedUp(toMultipleOf: page), let end = baseAddress.map({ $0 + count }),
      end - start >= page
    else { return }
    madvise(start, (end - start) / page * page, MADV_HUGEPAGE)
  }
}
