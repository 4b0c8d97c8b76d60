import CHDF5

/// Goes through all of a file before anything is read from it, and refuses what no honest dataset or checkpoint holds:
/// ways out of the file, filters, unknown types, and shapes that the file's size belies.
///
/// So whoever reads later allocates no more than the file's size for a dataset, and no other file is ever opened.
/// All of it belongs within `Location.perform`.
struct Inspection {
  /// What rnn-train writes has five levels at most and some hundreds of objects at most.
  private static let deepest = 8
  private static let mostObjects = 10_000

  private let fileSize: Int
  private var objects = 0

  static func inspect(_ root: Location, fileSize: Int) throws(HDF5Error) {
    var inspection = Inspection(fileSize: fileSize)
    let group = try root.handle("open", H5Gopen2(root.file, root.path, defaults), closedBy: H5Gclose)
    try inspection.inspectGroup(group.id, at: root, depth: 0)
    try root.close(group)
  }

  private init(fileSize: Int) { self.fileSize = fileSize }

  private mutating func inspectGroup(_ group: hid_t, at location: Location, depth: Int) throws(HDF5Error) {
    try inspectAttributes(of: group, at: location)
    // Groups may hold each other in a circle.
    guard depth < Self.deepest else { throw location.forbidden("lies too deep") }
    for name in try Links.names(in: group, at: location) {
      objects += 1
      guard objects <= Self.mostObjects else { throw location.forbidden("holds too many objects") }
      let child = location.child(name)
      switch shim_link_type(child.file, child.path) {
      case H5L_TYPE_HARD: try inspectObject(at: child, depth: depth + 1)
      case H5L_TYPE_SOFT: throw child.forbidden("is a soft link")
      case H5L_TYPE_EXTERNAL: throw child.forbidden("is a link to another file")
      case H5L_TYPE_ERROR: throw .damaged(file: location.fileName ?? "", reason: Library.innermostError)
      default: throw child.forbidden("is a user-defined link")
      }
    }
  }

  private mutating func inspectObject(at location: Location, depth: Int) throws(HDF5Error) {
    let object = try location.handle(
      "open", H5Oopen(location.file, location.path, defaults), closedBy: H5Oclose)
    switch H5Iget_type(object.id) {
    case H5I_GROUP: try inspectGroup(object.id, at: location, depth: depth)
    case H5I_DATASET: try inspectDataset(object.id, at: location)
    default: throw location.forbidden("is neither a group nor a dataset")
    }
    try location.close(object)
  }

  private func inspectDataset(_ dataset: hid_t, at location: Location) throws(HDF5Error) {
    // Before all else: asking a virtual dataset for its shape opens the files that it is made of.
    let properties = try location.handle("tell the properties", H5Dget_create_plist(dataset), closedBy: H5Pclose)
    switch H5Pget_layout(properties.id) {
    case H5D_CONTIGUOUS, H5D_COMPACT, H5D_CHUNKED: break
    default: throw location.forbidden("is a virtual dataset")
    }
    guard try location.check("tell the external storage", H5Pget_external_count(properties.id)) == 0 else {
      throw location.forbidden("has its values in another file")
    }
    guard try location.check("tell the filters", H5Pget_nfilters(properties.id)) == 0 else {
      throw location.forbidden("is compressed or filtered")
    }
    try location.close(properties)
    let type = try location.handle("tell the type", H5Dget_type(dataset), closedBy: H5Tclose)
    let space = try location.handle("tell the shape", H5Dget_space(dataset), closedBy: H5Sclose)
    try inspect(type: type.id, space: space.id, at: location, what: "")
    try location.close(space)
    try location.close(type)
    try inspectAttributes(of: dataset, at: location)
  }

  private func inspectAttributes(of object: hid_t, at location: Location) throws(HDF5Error) {
    for index in 0..<hsize_t(try location.check("count the attributes", H5Aget_num_attrs(object))) {
      let id = H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, defaults, defaults)
      let attribute = try location.handle("open an attribute", id, closedBy: H5Aclose)
      let type = try location.handle("tell an attribute's type", H5Aget_type(attribute.id), closedBy: H5Tclose)
      let space = try location.handle("tell an attribute's shape", H5Aget_space(attribute.id), closedBy: H5Sclose)
      try inspect(type: type.id, space: space.id, at: location, what: "has an attribute that ")
      try location.close(space)
      try location.close(type)
      try location.close(attribute)
    }
  }

  private func inspect(type: hid_t, space: hid_t, at location: Location, what: String) throws(HDF5Error) {
    let (name, isKnown) = FileType.describe(type)
    guard isKnown else { throw location.forbidden("\(what)holds \(name)") }
    guard let shape = try Space.shape(space, at: location) else { throw location.forbidden("\(what)has no values") }
    guard let count = shape.elementCount,
      case let (bytes, overflow) = count.multipliedReportingOverflow(by: FileType.size(type)),
      !overflow, bytes <= fileSize
    else { throw location.forbidden("\(what)has the shape \(shape), too large for a file of \(fileSize) bytes") }
  }
}

/// A group's entries.
enum Links {
  /// The names, sorted by their bytes. Within `Location.perform`.
  static func names(in group: hid_t, at location: Location) throws(HDF5Error) -> [String] {
    var info = H5G_info_t()
    try location.check("tell the number of entries", H5Gget_info(group, &info))
    var names: [String] = []
    for index in 0..<info.nlinks {
      // A count that is a lie ends here, at the first name that isn't there.
      let size = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, defaults)
      try location.check("tell an entry's name", size)
      var name = [CChar](repeating: 0, count: size + 1)
      let code = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, defaults)
      try location.check("tell an entry's name", code)
      names.append(String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return names
  }
}

extension Location {
  fileprivate func forbidden(_ what: String) -> HDF5Error {
    .forbidden(file: fileName ?? "", object: path, what: what)
  }
}
