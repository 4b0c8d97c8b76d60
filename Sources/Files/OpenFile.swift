import Glibc

/// An open file descriptor that closes itself: reads and writes that survive signals and short counts.
package struct OpenFile: ~Copyable {
  /// The path that errors name.
  package let path: String
  /// Negative once `close` was called.
  private(set) var descriptor: Int32

  /// Opens a file for reading, from its start.
  package init(reading path: String) throws(FileError) {
    try self.init(path, flags: O_RDONLY, as: .open)
  }

  /// Opens a file with the flags of open(2); a created file gets the permissions that the umask leaves.
  init(_ path: String, flags: Int32, as operation: FileError.Operation) throws(FileError) {
    try self.init(path, at: AT_FDCWD, path: path, flags: flags, permissions: 0o666, as: operation)
  }

  /// Opens a file of a directory. A link is refused if the flags say not to follow it.
  init(
    _ name: String, in directory: OpenDirectory, flags: Int32, permissions: mode_t = 0o666,
    as operation: FileError.Operation
  ) throws(FileError) {
    try self.init(
      name, at: directory.descriptor, path: directory.path(of: name), flags: flags, permissions: permissions,
      as: operation)
  }

  private init(
    _ name: String, at directory: Int32, path: String, flags: Int32, permissions: mode_t,
    as operation: FileError.Operation
  ) throws(FileError) {
    var descriptor: Int32
    repeat {
      descriptor = Glibc.openat(directory, name, flags | O_CLOEXEC, permissions)
    } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else {
      switch errno {
      case ELOOP where flags & O_NOFOLLOW != 0:
        throw .notOfDirectory(path: path, what: "is a symbolic link")
      // A pipe that is opened for writing, without waiting for somebody who reads it.
      case ENXIO: throw .notAFile(path: path, found: "a pipe or device")
      default: throw .system(operation, path: path, code: errno)
      }
    }
    self.path = path
    self.descriptor = descriptor
  }

  /// From here on a write past the limit on file sizes fails with EFBIG instead of ending the process.
  static let hasSizeLimitAsError: Void = { signal(SIGXFSZ, SIG_IGN) }()

  /// What errors call standard input.
  package static let standardInputName = "standard input"

  /// What the process reads by itself; closing this leaves it open.
  package static func standardInput() throws(FileError) -> OpenFile {
    let path = standardInputName
    let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .system(.open, path: path, code: errno) }
    return OpenFile(descriptor: descriptor, path: path)
  }

  /// Takes over an open descriptor.
  init(descriptor: Int32, path: String) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Gives the descriptor away: closing it is somebody else's care.
  consuming func release() -> Int32 {
    let descriptor = descriptor
    self.descriptor = -1
    return descriptor
  }

  /// - Throws: `FileError.notAFile` for anything but a regular file.
  func requireRegular() throws(FileError) -> FileStatus {
    guard let status = FileStatus(of: descriptor) else { throw .system(.read, path: path, code: errno) }
    guard status.isRegular else { throw .notAFile(path: path, found: status.name) }
    return status
  }

  /// Whether it is a file that has an end, and whose bytes are there, so that nobody waits for them.
  package var isRegular: Bool { FileStatus(of: descriptor)?.isRegular == true }

  /// The size of a regular file, in bytes.
  package func size() throws(FileError) -> Int { try requireRegular().size }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Fills `buffer` as far as the file goes.
  ///
  /// - Returns: the number of bytes read, less than `buffer.count` only at the file's end.
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = try readAvailable(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Reads what is there already, and waits only for the first byte: a pipe's writer may want an answer before it writes
  /// on.
  ///
  /// - Parameter interruption: what ends the waiting.
  /// - Returns: the number of bytes read, 0 only at the file's end, or when it was interrupted.
  package func readAvailable(
    into buffer: UnsafeMutableRawBufferPointer, unless interruption: Interruption? = nil
  ) throws(FileError) -> Int {
    if let interruption, !interruption.wait(for: descriptor) { return 0 }
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR { throw .system(.read, path: path, code: errno) }
    }
  }

  /// Writes all of `buffer`.
  func write(_ buffer: UnsafeRawBufferPointer) throws(FileError) {
    var written = 0
    while written < buffer.count {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .system(.write, path: path, code: errno)
      }
      written += count
    }
  }

  /// Waits until what was written is on the disk.
  func flush() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw .system(.makeDurable, path: path, code: errno) }
  }

  /// Closes the file and reports what only closing finds out: network file systems may write as late as that.
  mutating func close() throws(FileError) {
    let descriptor = descriptor
    self.descriptor = -1
    // Not repeated after EINTR: on Linux the descriptor is gone by then and may be another thread's already.
    if Glibc.close(descriptor) != 0 && errno != EINTR { throw .system(.write, path: path, code: errno) }
  }
}
