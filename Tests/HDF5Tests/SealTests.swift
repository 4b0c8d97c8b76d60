import Files
import HDF5
import Testing

@Suite struct SealTests {
  private let tiny: [UInt8]

  init() throws {
    tiny = try HDF5Image.build { try $0.write("x", shape: [1], [Int32(42)]) }.bytes
  }

  @Test func theUntouchedFileIsAccepted() throws {
    for seal in [HDF5File.SealPolicy.required, .ifPresent] {
      #expect(try HDF5File.open(bytes: tiny, named: "tiny", seal: seal) { try $0.read("x", as: Int32.self) } == [42])
    }
  }

  /// Every flipped bit is found, those of the seal itself included.
  @Test(arguments: [HDF5File.SealPolicy.required, .ifPresent], [UInt8(1), 0x20, 0xFF])
  func everyChangedByteIsRefused(seal: HDF5File.SealPolicy, mask: UInt8) throws {
    var bytes = tiny
    for i in bytes.indices {
      bytes[i] ^= mask
      #expect(throws: HDF5Error.self, "byte \(i)") { try HDF5File.open(bytes: bytes, named: "x", seal: seal) { _ in } }
      bytes[i] ^= mask
    }
  }

  @Test(arguments: [HDF5File.SealPolicy.required, .ifPresent])
  func everyTruncationIsRefused(seal: HDF5File.SealPolicy) {
    for count in tiny.indices {
      #expect(throws: HDF5Error.self, "\(count) bytes") {
        try HDF5File.open(bytes: Array(tiny[..<count]), named: "tiny", seal: seal) { _ in }
      }
    }
  }

  @Test func refusalsSayWhatIsWrong() throws {
    var flipped = tiny
    flipped[tiny.count / 2] ^= 1
    let mismatch = HDF5Error.damaged(file: "f", reason: "its contents don't match the SHA-256 hash at its end")
    let lost = HDF5Error.damaged(file: "f", reason: "the seal at its end is missing or altered")
    let cases: [(bytes: [UInt8], seal: HDF5File.SealPolicy, expected: HDF5Error)] = [
      (flipped, .ifPresent, mismatch),
      (Array(tiny.dropLast()), .required, lost),
      (Array(tiny.dropLast()), .ifPresent, lost),
      (tiny + [0], .ifPresent, lost),
      (tiny.dropLast(300) + [UInt8](repeating: 0, count: 300), .ifPresent, lost),
      (Array("seed: 1\n".utf8), .required, .notHDF5(file: "f")),
      (Array("seed: 1\n".utf8), .ifPresent, .notHDF5(file: "f")),
      ([], .ifPresent, .notHDF5(file: "f")),
    ]
    for (bytes, seal, expected) in cases {
      #expect(throws: expected) { try HDF5File.open(bytes: bytes, named: "f", seal: seal) { _ in } }
      #expect(expected.exitCode == .badInput)
    }
  }

  @Test func errorsOfTheFileSystemComeThrough() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/missing/x.h5"
      #expect(throws: FileError.self) { try HDF5Image.holding(1).save(to: path) }
      #expect(throws: FileError.self) { try HDF5File.open(path) { _ in } }
    }
  }
}

extension HDF5Image {
  fileprivate static func holding(_ number: Int) throws -> HDF5Image { try build { try $0.setAttribute("n", number) } }
}
