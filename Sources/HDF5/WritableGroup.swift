import CHDF5
import Files

/// A group of an image that is being built.
package struct WritableGroup {
  let location: Location
  let fills: FillList

  /// Creates a group in this one.
  package func group(_ name: String) throws(HDF5Error) -> WritableGroup {
    let child = location.child(name)
    try child.perform { () throws(HDF5Error) in
      let properties = try child.handle("create properties", H5Pcreate(shim_group_creation()), closedBy: H5Pclose)
      try child.check("leave out times", H5Pset_obj_track_times(properties.id, false))
      let group = try child.handle(
        "create the group", H5Gcreate2(child.file, child.path, defaults, properties.id, defaults), closedBy: H5Gclose)
      try child.close(group)
      try child.close(properties)
    }
    return WritableGroup(location: child, fills: fills)
  }

  /// Writes a dataset of numbers, row-major; the shape `[]` is a scalar.
  package func write<T: HDF5Element>(
    _ name: String, shape: [Int], _ values: UnsafeBufferPointer<T>
  ) throws(HDF5Error) {
    let child = location.child(name)
    guard shape.elementCount == values.count else {
      let reason = "\(values.count) values for the shape \(shape)"
      throw .building(object: child.path, operation: "write", reason: reason)
    }
    try child.perform { () throws(HDF5Error) in
      try create(child, shape: shape, type: T.hdf5.inFile()) { dataset throws(HDF5Error) in
        guard !values.isEmpty else { return }
        let code = H5Dwrite(dataset, T.hdf5.inMemory(), wholeSpace, wholeSpace, defaults, values.baseAddress)
        try child.check("write", code)
      }
    }
  }

  package func write<T: HDF5Element>(_ name: String, shape: [Int], _ values: [T]) throws(HDF5Error) {
    try values.withUnsafeBufferPointer { buffer throws(HDF5Error) in try write(name, shape: shape, buffer) }
  }

  /// Writes a dataset of numbers that `rows` gives, row-major. They are fetched only when the image is saved, part by part, so
  /// that they needn't be in memory, or not a second time; until then they mustn't change.
  package func write<T: HDF5Element>(
    _ name: String, shape: [Int], rows: @escaping (_ rows: Range<Int>) throws(FileError) -> [T]
  ) throws(HDF5Error) {
    guard shape.elementCount ?? 0 > 0 else { return try write(name, shape: shape, [T]()) }
    let child = location.child(name)
    let offset = try child.perform { () throws(HDF5Error) in
      var address = haddr_t.max
      try create(child, shape: shape, type: T.hdf5.inFile(), allocates: true) { address = H5Dget_offset($0) }
      guard let offset = Int(exactly: address) else {
        throw HDF5Error.building(object: child.path, operation: "find its place", reason: "it has none")
      }
      return offset
    }
    fills.append(Fill(offset: offset, shape: shape, elements: rows))
  }

  /// Writes a list of strings, as UTF-8 of variable length. None may hold the character U+0000.
  package func writeStrings(_ name: String, _ strings: [String]) throws(HDF5Error) {
    try write(strings, shape: [strings.count], at: location.child(name))
  }

  /// Writes one string of any length.
  package func writeText(_ name: String, _ text: String) throws(HDF5Error) {
    try write([text], shape: [], at: location.child(name))
  }

  private func write(_ strings: [String], shape: [Int], at child: Location) throws(HDF5Error) {
    let text = try NulTerminatedStrings(strings, at: child)
    try child.perform { () throws(HDF5Error) in
      let type = try FileType.string(at: child)
      try create(child, shape: shape, type: type.id) { dataset throws(HDF5Error) in
        guard !strings.isEmpty else { return }
        try text.withPointers { pointers throws(HDF5Error) in
          let code = H5Dwrite(dataset, type.id, wholeSpace, wholeSpace, defaults, pointers.baseAddress)
          try child.check("write", code)
        }
      }
      try child.close(type)
    }
  }

  /// Creates a dataset and lets `fill` write to it.
  ///
  /// - Parameter allocates: gives it its place in the file at once, and writes nothing there.
  private func create(
    _ child: Location, shape: [Int], type: hid_t, allocates: Bool = false, fill: (hid_t) throws(HDF5Error) -> Void
  ) throws(HDF5Error) {
    let space = try Space.create(shape, at: child)
    let properties = try child.handle("create properties", H5Pcreate(shim_dataset_creation()), closedBy: H5Pclose)
    try child.check("leave out times", H5Pset_obj_track_times(properties.id, false))
    if allocates {
      try child.check("choose when to allocate", H5Pset_alloc_time(properties.id, H5D_ALLOC_TIME_EARLY))
      try child.check("choose not to fill", H5Pset_fill_time(properties.id, H5D_FILL_TIME_NEVER))
    }
    let id = H5Dcreate2(child.file, child.path, type, space.id, defaults, properties.id, defaults)
    let dataset = try child.handle("create the dataset", id, closedBy: H5Dclose)
    try fill(dataset.id)
    try child.close(dataset)
    try child.close(properties)
    try child.close(space)
  }
}

