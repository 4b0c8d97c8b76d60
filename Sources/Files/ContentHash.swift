import Crypto

/// SHA-256 as 64 lowercase hexadecimal digits: of bytes at hand, of bytes as they come, or of a file.
package struct ContentHash {
  private var state = SHA256()

  package init() {}

  package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

  /// The hash of all bytes so far.
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 2 * SHA256.byteCount) { text in
      var count = 0
      for byte in state.finalize() {
        text[count] = digits[Int(byte >> 4)]
        text[count + 1] = digits[Int(byte & 15)]
        count += 2
      }
      return count
    }
  }

  package static func hex(of bytes: UnsafeRawBufferPointer) -> String {
    var hash = ContentHash()
    hash.update(bytes)
    return hash.hex
  }

  /// The hash of a file's bytes, read in pieces: memory is bounded whatever the file's size.
  package static func hex(ofFile path: String) throws(FileError) -> String {
    let file = try OpenFile(reading: path)
    var hash = ContentHash()
    while true {
      let chunk = try FileContents.chunk(of: file, size: 1 << 20)
      if chunk.isEmpty { return hash.hex }
      chunk.withUnsafeBytes { hash.update($0) }
    }
  }
}
