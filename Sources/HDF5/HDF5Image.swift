import CHDF5
import Files

/// An HDF5 file in memory, complete and sealed.
///
/// The library never writes to the disk itself: when a disk is full, it can return success and leave a file that reads
/// back wrong. So it builds an image, and `DurableFile` writes that.
package struct HDF5Image: Sendable {
  /// The file's bytes, the seal included. The same calls of `build` give the same bytes in every run.
  package let bytes: [UInt8]

  /// Builds an image; `write` gets its root group, which is of no use afterwards.
  ///
  /// Costs memory for the image twice, for a moment.
  package static func build(_ write: (WritableGroup) throws -> Void) throws -> HDF5Image {
    let image = Location(file: -1, fileName: nil, path: "/")
    let name = Library.nextImageName()
    let file = try image.perform { () throws(HDF5Error) in try create(name, at: image) }
    let root = Location(file: file, fileName: nil, path: "/")
    do {
      try WritableGroup(location: root).setAttribute(Seal.attribute.name, Seal.attribute.value)
      try write(WritableGroup(location: root))
      let bytes = try root.perform { () throws(HDF5Error) in try sealedImage(of: root) }
      try root.perform { () throws(HDF5Error) in _ = try root.check("close the image", H5Fclose(file)) }
      return HDF5Image(bytes: bytes)
    } catch {
      // The first error is the one to report.
      _ = try? root.perform { H5Fclose(file) }
      throw error
    }
  }

  /// Writes the file: after a crash at any moment there is either this one, whole and on the disk, or what was there.
  package func save(to path: String) throws(FileError) {
    try DurableFile.write(bytes, to: path)
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

  private static func sealedImage(of root: Location) throws(HDF5Error) -> [UInt8] {
    try root.check("flush the image", H5Fflush(root.file, H5F_SCOPE_GLOBAL))
    let size = try root.check("tell the image's size", H5Fget_file_image(root.file, nil, 0))
    var status = 0
    var bytes = [UInt8](unsafeUninitializedCapacity: size + Seal.size) { buffer, count in
      status = H5Fget_file_image(root.file, buffer.baseAddress, size)
      count = status == size ? size : 0
    }
    try root.check("copy the image", status)
    bytes += bytes.withUnsafeBytes(Seal.bytes(for:))
    return bytes
  }
}
