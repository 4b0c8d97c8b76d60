import Files
import Foundation
import Testing

@Suite struct DurableFileTests {
  @Test func replacesTheFileAndLeavesNothingElse() throws {
    try withTemporaryDirectory { directory in
      let path = Path.join(directory, "file")
      try DurableFile.write(Array("old, and longer".utf8), to: path)
      try DurableFile.write(Array("new".utf8), to: path)
      #expect(try text(of: path) == "new")
      try DurableFile.write([], to: path)
      #expect(try text(of: path) == "")
      #expect(try Directory.names(in: directory) == ["file"])
    }
  }

  @Test func linksAreReplacedAndRelative() throws {
    try withTemporaryDirectory { directory in
      let link = Path.join(directory, "last")
      for target in ["one", "two"] {
        try put(target, at: Path.join(directory, target))
        try DurableFile.link(link, to: target)
        #expect(try text(of: link) == target)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
      }
      #expect(try Directory.names(in: directory) == ["last", "one", "two"])
    }
  }

  @Test func missingDirectoryIsNamed() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/missing/file"
      #expect(throws: FileError.system(.create, path: path, code: ENOENT)) { try DurableFile.write([1], to: path) }
      #expect(throws: FileError.system(.createLink, path: path, code: ENOENT)) { try DurableFile.link(path, to: "x") }
    }
  }

  @Test func aDirectoryInTheWayStaysAndNoTemporaryFileIsLeft() throws {
    try withTemporaryDirectory { directory in
      try Directory.create("\(directory)/taken")
      #expect(throws: FileError.system(.rename, path: "\(directory)/taken", code: EISDIR)) {
        try DurableFile.write([1], to: "\(directory)/taken")
      }
      #expect(try Directory.names(in: directory) == ["taken"])
    }
  }

  @Test func fileTooLargeLeavesTheOldOne() throws {
    try withTemporaryDirectory { directory in
      let path = Path.join(directory, "file")
      try DurableFile.write(Array("old".utf8), to: path)
      // Far above what any other test writes, because the limit is the whole process's.
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      var lowered = rlimit(rlim_cur: 64 << 20, rlim_max: limit.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &lowered)
      defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) }
      let error = #expect(throws: FileError.self) {
        try DurableFile.write([UInt8](repeating: 7, count: 65 << 20), to: path)
      }
      #expect(error == .system(.write, path: path, code: EFBIG))
      #expect(error?.exitCode == .cannotWrite)
      #expect(try text(of: path) == "old")
      #expect(try Directory.names(in: directory) == ["file"])
    }
  }

  /// Mounting needs root; without it the limit on file sizes above stands in for a full disk.
  @Test(.enabled(if: geteuid() == 0, "mounting a small disk needs root"))
  func fullDiskLeavesTheOldFile() throws {
    try withTemporaryDirectory { directory in
      guard mount("none", directory, "tmpfs", 0, "size=256k") == 0 else {
        print("This system lets not even root mount a tmpfs: a full disk is not tested.")
        return
      }
      defer { umount(directory) }
      let path = Path.join(directory, "file")
      try DurableFile.write(Array("old".utf8), to: path)
      let error = #expect(throws: FileError.self) {
        try DurableFile.write([UInt8](repeating: 7, count: 1 << 20), to: path)
      }
      #expect(error == .system(.write, path: path, code: ENOSPC))
      #expect(error?.exitCode == .cannotWrite)
      #expect(
        error?.description == "\(path): can't write: No space left on device; free some space, or write elsewhere")
      #expect(try text(of: path) == "old")
      #expect(try Directory.names(in: directory) == ["file"])
    }
  }

  @Test func concurrentWritersLeaveOneWholeFile() throws {
    try withTemporaryDirectory { directory in
      let path = Path.join(directory, "file")
      DispatchQueue.concurrentPerform(iterations: 20) { i in
        try? DurableFile.write([UInt8](repeating: UInt8(i), count: 10_000), to: path)
      }
      let bytes = try FileContents.read(path)
      #expect(bytes.count == 10_000 && Set(bytes).count == 1)
      #expect(try Directory.names(in: directory) == ["file"])
    }
  }
}
