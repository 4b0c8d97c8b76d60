import CZstd

/// Zstandard by libzstd (RFC 8878): frames one behind the other are one text.
final class ZstdDecompressor: Decompressor {
  private let stream: OpaquePointer
  /// Whether the last frame has ended, and its check was right.
  private var isBetween = false

  init() throws(CompressionProblem) {
    guard let stream = ZSTD_createDStream() else { throw .memory }
    self.stream = stream
  }

  deinit { ZSTD_freeDStream(stream) }

  func advance(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
  ) throws(CompressionProblem) -> (taken: Int, put: Int) {
    if input.isEmpty, isLast, isBetween { return (0, 0) }
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let hint = ZSTD_decompressStream(stream, &target, &source)
    if ZSTD_isError(hint) != 0 {
      // The library's own limit on windows is 128 MiB.
      throw ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge ? .memory : .damaged
    }
    if source.pos > 0 || target.pos > 0 { isBetween = hint == 0 }
    if isLast, source.pos == 0, target.pos == 0 { throw .truncated }
    return (source.pos, target.pos)
  }
}
