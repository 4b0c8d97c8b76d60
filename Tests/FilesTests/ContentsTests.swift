import Files
import Foundation
import Testing

@Suite struct ContentsTests {
  @Test func hashesAsPublished() throws {
    // The examples of FIPS 180-2.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    let millionA = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    #expect([UInt8]().withUnsafeBytes(ContentHash.hex(of:)) == empty)
    #expect(Array("abc".utf8).withUnsafeBytes(ContentHash.hex(of:)) == abc)
    var hash = ContentHash()
    let part = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
    for _ in 0..<1000 { part.withUnsafeBytes { hash.update($0) } }
    #expect(hash.hex == millionA)
  }

  @Test(arguments: [0, 1, 65_536, 1 << 20, (1 << 20) + 1, 3_000_000])
  func filesAreReadAndHashedWhole(size: Int) throws {
    try withTemporaryDirectory { directory in
      let path = Path.join(directory, "file")
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
      try DurableFile.write(bytes, to: path)
      #expect(try FileContents.read(path) == bytes)
      #expect(try ContentHash.hex(ofFile: path) == bytes.withUnsafeBytes(ContentHash.hex(of:)))
    }
  }

  /// Whether somebody waits already or begins later; what has an end isn't waited for.
  @Test func waitingForAPipeCanBeInterrupted() throws {
    try withTemporaryDirectory { directory in
      let ends = try PipeEnds()
      defer { for end in [ends.reading, ends.writing] { close(end) } }
      let interruption = Interruption()
      let file = try OpenFile(reading: "/proc/self/fd/\(ends.reading)")
      let isPipeRegular = file.isRegular
      #expect(!isPipeRegular)
      var buffer = [UInt8](repeating: 0, count: 8)
      func read() throws -> Int {
        try buffer.withUnsafeMutableBufferPointer { buffer throws(FileError) in
          try file.readAvailable(into: UnsafeMutableRawBufferPointer(buffer), unless: interruption)
        }
      }
      #expect(write(ends.writing, "abc", 3) == 3)
      #expect(try read() == 3)
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { interruption.interrupt() }
      #expect(try read() == 0)
      #expect(write(ends.writing, "abc", 3) == 3)
      #expect(try read() == 0)
      let path = Path.join(directory, "file")
      try DurableFile.write([1, 2], to: path)
      let isRegular = try OpenFile(reading: path).isRegular
      #expect(isRegular)
    }
  }

  @Test func pipesAreReadToTheirEnd() throws {
    try withTemporaryDirectory { directory in
      let pipe = Path.join(directory, "pipe")
      let source = Path.join(directory, "source")
      let bytes = [UInt8](repeating: 3, count: 200_000)
      try DurableFile.write(bytes, to: source)
      #expect(mkfifo(pipe, 0o600) == 0)
      let writer = try start("sh", "-c", "cat '\(source)' > '\(pipe)'")
      #expect(try FileContents.read(pipe) == bytes)
      writer.waitUntilExit()
    }
  }
}
