import Glibc

/// What a file is: of stat(2), the part that decides whether it may be read or written to.
struct FileStatus {
  private let status: stat

  var linkCount: UInt { UInt(status.st_nlink) }
  var size: Int { Int(status.st_size) }
  /// What chmod(2) sets.
  var permissions: mode_t { status.st_mode & 0o777 }
  var inode: UInt { UInt(status.st_ino) }
  var isRegular: Bool { kind == S_IFREG }

  private var kind: mode_t { status.st_mode & S_IFMT }

  /// Of what a descriptor has open.
  init?(of descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.status = status
  }

  /// - Parameters:
  ///   - directory: an open one, or `AT_FDCWD`.
  ///   - follows: whether a symbolic link stands for what it leads to.
  /// - Returns: nil where there is nothing, or `errno` says why it can't be told.
  init?(_ name: String, at directory: Int32, follows: Bool = false) {
    var status = stat()
    guard fstatat(directory, name, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    self.status = status
  }

  func isSameFile(as other: FileStatus) -> Bool {
    status.st_dev == other.status.st_dev && status.st_ino == other.status.st_ino
  }

  /// Whose change tells that a file is another one, or holds something else, to whoever has looked at it before.
  fileprivate var stamp: [Int] {
    [Int(status.st_dev), Int(bitPattern: UInt(status.st_ino)), size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }

  /// What it is, for people.
  var name: String {
    switch kind {
    case S_IFREG: "a file"
    case S_IFDIR: "a directory"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}

/// What a file was at a time: as long as it is the same, the file needn't be read again.
package struct FileStamp: Equatable, Sendable {
  private let values: [Int]

  package init(_ path: String) throws(FileError) {
    guard let status = FileStatus(path, at: AT_FDCWD, follows: true) else {
      throw .system(.open, path: path, code: errno)
    }
    values = status.stamp
  }

  /// Of what a descriptor has open; nil where the system doesn't tell.
  init?(of descriptor: Int32) {
    guard let status = FileStatus(of: descriptor) else { return nil }
    values = status.stamp
  }
}
