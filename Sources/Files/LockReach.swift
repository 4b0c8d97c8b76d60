import CFiles

/// Who sees the locks of a directory's file system.
package enum LockReach: Sendable {
  /// Every process that can write there: disks of this machine, and network file systems whose server keeps the locks.
  /// A lock that can be had there belongs to nobody who lives, whatever `run.lock` says: a container that was killed comes
  /// back under another host name.
  case everybody
  /// The processes of each machine, containers included, alone among themselves.
  case eachMachine

  init(of directory: OpenDirectory) {
    self = Self.local.contains(cfiles_file_system(directory.descriptor)) ? .everybody : .eachMachine
  }

  /// Magic numbers of statfs(2) of the file systems whose files one kernel has to itself.
  private static let local: Set<UInt32> = [
    0xEF53,  // ext2, ext3, ext4
    0x5846_5342,  // XFS
    0x9123_683E,  // Btrfs
    0x2FC1_2FC1,  // ZFS
    0xF2F5_2010,  // F2FS
    0xCA45_1A4E,  // bcachefs
    0x0102_1994,  // tmpfs
    0x794C_7630,  // overlayfs
  ]
}
