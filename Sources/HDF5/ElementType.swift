import CHDF5

/// A number that datasets hold: `Float`, `Double`, `Int32`, `Int64`, `UInt8` or `UInt16`.
package protocol HDF5Element: BitwiseCopyable, Sendable {
  static var hdf5: ElementType { get }
  /// The number whose bytes here are those of this one in a file, and the other way round.
  var littleEndian: Self { get }
}

/// How a number is laid out in files and in memory.
package struct ElementType: Sendable {
  /// For people, as in "should be 32-bit floats".
  package let name: String
  /// What we write.
  let inFile: @convention(c) @Sendable () -> hid_t
  /// What we read besides; the library swaps the bytes.
  let inFileSwapped: @convention(c) @Sendable () -> hid_t
  let inMemory: @convention(c) @Sendable () -> hid_t

  static let all = [Float.hdf5, Double.hdf5, Int32.hdf5, Int64.hdf5, UInt8.hdf5, UInt16.hdf5]

  /// Whether a file's type is this one, in either byte order. Within `Location.perform`.
  func matches(_ type: hid_t) -> Bool { H5Tequal(type, inFile()) > 0 || H5Tequal(type, inFileSwapped()) > 0 }
}

extension Float: HDF5Element {
  package static let hdf5 = ElementType(
    name: "32-bit floats", inFile: shim_float32_little, inFileSwapped: shim_float32_big, inMemory: shim_float32_native)

  package var littleEndian: Float { Float(bitPattern: bitPattern.littleEndian) }
}

extension Double: HDF5Element {
  package static let hdf5 = ElementType(
    name: "64-bit floats", inFile: shim_float64_little, inFileSwapped: shim_float64_big, inMemory: shim_float64_native)

  package var littleEndian: Double { Double(bitPattern: bitPattern.littleEndian) }
}

extension Int32: HDF5Element {
  package static let hdf5 = ElementType(
    name: "32-bit integers", inFile: shim_int32_little, inFileSwapped: shim_int32_big, inMemory: shim_int32_native)
}

extension Int64: HDF5Element {
  package static let hdf5 = ElementType(
    name: "64-bit integers", inFile: shim_int64_little, inFileSwapped: shim_int64_big, inMemory: shim_int64_native)
}

extension UInt8: HDF5Element {
  package static let hdf5 = ElementType(
    name: "8-bit unsigned integers", inFile: shim_uint8_little, inFileSwapped: shim_uint8_big,
    inMemory: shim_uint8_native)
}

extension UInt16: HDF5Element {
  package static let hdf5 = ElementType(
    name: "16-bit unsigned integers", inFile: shim_uint16_little, inFileSwapped: shim_uint16_big,
    inMemory: shim_uint16_native)
}

extension Array where Element: HDF5Element {
  /// As they are in a file, or here if they were in one: nothing to do on most machines.
  var littleEndian: [Element] {
    #if _endian(little)
      self
    #else
      map(\.littleEndian)
    #endif
  }
}

/// Types as files have them.
enum FileType {
  /// The name of strings of variable length.
  static let strings = "strings of variable length"

  /// A type's name for people, and whether it is among those that we read. Within `Location.perform`.
  static func describe(_ type: hid_t) -> (name: String, isKnown: Bool) {
    if let element = ElementType.all.first(where: { $0.matches(type) }) { return (element.name, true) }
    let bits = 8 * H5Tget_size(type)
    switch H5Tget_class(type) {
    case H5T_STRING: return H5Tis_variable_str(type) > 0 ? (strings, true) : ("strings of fixed length", false)
    case H5T_INTEGER: return ("\(bits)-bit \(H5Tget_sign(type) == H5T_SGN_NONE ? "unsigned " : "")integers", false)
    case H5T_FLOAT: return ("\(bits)-bit floats of an unusual format", false)
    case H5T_COMPOUND: return ("compounds", false)
    case H5T_REFERENCE: return ("references", false)
    case H5T_ENUM: return ("enumerations", false)
    case H5T_VLEN: return ("sequences of variable length", false)
    case H5T_ARRAY: return ("arrays", false)
    default: return ("values of an unknown type", false)
    }
  }

  /// The bytes that an element takes in a file, at least. Within `Location.perform`.
  static func size(_ type: hid_t) -> Int {
    // A length, a heap's address and an index.
    H5Tis_variable_str(type) > 0 ? 16 : H5Tget_size(type)
  }

  /// The type of the strings that we write: variable length, UTF-8. Within `Location.perform`.
  static func string(at location: Location) throws(HDF5Error) -> Handle {
    let type = try location.handle("create a string type", H5Tcopy(shim_c_string()), closedBy: H5Tclose)
    try location.check("make strings variable", H5Tset_size(type.id, shim_variable_length()))
    try location.check("make strings UTF-8", H5Tset_cset(type.id, H5T_CSET_UTF8))
    return type
  }
}

/// A dataset's or attribute's extent.
enum Space {
  /// Creates one; an empty shape is a scalar. Within `Location.perform`.
  static func create(_ shape: [Int], at location: Location) throws(HDF5Error) -> Handle {
    let extent = shape.map { hsize_t($0) }
    let id = shape.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(CInt(shape.count), extent, nil)
    return try location.handle("create a space of shape \(shape)", id, closedBy: H5Sclose)
  }

  /// The shape of an open one; nil for a null space, which not even has a scalar, and for sizes beyond `Int`.
  /// Within `Location.perform`.
  static func shape(_ space: hid_t, at location: Location) throws(HDF5Error) -> [Int]? {
    guard H5Sget_simple_extent_type(space) != H5S_NULL else { return nil }
    let rank = try location.check("tell the rank", H5Sget_simple_extent_ndims(space))
    var extent = [hsize_t](repeating: 0, count: Int(rank))
    try location.check("tell the shape", H5Sget_simple_extent_dims(space, &extent, nil))
    let shape = extent.compactMap { Int(exactly: $0) }
    return shape.count == extent.count ? shape : nil
  }
}

extension [Int] {
  /// The number of elements of a shape, nil if `Int` can't hold it.
  var elementCount: Int? {
    reduce(1) { product, size in
      guard let (value, overflow) = product?.multipliedReportingOverflow(by: size), !overflow else { return nil }
      return value
    }
  }
}
