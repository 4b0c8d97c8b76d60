import CHDF5
import Files
import Glibc

/// An HDF5 file, complete, and the seal that belongs behind it.
///
/// The library never writes to the disk itself: when a disk is full, it can return success and leave a file that reads
/// back wrong. So it builds an image in memory, and `DurableFile` writes that. Large datasets whose elements are at hand
/// elsewhere have only a place in it, a hole that takes no memory (`WritableGroup.write(_:shape:rows:)`): they are fetched part
/// by part while the file is written.
package final class HDF5Image {
  /// All but what `fills` say.
  private let skeleton: InputFile
  private let fills: [Fill]

  /// Builds an image; `write` gets its root group, which is of no use afterwards. The same calls give the same bytes in every
  /// run.
  ///
  /// - Parameter path: what errors call the file that is to be.
  /// - Throws: `FileError` where files may not be as large, which holds for one in memory too.
  package static func build(
    for path: String = "an HDF5 image", _ write: (WritableGroup) throws -> Void
  ) throws -> HDF5Image {
    let skeleton = try InputFile(inMemory: path)
    let unopened = Location(file: -1, fileName: nil, path: "/")
    try skeleton.requireSpareDescriptors(OpenedFile.descriptors)
    let file = try unopened.perform { () throws(HDF5Error) in
      try unopened.check("create the image", try OpenedFile.open(skeleton, creates: true, at: unopened))
    }
    let root = Location(file: file, fileName: nil, path: "/")
    let fills = FillList()
    do {
      do {
        try WritableGroup(location: root, fills: fills).setAttribute(Seal.attribute.name, Seal.attribute.value)
        try write(WritableGroup(location: root, fills: fills))
      } catch {
        // The first error is the one to report. What couldn't be written would be tried once more.
        if !skeleton.isNearLimit { _ = try? root.perform { H5Fclose(file) } }
        throw error
      }
      try root.perform { () throws(HDF5Error) in _ = try root.check("close", H5Fclose(file)) }
    } catch let error as HDF5Error {
      throw skeleton.isNearLimit ? FileError.system(.write, path: path, code: EFBIG) : error
    }
    return HDF5Image(skeleton, fills.fills)
  }

  private init(_ skeleton: InputFile, _ fills: [Fill]) {
    self.skeleton = skeleton
    self.fills = fills.sorted { $0.offset < $1.offset }
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
  package var byteCount: Int { skeleton.byteCount + Seal.size }

  /// The file's bytes, the seal included: for tests.
  package var bytes: [UInt8] {
    get throws(FileError) {
      var bytes: [UInt8] = []
      try forEachPart { bytes += $0 }
      return bytes
    }
  }

  /// The file's bytes in order, the seal last.
  private func forEachPart(_ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
    var hash = ContentHash()
    func put(_ part: UnsafeRawBufferPointer) throws(FileError) {
      hash.update(part)
      try body(part)
    }
    let length = skeleton.byteCount
    var position = 0
    for fill in fills {
      try skeleton.forEachPiece(of: position..<fill.offset, put)
      try fill.forEachPart(put)
      position = fill.offset + fill.byteCount
    }
    try skeleton.forEachPiece(of: position..<length, put)
    try Seal.bytes(hash: hash.hex, length: length).withUnsafeBufferPointer { seal throws(FileError) in
      try body(UnsafeRawBufferPointer(seal))
    }
  }
}
