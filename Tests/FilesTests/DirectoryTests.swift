import Files
import Foundation
import Testing

@Suite struct DirectoryTests {
  @Test func createsParentsAndAcceptsWhatIsThere() throws {
    try withTemporaryDirectory { directory in
      let deep = "\(directory)/a/b/c"
      try Directory.create(deep)
      try Directory.create(deep)
      try Directory.create(deep + "/d/")
      #expect(try Directory.names(in: deep) == ["d"])
      try put("", at: "\(directory)/file")
      #expect(throws: FileError.system(.createDirectory, path: "\(directory)/file", code: ENOTDIR)) {
        try Directory.create("\(directory)/file")
      }
    }
  }

  @Test func removesTemporaryFilesOfDeadProcessesOnly() throws {
    try withTemporaryDirectory { directory in
      let child = try start("true")
      child.waitUntilExit()
      let host = ProcessInfo.processInfo.hostName
      let dead = [
        ".rnn-train-\(host)-\(child.processIdentifier)-1-1.tmp",
        // Of a process that had our number before us, as in containers.
        ".rnn-train-\(host)-\(getpid())-1-7.tmp",
      ]
      let others = [
        ".rnn-train-\(host)-\(getppid())-1-7.tmp",  // it lives
        ".rnn-train-elsewhere.\(host)-\(child.processIdentifier)-1-1.tmp",
        ".rnn-train-\(host)-\(child.processIdentifier)-1-1.tmp.h5",
        ".rnn-train-\(host)-1-1.tmp",
        "last.h5",
      ]
      for name in others + dead { try put("", at: Path.join(directory, name)) }
      #expect(try Set(Directory.removeLeftovers(in: directory)) == Set(dead))
      #expect(try Set(Directory.names(in: directory)) == Set(others))
    }
  }

  @Test func errorsNameThePath() throws {
    try withTemporaryDirectory { directory in
      let missing = Path.join(directory, "missing")
      #expect(throws: FileError.system(.list, path: missing, code: ENOENT)) { try Directory.names(in: missing) }
      #expect(throws: FileError.system(.open, path: missing, code: ENOENT)) { try FileContents.read(missing) }
      #expect(throws: FileError.system(.read, path: directory, code: EISDIR)) { try FileContents.read(directory) }
      #expect(
        FileError.system(.open, path: missing, code: ENOENT).description
          == "\(missing): can't open: No such file or directory")
      try Directory.remove(missing)
    }
  }

  @Test func paths() {
    #expect(Path.directory(of: "a/b/c") == "a/b")
    #expect(Path.directory(of: "c") == ".")
    #expect(Path.directory(of: "/c") == "/")
    // As a shell completes a directory's name: what has to be flushed for it to last is the one around it.
    #expect(Path.directory(of: "a/b/") == "a")
    #expect(Path.directory(of: "a//") == "." && Path.directory(of: "/a/") == "/" && Path.directory(of: "/") == "/")
    #expect(Path.join("a", "b") == "a/b")
    #expect(Path.join("a/", "b") == "a/b")
    #expect(Path.join(".", "b") == "b")
    #expect(Path.join("a", "/b") == "/b")
  }
}
