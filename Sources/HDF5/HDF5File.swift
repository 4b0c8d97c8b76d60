import CHDF5
import Files

/// Opens HDF5 files, which may be damaged or come from a stranger.
///
/// First comes the seal, for which the file is read once from its start to its end, before the library sees a byte; then
/// `Inspection` goes through the whole file, before anything is read from it. Then whoever wants something reads that, and
/// nothing but that is in memory. The file is the one whose descriptor is at hand, whatever becomes of its path; if it is
/// written to meanwhile, that is an error.
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
    let (name, stamp) = (file.path, file.stamp)
    guard try file.bytes(in: 0..<signature.count) == signature else { throw HDF5Error.notHDF5(file: name) }
    let imageLength = try sealedLength(of: file, seal) ?? file.byteCount
    let unopened = Location(file: -1, fileName: name, path: "/")
    try file.requireSpareDescriptors(OpenedFile.descriptors)
    let id = try unopened.perform { () throws(HDF5Error) in
      let id = try OpenedFile.open(file, at: unopened)
      guard id >= 0 else { throw .damaged(file: name, reason: Library.innermostError) }
      return id
    }
    let root = Location(file: id, fileName: name, path: "/")
    do {
      try root.perform { () throws(HDF5Error) in try Inspection.inspect(root, fileSize: imageLength) }
      let result = try body(ReadableGroup(location: root, source: file, stamp: stamp, fileSize: imageLength))
      try root.perform { () throws(HDF5Error) in _ = try root.check("close", H5Fclose(id)) }
      guard file.stamp == stamp else { throw FileError.changed(path: name) }
      return result
    } catch {
      // The first error is the one to report.
      _ = try? root.perform { H5Fclose(id) }
      throw error
    }
  }

  /// Opens a file that is in memory; `name` is what errors call it.
  package static func open<R>(
    bytes: [UInt8], named name: String, seal: SealPolicy = .ifPresent, _ body: (ReadableGroup) throws -> R
  ) throws -> R {
    try open(InputFile(holding: bytes, path: name), seal: seal, body)
  }

  /// Writes a file that has no seal to a directory, with one.
  package static func seal(_ file: InputFile, as name: String, in directory: OpenDirectory) throws(FileError) {
    let length = file.byteCount
    let seal = Seal.bytes(hash: try file.contentHash(of: 0..<length), length: length)
    try directory.write(to: name) { write throws(FileError) in
      try file.forEachPiece(of: 0..<length, write)
      try seal.withUnsafeBufferPointer { seal throws(FileError) in try write(UnsafeRawBufferPointer(seal)) }
    }
  }

  /// What a file's seal says of it, whatever else may keep somebody from reading it.
  package static func seal(of file: InputFile) throws(FileError) -> SealState {
    try Seal.state(of: file)
  }

  /// The length of the image that a file begins with; nil for a file without a seal: all of it.
  private static func sealedLength(of file: InputFile, _ policy: SealPolicy) throws -> Int? {
    let name = file.path
    switch (try Seal.state(of: file), policy) {
    case (.whole(let length), _): return length
    case (.none, .required): throw HDF5Error.unsealed(file: name)
    case (.none, .ifPresent), (.none, .waived), (.lost, .waived): return nil
    case (.lost, .required), (.lost, .ifPresent), (.altered, _):
      throw HDF5Error.damaged(file: name, reason: "the seal at its end is missing or altered")
    case (.broken, _):
      throw HDF5Error.damaged(file: name, reason: "its contents don't match the SHA-256 hash at its end")
    }
  }

  /// What every HDF5 file begins with.
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
}
