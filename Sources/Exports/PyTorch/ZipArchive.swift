import Files

/// A zip archive of files as they are, nothing compressed (PKWARE's APPNOTE.TXT):
///
///     each file     a local header with its name, and its bytes
///     the directory an entry for each file with the place of its local header
///     the end       where the directory is
///
/// Numbers are little-endian. Nothing in it depends on when or where it was made.
struct ZipArchive {
  static let signature: [UInt8] = [0x50, 0x4B, 3, 4]
  /// Places are numbers of 32 bits.
  static let largest = Int(UInt32.max)

  private let folder: String
  private var content: [FilePart] = []
  private var directory: [UInt8] = []
  private var count = 0
  /// Bytes of the files and their headers.
  private var size = 0

  init(folder: String) { self.folder = folder }

  /// Cost: O(bytes), since a header has the checksum of what follows.
  ///
  /// - Parameter alignment: of the file's bytes in the archive.
  mutating func add(_ name: String, _ parts: [FilePart], alignment: Int) {
    let path = Array("\(folder)/\(name)".utf8)
    let byteCount = parts.reduce(0) { $0 + $1.byteCount }
    var checksum: UInt32 = 0
    for part in parts { part.forEachPiece { checksum = CRC32.zip.checksum($0, before: checksum) } }
    // From the version needed to the length of the name, the same in both headers.
    var facts = Bytes()
    facts.add(16, 10)
    // No flags, stored, midnight of the first of January 1980.
    for number in [0, 0, 0, 0x21] { facts.add(16, number) }
    for number in [Int(checksum), byteCount, byteCount] { facts.add(32, number) }
    facts.add(16, path.count)

    var local = Bytes(Self.signature + facts.bytes)
    let end = size + local.bytes.count + 2 + path.count
    let padding = Self.padding(after: end, to: alignment)
    local.add(16, padding.count)
    let header = local.bytes + path + padding

    var entry = Bytes([0x50, 0x4B, 1, 2])
    entry.add(16, 20)
    entry.bytes += facts.bytes
    // No extra field, comment, disk or attributes.
    for bits in [16, 16, 16, 16, 32] { entry.add(bits, 0) }
    entry.add(32, size)
    directory += entry.bytes + path
    content += [.bytes(header)] + parts
    size += header.count + byteCount
    count += 1
  }

  /// An extra field that makes what follows begin at a multiple of the alignment; as PyTorch's own writer names it.
  private static func padding(after end: Int, to alignment: Int) -> [UInt8] {
    if alignment == 1 { return [] }
    let length = (alignment - (end + 4) % alignment) % alignment
    var field = Bytes(Array("FB".utf8))
    field.add(16, length)
    return field.bytes + [UInt8](repeating: UInt8(ascii: "Z"), count: length)
  }

  private var end: [UInt8] {
    var end = Bytes([0x50, 0x4B, 5, 6])
    for number in [0, 0, count, count] { end.add(16, number) }
    for number in [directory.count, size] { end.add(32, number) }
    end.add(16, 0)
    return end.bytes
  }

  /// Of the whole archive.
  var byteCount: Int { size + directory.count + 22 }

  /// - Precondition: `byteCount` is at most `largest`.
  var parts: [FilePart] { content + [.bytes(directory + end)] }

  /// Numbers of some bits each.
  private struct Bytes {
    var bytes: [UInt8]

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    mutating func add(_ bits: Int, _ number: Int) {
      for shift in stride(from: 0, to: bits, by: 8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
  }
}
