/// Formats of compressed files that are read as what they hold, told by what a file begins with and not by its name.
package enum CompressedFormat: String, Sendable, CaseIterable {
  case gzip, xz, zstd

  /// - Parameter beginning: a file's first bytes.
  package init?(_ beginning: some Collection<UInt8>) {
    let format = Self.allCases.first { format in format.signatures.contains { beginning.starts(with: $0) } }
    guard let format else { return nil }
    self = format
  }

  /// Whether bytes are too few to tell, and may be the beginning of a compressed file.
  package static func mayBegin(with bytes: [UInt8]) -> Bool {
    allCases.contains { format in
      format.signatures.contains { bytes.count < $0.count && $0.starts(with: bytes) }
    }
  }

  /// What its files may begin with. Those of zstd may begin with a frame to be skipped (RFC 8878, section 3.1.2).
  private var signatures: [[UInt8]] {
    switch self {
    case .gzip: [[0x1F, 0x8B]]
    case .xz: [[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]]
    case .zstd: [[0x28, 0xB5, 0x2F, 0xFD]] + (0x50...0x5F).map { [$0, 0x2A, 0x4D, 0x18] }
    }
  }
}

/// What is wrong with a compressed file.
package enum CompressionProblem: Error, Sendable, Equatable {
  /// It ends before what it holds does.
  case truncated
  /// Bytes that no file of its format has, or that don't agree with its check.
  case damaged
  /// It asks for more memory than such files do, or there is none.
  case memory
}

/// One file's decompression, step by step.
package protocol Decompressor: AnyObject {
  /// Takes in some bytes and puts out some.
  ///
  /// - Parameter isLast: whether nothing follows the input.
  /// - Returns: how many bytes were taken and put out; with none of both and `isLast`, the file is done.
  /// - Throws: what is wrong with the file.
  func advance(
    _ input: UnsafeRawBufferPointer, isLast: Bool, into output: UnsafeMutableRawBufferPointer
  ) throws(CompressionProblem) -> (taken: Int, put: Int)
}

extension CompressedFormat {
  /// A decompressor at a file's start.
  package func decompressor() throws(CompressionProblem) -> any Decompressor {
    switch self {
    case .gzip: try GzipDecompressor()
    case .xz: try XZDecompressor()
    case .zstd: try ZstdDecompressor()
    }
  }
}
