import CHDF5
import Files

/// An HDF5 file in memory, complete, and the seal that belongs behind it.
///
/// The library never writes to the disk itself: when a disk is full, it can return success and leave a file that reads
/// back wrong. So it builds an image, and `DurableFile` writes that from where it is: there is no second copy.
package final class HDF5Image: @unchecked Sendable {
  // Unchecked: the library owns the memory for as long as the file is open, and nothing is written once it is built.

  private let file: hid_t
  private let image: UnsafeRawBufferPointer
  private let seal: [UInt8]

  /// Builds an image; `write` gets its root group, which is of no use afterwards. The same calls give the same bytes in every
  /// run.
  package static func build(_ write: (WritableGroup) throws -> Void) throws -> HDF5Image {
    let name = Library.nextImageName()
    let location = Location(file: -1, fileName: nil, path: "/")
    let file = try location.perform { () throws(HDF5Error) in try create(name, at: location) }
    let root = Location(file: file, fileName: nil, path: "/")
    do {
      try WritableGroup(location: root).setAttribute(Seal.attribute.name, Seal.attribute.value)
      try write(WritableGroup(location: root))
      return HDF5Image(file: file, try root.perform { () throws(HDF5Error) in try Memory(of: root) }.bytes)
    } catch {
      // The first error is the one to report.
      _ = try? root.perform { H5Fclose(file) }
      throw error
    }
  }

  private init(file: hid_t, _ image: UnsafeRawBufferPointer) {
    self.file = file
    self.image = image
    seal = Seal.bytes(for: image)
  }

  deinit {
    // All there was to lose is in the image already.
    _ = try? Library.serially { H5Fclose(file) }
  }

  /// The file's bytes, the seal included. Cost: a copy.
  package var bytes: [UInt8] { Array(image) + seal }

  /// Writes the file: after a crash at any moment there is either this one, whole and on the disk, or what was there.
  package func save(to path: String) throws(FileError) {
    try seal.withUnsafeBufferPointer { seal throws(FileError) in
      try DurableFile.write(parts: [image, UnsafeRawBufferPointer(seal)], to: path)
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

  /// Where the library keeps a file that lives in memory.
  private struct Memory: @unchecked Sendable {
    // Unchecked: see HDF5Image.
    let bytes: UnsafeRawBufferPointer

    /// After all has been written.
    init(of root: Location) throws(HDF5Error) {
      let open = try root.check("count what is open", H5Fget_obj_count(root.file, shim_all_objects()))
      guard open == 1 else {
        throw .building(object: "/", operation: "close what was opened", reason: "\(open - 1) objects are open")
      }
      try root.check("flush the image", H5Fflush(root.file, H5F_SCOPE_GLOBAL))
      let size = try root.check("tell the image's size", H5Fget_file_image(root.file, nil, 0))
      var handle: UnsafeMutableRawPointer?
      try root.check("find the image", H5Fget_vfd_handle(root.file, defaults, &handle))
      let base = handle?.assumingMemoryBound(to: UnsafeMutableRawPointer?.self).pointee
      bytes = UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : size)
    }
  }
}
