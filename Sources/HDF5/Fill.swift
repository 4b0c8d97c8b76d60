import Files

/// A dataset of an image whose elements are fetched when the file is written.
struct Fill {
  /// Where it is in the file, in bytes.
  let offset: Int
  let byteCount: Int
  /// Calls back with the dataset's bytes in order, as they are in the file: little-endian.
  let forEachPart: ((UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void

  /// Bytes that are fetched at a time, if a row has no more: such as lie near the processor until they are hashed and written.
  private static let partSize = 1 << 18

  /// - Parameter elements: those of some rows.
  init<T: HDF5Element>(
    offset: Int, shape: [Int], elements: @escaping (_ rows: Range<Int>) throws(FileError) -> [T]
  ) {
    let rowSize = shape.dropFirst().reduce(MemoryLayout<T>.stride, *)
    self.offset = offset
    byteCount = shape[0] * rowSize
    forEachPart = { body throws(FileError) in
      let step = max(1, Self.partSize / rowSize)
      for first in stride(from: 0, to: shape[0], by: step) {
        let rows = first..<min(first + step, shape[0])
        let part = try elements(rows).littleEndian
        try part.withUnsafeBufferPointer { part throws(FileError) in
          let bytes = UnsafeRawBufferPointer(part)
          precondition(bytes.count == rows.count * rowSize, "rows have the shape's size")
          try body(bytes)
        }
      }
    }
  }
}

/// The fills of an image that is being built.
final class FillList {
  private(set) var fills: [Fill] = []

  func append(_ fill: Fill) { fills.append(fill) }
}