/// Attributes: one value each, for what describes a group. Long texts belong into datasets.
extension WritableGroup {
  package func setAttribute(_ name: String, _ value: String) throws(HDF5Error) {
    let text = try NulTerminatedStrings([value], at: location)
    try location.perform { () throws(HDF5Error) in
      let type = try FileType.string(at: location)
      try text.withPointers { pointers throws(HDF5Error) in
        try setAttribute(name, inFile: type.id, inMemory: type.id, pointers.baseAddress)
      }
      try location.close(type)
    }
  }

  /// Written as a 64-bit integer.
  package func setAttribute(_ name: String, _ value: Int) throws(HDF5Error) {
    try setAttribute(name, number: Int64(value))
  }

  package func setAttribute(_ name: String, _ value: Double) throws(HDF5Error) {
    try setAttribute(name, number: value)
  }

  private func setAttribute<T: HDF5Element>(_ name: String, number: T) throws(HDF5Error) {
    try location.perform { () throws(HDF5Error) in
      try withUnsafePointer(to: number) { value throws(HDF5Error) in
        try setAttribute(name, inFile: T.hdf5.inFile(), inMemory: T.hdf5.inMemory(), value)
      }
    }
  }

  private func setAttribute(
    _ name: String, inFile: hid_t, inMemory: hid_t, _ value: UnsafeRawPointer?
  ) throws(HDF5Error) {
    let space = try Space.create([], at: location)
    let id = H5Acreate_by_name(location.file, location.path, name, inFile, space.id, defaults, defaults, defaults)
    let attribute = try location.handle("create the attribute \(name)", id, closedBy: H5Aclose)
    try location.check("write the attribute \(name)", H5Awrite(attribute.id, inMemory, value))
    try location.close(attribute)
    try location.close(space)
  }
}

/// Strings side by side in one buffer, as C wants them.
private struct NulTerminatedStrings {
  private var bytes: [UInt8] = []
  private var starts: [Int] = []

  init(_ strings: [String], at location: Location) throws(HDF5Error) {
    starts.reserveCapacity(strings.count)
    for string in strings {
      guard !string.utf8.contains(0) else {
        throw .building(object: location.path, operation: "write", reason: "a string holds the character U+0000")
      }
      starts.append(bytes.count)
      bytes += string.utf8
      bytes.append(0)
    }
  }

  func withPointers(_ body: (UnsafeBufferPointer<UnsafePointer<UInt8>>) throws(HDF5Error) -> Void) throws(HDF5Error) {
    try bytes.withUnsafeBufferPointer { bytes throws(HDF5Error) in
      guard let base = bytes.baseAddress else { return }
      try starts.map { base + $0 }.withUnsafeBufferPointer(body)
    }
  }
}
