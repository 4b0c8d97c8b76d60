import CHDF5
import Files
import Glibc

/// An HDF5 file in memory, complete, and the seal that belongs behind it.
///
/// The library never writes to the disk itself: when a disk is full, it can return success and leave a file that reads
/// back wrong. So it builds an image, and `DurableFile` writes that. Large datasets whose elements are at hand elsewhere have
/// only a place in it (`WritableGroup.write(_:rows:_:)`): they are fetched part by part while the file is written.
package final class HDF5Image {
  private let file: hid_t
  /// All but what `fills` say.
  private let memory: UnsafeRawBufferPointer
  private let fills: [Fill]

  /// Builds an image; `write` gets its root group, which is of no use afterwards. The same calls give the same bytes in every
  /// run.
  package static func build(_ write: (WritableGroup) throws -> Void) throws -> HDF5Image {
    let name = Library.nextImageName()
    let location = Location(file: -1, fileName: nil, path: "/")
    let file = try location.perform { () throws(HDF5Error) in try create(name, at: location) }
    let root = Location(file: file, fileName: nil, path: "/")
    do {
      let fills = FillList()
      try WritableGroup(location: root, fills: fills).setAttribute(Seal.attribute.name, Seal.attribute.value)
      try write(WritableGroup(location: root, fills: fills))
      return HDF5Image(
        file: file, try root.perform { () throws(HDF5Error) in try ImageMemory(completed: root) }, fills.fills)
    } catch {
      // The first error is the one to report.
      _ = try? root.perform { H5Fclose(file) }
      throw error
    }
  }

  private init(file: hid_t, _ memory: ImageMemory, _ fills: [Fill]) {
    self.file = file
    self.memory = UnsafeRawBufferPointer(memory.bytes)
    self.fills = fills.sorted { $0.offset < $1.offset }
  }

  deinit {
    // All there was to lose is written by now.
    _ = try? Library.serially { H5Fclose(file) }
  }

  /// Writes the file: after a crash at any moment there is either this one, whole and on the disk, or what was there.
  ///
  /// - Parameter permissions: of a new file, less what the umask takes.
  package func save(to path: String, permissions: UInt32 = 0o666) throws(FileError) {
    try DurableFile.write(to: path, permissions: permissions) { write throws(FileError) in try forEachPart(write) }
  }

  /// Likewise a file of a directory.
  package func save(to name: String, in directory: OpenDirectory) throws(FileError) {
    try directory.write(to: name) { write throws(FileError) in try forEachPart(write) }
  }

  /// The file's size, the seal included.
  package var byteCount: Int { memory.count + Seal.size }

  /// The file's bytes, the seal included: for tests.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    forEachPart { bytes += $0 }
    return bytes
  }

  /// The file's bytes in order, the seal last.
  private func forEachPart<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    var hash = ContentHash()
    func put(_ part: UnsafeRawBufferPointer) throws(E) {
      hash.update(part)
      try body(part)
    }
    var position = 0
    for fill in fills {
      try put(UnsafeRawBufferPointer(rebasing: memory[position..<fill.offset]))
      try fill.forEachPart(put)
      position = fill.offset + fill.byteCount
    }
    try put(UnsafeRawBufferPointer(rebasing: memory[position...]))
    try Seal.bytes(hash: hash.hex, length: memory.count).withUnsafeBufferPointer { seal throws(E) in
      try body(UnsafeRawBufferPointer(seal))
    }
  }

  /// An open file that lives in memory alone.
  private static func create(_ name: String, at location: Location) throws(HDF5Error) -> hid_t {
    let access = try location.handle("create access properties", H5Pcreate(shim_file_access()), closedBy: H5Pclose)
    // Memory grows by a mebibyte at a time; there is no file behind it.
    try location.check("choose the core driver", H5Pset_fapl_core(access.id, 1 << 20, false))
    // Closing fails if any id of the file's is still open, so that a leak can't go unnoticed.
    try location.check("choose how to close", H5Pset_fclose_degree(access.id, H5F_CLOSE_SEMI))
    let creation = try location.handle("create file properties", H5Pcreate(shim_file_creation()), closedBy: H5Pclose)
    try location.check("leave out times", H5Pset_obj_track_times(creation.id, false))
    let file = try location.check("create the image", H5Fcreate(name, shim_truncate(), creation.id, access.id))
    try location.close(creation)
    try location.close(access)
    return file
  }
}

/// Where the library keeps a file that lives in memory alone: good until the file is written to or closed.
struct ImageMemory: @unchecked Sendable {
  // Unchecked: the library owns the memory; who has this sees to it that nothing is written to the file meanwhile.
  let bytes: UnsafeMutableRawBufferPointer

  /// Of a file that all has been written to. Within `Location.perform`.
  init(completed root: Location) throws(HDF5Error) {
    let open = try root.check("count what is open", H5Fget_obj_count(root.file, shim_all_objects()))
    guard open == 1 else {
      throw .building(object: "/", operation: "close what was opened", reason: "\(open - 1) objects are open")
    }
    try self.init(root)
  }

  /// Of a file as it is now. Within `Location.perform`.
  init(_ root: Location) throws(HDF5Error) {
    try root.check("flush the image", H5Fflush(root.file, H5F_SCOPE_GLOBAL))
    let size = try root.check("tell the image's size", H5Fget_file_image(root.file, nil, 0))
    var handle: UnsafeMutableRawPointer?
    try root.check("find the image", H5Fget_vfd_handle(root.file, defaults, &handle))
    let base = handle?.assumingMemoryBound(to: UnsafeMutableRawPointer?.self).pointee
    guard let base, shim_block_size(base) >= size else {
      throw .building(object: "/", operation: "find the image", reason: "the library keeps it in another way")
    }
    bytes = UnsafeMutableRawBufferPointer(start: base, count: size)
  }

  /// Gives back the memory of a part that holds zeros. It still does: what isn't there reads as zeros.
  func release(_ range: Range<Int>) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let start = UInt(bitPattern: bytes.baseAddress)
    let first = (start + UInt(range.lowerBound) + UInt(page) - 1) / UInt(page) * UInt(page)
    let end = (start + UInt(min(range.upperBound, bytes.count))) / UInt(page) * UInt(page)
    if first < end { madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_DONTNEED) }
  }
}
