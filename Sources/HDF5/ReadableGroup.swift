import CHDF5
import Files

/// A group of an open file.
package struct ReadableGroup {
  let location: Location
  let source: InputFile
  /// What the file was when it was opened.
  let stamp: FileStamp?
  /// No honest dataset has more bytes than its file.
  let fileSize: Int

  /// An entry of a group.
  package struct Child: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case group
      /// `type` is for people, as in "32-bit floats".
      case dataset(type: String, shape: [Int])
    }

    package let name: String
    package let kind: Kind

    package init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  /// The entries, sorted by the bytes of their names.
  package var children: [Child] {
    get throws(HDF5Error) {
      try location.perform { () throws(HDF5Error) in
        let group = try location.handle(
          "open", H5Gopen2(location.file, location.path, defaults), closedBy: H5Gclose)
        var children: [Child] = []
        for name in try Links.names(in: group.id, at: location) { children.append(try child(name)) }
        try location.close(group)
        return children
      }
    }
  }

  package func contains(_ name: String) throws(HDF5Error) -> Bool {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in try child.exists() }
  }

  /// A group in this one.
  package func group(_ name: String) throws(HDF5Error) -> ReadableGroup {
    let child = location.child(name)
    try child.perform { () throws(HDF5Error) in try child.close(child.open(H5I_GROUP)) }
    return ReadableGroup(location: child, source: source, stamp: stamp, fileSize: fileSize)
  }

  /// A dataset's shape; `[]` is a scalar.
  package func shape(of name: String) throws(HDF5Error) -> [Int] {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      let shape = try child.shape(ofDataset: dataset.id)
      try child.close(dataset)
      return shape
    }
  }

  /// Reads a dataset of numbers of exactly the type `T`, row-major.
  package func read<T: HDF5Element>(_ name: String, as type: T.Type = T.self) throws(HDF5Error) -> [T] {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      try child.expect(T.self, in: dataset.id)
      let count = try child.shape(ofDataset: dataset.id).elementCount ?? 0
      var status: herr_t = 0
      let values = [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        if count > 0 {
          status = H5Dread(dataset.id, T.hdf5.inMemory(), wholeSpace, wholeSpace, defaults, buffer.baseAddress)
        }
        initialized = status >= 0 ? count : 0
      }
      try child.check("read", status)
      try child.close(dataset)
      return values
    }
  }

  /// Whether a dataset holds numbers of exactly the type `T`.
  package func holds<T: HDF5Element>(_: T.Type, in name: String) throws(HDF5Error) -> Bool {
    let child = location.child(name)
    return try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      let type = try child.handle("tell the type", H5Dget_type(dataset.id), closedBy: H5Tclose)
      let isOfType = T.hdf5.matches(type.id)
      try child.close(type)
      try child.close(dataset)
      return isOfType
    }
  }

  /// Where in the file a dataset of numbers of exactly the type `T` lies, to be read when it is wanted, for as long as the file
  /// stays what it is; nil where they don't lie side by side in the order of bytes that we write, as in files of other programs.
  package func storedNumbers<T: HDF5Element>(_ name: String, as _: T.Type) throws(HDF5Error) -> StoredNumbers? {
    let child = location.child(name)
    let (offset, count) = try child.perform { () throws(HDF5Error) -> (Int?, Int) in
      let dataset = try child.open(H5I_DATASET)
      try child.expect(T.self, in: dataset.id)
      let count = try child.shape(ofDataset: dataset.id).elementCount ?? 0
      let type = try child.handle("tell the type", H5Dget_type(dataset.id), closedBy: H5Tclose)
      let properties = try child.handle(
        "tell the properties", H5Dget_create_plist(dataset.id), closedBy: H5Pclose)
      let isPlain = H5Tequal(type.id, T.hdf5.inFile()) > 0 && H5Pget_layout(properties.id) == H5D_CONTIGUOUS
      let offset = isPlain ? Int(exactly: H5Dget_offset(dataset.id)) : nil
      try child.close(properties)
      try child.close(type)
      try child.close(dataset)
      return (offset, count)
    }
    let width = MemoryLayout<T>.stride
    guard let offset, offset <= fileSize, count <= (fileSize - offset) / width else { return nil }
    return StoredNumbers(in: source, offset: offset, count: count, width: width, stamp: stamp)
  }

  /// Reads a dataset of numbers of exactly the type `T` and the shape `shape`, row-major, into memory of that many
  /// elements.
  package func read<T: HDF5Element>(
    _ name: String, into values: UnsafeMutableBufferPointer<T>, shape expected: [Int]
  ) throws(HDF5Error) {
    precondition(values.count == expected.elementCount, "memory for \(values.count) elements, shape \(expected)")
    let child = location.child(name)
    try child.perform { () throws(HDF5Error) in
      let dataset = try child.open(H5I_DATASET)
      try child.expect(T.self, in: dataset.id)
      try child.expect(expected, in: dataset.id)
      if !values.isEmpty {
        try child.check(
          "read", H5Dread(dataset.id, T.hdf5.inMemory(), wholeSpace, wholeSpace, defaults, values.baseAddress))
      }
      try child.close(dataset)
    }
  }

  /// Within `Location.perform`.
  private func child(_ name: String) throws(HDF5Error) -> Child {
    let child = location.child(name)
    let object = try child.open(nil)
    guard H5Iget_type(object.id) == H5I_DATASET else {
      try child.close(object)
      return Child(name: name, kind: .group)
    }
    let type = try child.handle("tell the type", H5Dget_type(object.id), closedBy: H5Tclose)
    let kind = Child.Kind.dataset(type: FileType.describe(type.id).name, shape: try child.shape(ofDataset: object.id))
    try child.close(type)
    try child.close(object)
    return Child(name: name, kind: kind)
  }
}

/// What reading takes; all of it belongs within `Location.perform`.
extension Location {
  func exists() throws(HDF5Error) -> Bool {
    try check("look for the object", H5Lexists(file, path, defaults)) > 0
  }

  /// Opens an object that is to be of a kind, any if nil.
  func open(_ kind: H5I_type_t?) throws(HDF5Error) -> Handle {
    guard try exists() else { throw .missing(file: fileName ?? "", object: path) }
    let object = try handle("open", H5Oopen(file, path, defaults), closedBy: H5Oclose)
    let found = H5Iget_type(object.id)
    if let kind, found != kind {
      let (expected, found) = kind == H5I_GROUP ? ("a group", "a dataset") : ("a dataset", "a group")
      throw wrongType(expected: expected, found: found)
    }
    return object
  }

  func shape(ofDataset dataset: hid_t) throws(HDF5Error) -> [Int] {
    let space = try handle("tell the shape", H5Dget_space(dataset), closedBy: H5Sclose)
    let shape = try Space.shape(space.id, at: self) ?? [0]
    try close(space)
    return shape
  }

  func expect<T: HDF5Element>(_: T.Type, in dataset: hid_t) throws(HDF5Error) {
    let type = try handle("tell the type", H5Dget_type(dataset), closedBy: H5Tclose)
    guard T.hdf5.matches(type.id) else {
      throw wrongType(expected: T.hdf5.name, found: FileType.describe(type.id).name)
    }
    try close(type)
  }

  func expect(_ shape: [Int], in dataset: hid_t) throws(HDF5Error) {
    let found = try self.shape(ofDataset: dataset)
    guard found == shape else {
      throw .wrongShape(file: fileName ?? "", object: path, expected: shape, found: found)
    }
  }

  func wrongType(expected: String, found: String) -> HDF5Error {
    .wrongType(file: fileName ?? "", object: path, expected: expected, found: found)
  }
}
