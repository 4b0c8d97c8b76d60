import CHDF5
import Glibc

/// Reading strings and attributes.
extension ReadableGroup {
  /// Reads a list of strings.
  package func readStrings(_ name: String) throws(HDF5Error) -> [String] {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      let shape = try child.shape(ofDataset: dataset.id)
      guard shape.count == 1 else {
        throw child.wrongType(expected: "a list of strings", found: "an array of \(shape.count) dimensions")
      }
      let strings = try strings(dataset.id, count: shape[0], at: child)
      try child.close(dataset)
      return strings
    }
  }

  /// Reads one string.
  package func readText(_ name: String) throws(HDF5Error) -> String {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      try child.expect([], in: dataset.id)
      let strings = try strings(dataset.id, count: 1, at: child)
      try child.close(dataset)
      return strings[0]
    }
  }

  /// Strings of a dataset. A small file can refer to one long string a million times; memory is bounded by its size.
  private func strings(_ dataset: hid_t, count: Int, at child: Location) throws(HDF5Error) -> [String] {
    let type = try child.handle("tell the type", H5Dget_type(dataset), closedBy: H5Tclose)
    try child.expectString(type.id)
    let memory = StringMemory(limit: fileSize)
    let transfer = try child.handle("create transfer properties", H5Pcreate(shim_transfer()), closedBy: H5Pclose)
    try child.check("set the memory for strings", memory.lend(to: transfer.id))
    var pointers = [UnsafePointer<CChar>?](repeating: nil, count: count)
    if count > 0 {
      let status = withExtendedLifetime(memory) {
        H5Dread(dataset, type.id, wholeSpace, wholeSpace, transfer.id, &pointers)
      }
      guard !memory.isExhausted else {
        throw .damaged(file: child.fileName ?? "", reason: "\(child.path) has more text than the file has bytes")
      }
      try child.check("read", status)
    }
    var strings: [String] = []
    strings.reserveCapacity(count)
    for pointer in pointers { strings.append(try child.string(pointer)) }
    withExtendedLifetime(memory) {}
    try child.close(transfer)
    try child.close(type)
    return strings
  }
}

/// Attributes: one value each.
extension ReadableGroup {
  package func hasAttribute(_ name: String) throws(HDF5Error) -> Bool {
    try location.perform { () throws(HDF5Error) in try exists(attribute: name) }
  }

  package func stringAttribute(_ name: String) throws(HDF5Error) -> String {
    try withAttribute(name) { attribute, type, place throws(HDF5Error) in
      try place.expectString(type)
      var pointer: UnsafeMutablePointer<CChar>?
      try place.check("read", H5Aread(attribute, type, &pointer))
      let string = Result { () throws(HDF5Error) in try place.string(pointer) }
      let space = try place.handle("tell the shape", H5Aget_space(attribute), closedBy: H5Sclose)
      try place.check("free", H5Dvlen_reclaim(type, space.id, defaults, &pointer))
      try place.close(space)
      return try string.get()
    }
  }

  package func intAttribute(_ name: String) throws(HDF5Error) -> Int { Int(try number(name, as: Int64.self)) }

  package func doubleAttribute(_ name: String) throws(HDF5Error) -> Double { try number(name, as: Double.self) }

  private func number<T: HDF5Element & ExpressibleByIntegerLiteral>(
    _ name: String, as _: T.Type
  ) throws(HDF5Error) -> T {
    try withAttribute(name) { attribute, type, place throws(HDF5Error) in
      guard T.hdf5.matches(type) else {
        throw place.wrongType(expected: "one of \(T.hdf5.name)", found: FileType.describe(type).name)
      }
      var value: T = 0
      try place.check("read", H5Aread(attribute, T.hdf5.inMemory(), &value))
      return value
    }
  }

  /// Opens a scalar attribute; `place` is where it is, for errors.
  private func withAttribute<R: Sendable>(
    _ name: String, _ body: (_ attribute: hid_t, _ type: hid_t, _ place: Location) throws(HDF5Error) -> R
  ) throws(HDF5Error) -> R {
    var place = location
    place.path = "\(location.path) attribute \(name)"
    return try place.perform { () throws(HDF5Error) in
      guard try exists(attribute: name) else { throw .missing(file: place.fileName ?? "", object: place.path) }
      let attribute = try place.handle(
        "open", H5Aopen_by_name(location.file, location.path, name, defaults, defaults), closedBy: H5Aclose)
      let space = try place.handle("tell the shape", H5Aget_space(attribute.id), closedBy: H5Sclose)
      let shape = try Space.shape(space.id, at: place) ?? [0]
      guard shape.isEmpty else {
        throw .wrongShape(file: place.fileName ?? "", object: place.path, expected: [], found: shape)
      }
      try place.close(space)
      let type = try place.handle("tell the type", H5Aget_type(attribute.id), closedBy: H5Tclose)
      let result = try body(attribute.id, type.id, place)
      try place.close(type)
      try place.close(attribute)
      return result
    }
  }

  private func exists(attribute name: String) throws(HDF5Error) -> Bool {
    try location.check(
      "look for the attribute \(name)", H5Aexists_by_name(location.file, location.path, name, defaults)) > 0
  }
}

extension Location {
  fileprivate func expectString(_ type: hid_t) throws(HDF5Error) {
    let found = FileType.describe(type).name
    guard found == FileType.strings else { throw wrongType(expected: FileType.strings, found: found) }
  }

  /// A string as the library hands it over: nil stands for an empty one.
  fileprivate func string(_ pointer: UnsafePointer<CChar>?) throws(HDF5Error) -> String {
    guard let pointer else { return "" }
    guard let string = String(validatingCString: pointer) else {
      throw .invalidText(file: fileName ?? "", object: path)
    }
    return string
  }
}

/// The memory that the library puts strings into: it ends with the object, and refuses beyond a limit.
///
/// Used by one call of the library at a time, under its lock.
private final class StringMemory {
  private(set) var isExhausted = false
  private var remaining: Int
  private var blocks: [UnsafeMutableRawPointer] = []

  init(limit: Int) { remaining = limit }

  deinit { for block in blocks { free(block) } }

  /// Makes transfers with these properties use the memory. The object must outlive them.
  func lend(to transfer: hid_t) -> herr_t {
    H5Pset_vlen_mem_manager(
      transfer,
      { size, memory in memory.flatMap { Unmanaged<StringMemory>.fromOpaque($0).takeUnretainedValue().allocate(size) }
      },
      Unmanaged.passUnretained(self).toOpaque(),
      { _, _ in },
      nil)
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size <= remaining, let block = malloc(size) else {
      isExhausted = true
      return nil
    }
    remaining -= size
    blocks.append(block)
    return block
  }
}
