import CHDF5
import Files

/// Opens HDF5 files, which may be damaged or come from a stranger.
///
/// The file is read into memory once: the bytes that are checked are the bytes that are parsed, whatever happens to the
/// file meanwhile. First comes the seal, before the library sees a byte; then `Inspection` goes through the whole file,
/// before anything is read from it. Costs memory for the file once.
///
/// The limit: the library itself isn't hardened against crafted bytes, and a file that never had a seal can crash it.
/// What was sealed and got damaged never reaches it.
package enum HDF5File {
  /// Which files are accepted.
  package enum SealPolicy: Sendable {
    /// Only sealed ones, as rnn-train writes them.
    case required
    /// Files of other tools too. One that had a seal and lost it, or was edited since, is refused all the same.
    case ifPresent
    /// Those too that had a seal and lost it, as to whoever opens one with h5py's mode "a": somebody vouches for them.
    case waived
  }

  /// Opens a file for `body`, which gets its root group; the group is of no use afterwards.
  ///
  /// - Throws: `FileError` if the file can't be read, `HDF5Error` if it isn't acceptable, and what `body` throws.
  package static func open<R>(
    _ path: String, seal: SealPolicy = .ifPresent, _ body: (ReadableGroup) throws -> R
  ) throws -> R {
    try open(InputFile(path), seal: seal, body)
  }

  /// Opens a file whose descriptor is at hand.
  package static func open<R>(
    _ file: InputFile, seal: SealPolicy = .ifPresent, _ body: (ReadableGroup) throws -> R
  ) throws -> R {
    try open(bytes: file.contents(), named: file.path, seal: seal, body)
  }

  /// Opens a file that is in memory; `name` is what errors call it.
  package static func open<R>(
    bytes: [UInt8], named name: String, seal: SealPolicy = .ifPresent, _ body: (ReadableGroup) throws -> R
  ) throws -> R {
    try bytes.withUnsafeBytes { bytes in
      guard hasSignature(bytes) else { throw HDF5Error.notHDF5(file: name) }
      let sealedLength = try sealedLength(of: bytes, name: name, seal)
      let image = UnsafeRawBufferPointer(rebasing: bytes[..<(sealedLength ?? bytes.count)])
      let file = try openImage(image, named: name)
      let root = Location(file: file, fileName: name, path: "/")
      do {
        try root.perform { () throws(HDF5Error) in try Inspection.inspect(root, fileSize: image.count) }
        let result = try body(ReadableGroup(location: root, fileSize: image.count))
        try root.perform { () throws(HDF5Error) in _ = try root.check("close", H5Fclose(file)) }
        return result
      } catch {
        // The first error is the one to report.
        _ = try? root.perform { H5Fclose(file) }
        throw error
      }
    }
  }

  /// Writes a file that has no seal to a directory, with one.
  package static func seal(_ file: InputFile, as name: String, in directory: OpenDirectory) throws(FileError) {
    let image = try file.contents()
    let hash = image.withUnsafeBytes { ContentHash.hex(of: $0) }
    try directory.write(image + Seal.bytes(hash: hash, length: image.count), to: name)
  }

  /// What a file's seal says of it, whatever else may keep somebody from reading it.
  package static func seal(of file: InputFile) throws(FileError) -> SealState {
    try file.contents().withUnsafeBytes { Seal.state(of: $0) }
  }

  /// The length of the image that a file begins with; nil for a file without a seal: all of it.
  private static func sealedLength(
    of bytes: UnsafeRawBufferPointer, name: String, _ policy: SealPolicy
  ) throws(HDF5Error) -> Int? {
    switch (Seal.state(of: bytes), policy) {
    case (.whole(let length), _): return length
    case (.none, .required): throw .unsealed(file: name)
    case (.none, .ifPresent), (.none, .waived), (.lost, .waived): return nil
    case (.lost, .required), (.lost, .ifPresent), (.altered, _):
      throw .damaged(file: name, reason: "the seal at its end is missing or altered")
    case (.broken, _): throw .damaged(file: name, reason: "its contents don't match the SHA-256 hash at its end")
    }
  }

  /// What every HDF5 file begins with.
  private static func hasSignature(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A] as [UInt8])
  }

  /// Opens an image in place; its memory must outlive the file.
  private static func openImage(_ image: UnsafeRawBufferPointer, named name: String) throws(HDF5Error) -> hid_t {
    guard let start = image.baseAddress else { throw .notHDF5(file: name) }
    let imageName = Library.nextImageName()
    let location = Location(file: -1, fileName: name, path: "/")
    return try location.perform { () throws(HDF5Error) in
      let access = try location.handle("create access properties", H5Pcreate(shim_file_access()), closedBy: H5Pclose)
      try location.check("choose the core driver", H5Pset_fapl_core(access.id, 1 << 20, false))
      try location.check("choose how to close", H5Pset_fclose_degree(access.id, H5F_CLOSE_SEMI))
      var callbacks = borrowedImage(UnsafeMutableRawPointer(mutating: start))
      try location.check("lend the image", H5Pset_file_image_callbacks(access.id, &callbacks))
      let code = H5Pset_file_image(access.id, UnsafeMutableRawPointer(mutating: start), image.count)
      try location.check("lend the image", code)
      let file = H5Fopen(imageName, shim_read_only(), access.id)
      guard file >= 0 else { throw .damaged(file: name, reason: Library.innermostError) }
      try location.close(access)
      return file
    }
  }

  /// Lets the library use memory that stays ours: what it takes for copies are all the same bytes, never written to,
  /// since the file is opened for reading only.
  private static func borrowedImage(_ start: UnsafeMutableRawPointer) -> H5FD_file_image_callbacks_t {
    H5FD_file_image_callbacks_t(
      image_malloc: { _, _, image in image },
      image_memcpy: { destination, _, _, _, _ in destination },
      image_realloc: { _, _, _, _ in nil },
      image_free: { _, _, _ in 0 },
      udata_copy: { $0 },
      udata_free: { _ in 0 },
      udata: start)
  }
}
