import CZlib

/// gzip by zlib (RFC 1952): members one behind the other are one text, as `cat a.gz b.gz` makes them. Zeros behind the last one
/// are what tapes and disks of fixed blocks leave; gzip reads over them, too.
final class GzipDecompressor: Decompressor {
  private var stream = z_stream()
  /// Whether the last member has ended, and its check was right.
  private var isBetween = false

  init() throws(CompressionProblem) {
    guard shim_inflate_init_gzip(&stream) == Z_OK else { throw .memory }
  }

  deinit { inflateEnd(&stream) }

  func advance(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
  ) throws(CompressionProblem) -> (taken: Int, put: Int) {
    if input.isEmpty, isLast {
      guard isBetween else { throw .truncated }
      return (0, 0)
    }
    if isBetween {
      guard !input.isEmpty else { return (0, 0) }
      let padding = input.prefix { $0 == 0 }.count
      if padding > 0 { return (padding, 0) }
      guard inflateReset(&stream) == Z_OK else { throw .damaged }
      isBetween = false
    }
    stream.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: Bytef.self).baseAddress)
    stream.avail_in = uInt(input.count)
    stream.next_out = output.assumingMemoryBound(to: Bytef.self).baseAddress
    stream.avail_out = uInt(output.count)
    switch inflate(&stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isBetween = true
    case Z_MEM_ERROR: throw .memory
    default: throw .damaged
    }
    return (input.count - Int(stream.avail_in), output.count - Int(stream.avail_out))
  }
}
