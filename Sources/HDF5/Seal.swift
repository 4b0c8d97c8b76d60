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

  /// Looks for the seal at the end of a file, and checks it. Reads the file once; memory is a mebibyte.
  static func state(of file: InputFile) throws(FileError) -> SealState {
    let byteCount = file.byteCount
    let end = try file.bytes(in: max(0, byteCount - size)..<byteCount)
    guard end.starts(with: start), end.count == size else {
      if try !wasSealed(file) { return .none }
      return try imageLength(of: file) == byteCount ? .lost : .altered
    }
    let length = byteCount - size
    return end == bytes(hash: try file.contentHash(of: 0..<length), length: length)
      ? .whole(imageLength: length) : .broken
  }

  /// Where an image ends, as its superblock says: of the versions 0 to 3, with addresses of 64 bits, as they all are.
  private static func imageLength(of file: InputFile) throws(FileError) -> Int? {
    let superblock = try file.bytes(in: 0..<48)
    guard superblock.count == 48 else { return nil }
    let offset = superblock[8] < 2 ? 40 : 28
    return Int(exactly: superblock[offset..<offset + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// Whether the mark of a sealed image is anywhere in the file.
  private static func wasSealed(_ file: InputFile) throws(FileError) -> Bool {
    let mark = Array(attribute.value.utf8)
    // The end of what has been looked at, in which the mark may have begun.
    var beginning: [UInt8] = []
    var isFound = false
    try file.forEachPiece(of: 0..<file.byteCount) { piece in
      if isFound { return }
      isFound = contains(mark, beginning + piece.prefix(mark.count)) || contains(mark, piece)
      beginning = (beginning + piece.suffix(mark.count)).suffix(mark.count)
    }
    return isFound
  }

  private static func contains(_ mark: [UInt8], _ bytes: some RandomAccessCollection<UInt8>) -> Bool {
    var rest = bytes[...]
    while let first = rest.firstIndex(of: mark[0]) {
      rest = rest[first...]
      if rest.starts(with: mark) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
