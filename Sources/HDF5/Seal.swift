import Files

/// What a file's seal says of it.
package enum SealState: Sendable, Equatable {
  /// The file is as it was written.
  case whole(imageLength: Int)
  /// There never was one.
  case none
  /// There was one, and now the file ends where its image does: another program has opened it to write, as h5py's mode "a"
  /// does, whether it changed anything or not.
  case lost
  /// There was one, and what is left of it is none.
  case altered
  /// There is one, of other contents.
  case broken
}

/// The seal behind an HDF5 image: one line of fixed length with the image's SHA-256 and length.
///
///     \nrnn-train seal 1 sha256 HEX length DIGITS\n
///
/// The library ignores what follows an image, so that other tools read a sealed file as any other, and one rename covers
/// both. An image also says in its root attribute `seal` that it has one: a file that lost its seal, or had it altered,
/// isn't taken for a file that never had any. A seal finds damage; it doesn't tell who wrote a file.
enum Seal {
  /// The root attribute; its value is looked for byte by byte, before the library parses anything.
  static let attribute = (name: "seal", value: "sealed by rnn-train: SHA-256 behind the image")

  static let size = start.count + hashSize + middle.count + lengthSize + 1

  private static let start = Array("\nrnn-train seal 1 sha256 ".utf8)
  private static let middle = Array(" length ".utf8)
  private static let hashSize = 64
  private static let lengthSize = 19

  /// The seal of an image with this hash and length.
  static func bytes(hash: String, length: Int) -> [UInt8] {
    let digits = Array(String(length).utf8)
    let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: lengthSize - digits.count)
    return start + Array(hash.utf8) + middle + zeros + digits + [UInt8(ascii: "\n")]
  }

  /// Looks for the seal at the end of a file's bytes, and checks it.
  static func state(of file: UnsafeRawBufferPointer) -> SealState {
    guard file.count >= size, file[(file.count - size)...].starts(with: start) else {
      return !wasSealed(file) ? .none : file.count == imageLength(of: file) ? .lost : .altered
    }
    let image = UnsafeRawBufferPointer(rebasing: file[..<(file.count - size)])
    let expected = bytes(hash: ContentHash.hex(of: image), length: image.count)
    return file[image.count...].elementsEqual(expected) ? .whole(imageLength: image.count) : .broken
  }

  /// Where an image ends, as its superblock says: of the versions 0 to 3, with addresses of 64 bits, as they all are.
  private static func imageLength(of file: UnsafeRawBufferPointer) -> Int? {
    guard file.count >= 48 else { return nil }
    let offset = file[8] < 2 ? 40 : 28
    return Int(exactly: UInt64(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
  }

  /// Whether the mark of a sealed image is anywhere in the file.
  private static func wasSealed(_ file: UnsafeRawBufferPointer) -> Bool {
    let mark = Array(attribute.value.utf8)
    var rest = file[...]
    while let first = rest.firstIndex(of: mark[0]) {
      rest = rest[first...]
      if rest.starts(with: mark) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
