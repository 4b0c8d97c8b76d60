import CLZMA

/// xz by liblzma: streams one behind the other are one text.
final class XZDecompressor: Decompressor {
  private var stream = shim_lzma_stream()

  /// What `xz -9` takes to decompress is 65 MiB.
  private static let memoryLimit: UInt64 = 128 << 20

  init() throws(CompressionProblem) {
    guard lzma_stream_decoder(&stream, Self.memoryLimit, shim_concatenated()) == LZMA_OK else { throw .memory }
  }

  deinit { lzma_end(&stream) }

  func advance(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
  ) throws(CompressionProblem) -> (taken: Int, put: Int) {
    stream.next_in = input.assumingMemoryBound(to: UInt8.self).baseAddress
    stream.avail_in = input.count
    stream.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
    stream.avail_out = output.count
    let code = lzma_code(&stream, isLast ? LZMA_FINISH : LZMA_RUN)
    switch code {
    case LZMA_OK, LZMA_STREAM_END, LZMA_BUF_ERROR: break
    case LZMA_MEM_ERROR, LZMA_MEMLIMIT_ERROR: throw .memory
    default: throw .damaged
    }
    let (taken, put) = (input.count - stream.avail_in, output.count - stream.avail_out)
    if isLast, taken == 0, put == 0, code != LZMA_STREAM_END { throw .truncated }
    return (taken, put)
  }
}
