import CCrypto
import Diagnostics
import Glibc

/// SHA-256 as 64 lowercase hexadecimal digits: of bytes at hand, of bytes as they come, or of a file.
package struct ContentHash: ~Copyable {
  /// libcrypto's state, which nobody else has.
  private let context: OpaquePointer

  package init() {
    guard let context = EVP_MD_CTX_new() else { Self.refuse() }
    self.context = context
    Self.require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    Self.require(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  /// The hash of all bytes so far.
  package var hex: String {
    guard let copy = EVP_MD_CTX_new() else { Self.refuse() }
    defer { EVP_MD_CTX_free(copy) }
    Self.require(EVP_MD_CTX_copy_ex(copy, context))
    let digest = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { bytes, count in
      var size: UInt32 = 0
      Self.require(EVP_DigestFinal_ex(copy, bytes.baseAddress, &size))
      count = Int(size)
    }
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// libcrypto fails where it gets no memory, and nowhere else: SHA-256 is in every build of it.
  private static func require(_ result: Int32) {
    if result != 1 { refuse() }
  }

  private static func refuse() -> Never { MemoryShortage.end("memory for a hash") }

  package static func hex(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.hex
  }

  /// The same as eight words.
  package static func words(of bytes: UnsafeRawBufferPointer) -> [UInt32] {
    let hex = Substring(hex(of: bytes))
    return stride(from: 0, to: hex.count, by: 8).map { UInt32(hex.dropFirst($0).prefix(8), radix: 16) ?? 0 }
  }

  /// The hash of a file's bytes, read in pieces: memory is bounded whatever the file's size.
  ///
  /// - Throws: `FileError.notAFile` for what may have no end.
  package static func hex(ofFile path: String) throws(FileError) -> String {
    let file = try OpenFile(path, flags: O_RDONLY | O_NONBLOCK, as: .open)
    _ = try file.requireRegular()
    var hash = ContentHash()
    while true {
      let chunk = try FileContents.chunk(of: file, size: 1 << 20)
      if chunk.isEmpty { return hash.hex }
      chunk.withUnsafeBytes { hash.update($0) }
    }
  }
}
