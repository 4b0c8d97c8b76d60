/// A dataset of an image whose elements are fetched when the file is written.
struct Fill {
  /// Where it is in the file, in bytes.
  let offset: Int
  let byteCount: Int
  let rowCount: Int
  /// The elements of some rows.
  let elements: (_ rows: Range<Int>) -> [Float]

  /// Bytes that are fetched at a time, if a row has no more.
  static let partSize = 1 << 20

  private static func littleEndian(_ elements: [Float]) -> [Float] {
    #if _endian(little)
      elements
    #else
      elements.map { Float(bitPattern: $0.bitPattern.littleEndian) }
    #endif
  }

  /// The dataset's bytes in order, as they are in the file: little-endian.
  func forEachPart<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    let rowSize = byteCount / rowCount
    let step = max(1, Self.partSize / rowSize)
    for first in stride(from: 0, to: rowCount, by: step) {
      let rows = first..<min(first + step, rowCount)
      let part = Self.littleEndian(elements(rows))
      precondition(part.count * MemoryLayout<Float>.stride == rows.count * rowSize, "rows don't have the shape's size")
      try part.withUnsafeBufferPointer { part throws(E) in try body(UnsafeRawBufferPointer(part)) }
    }
  }
}

/// The fills of an image that is being built.
final class FillList {
  private(set) var fills: [Fill] = []

  func append(_ fill: Fill) { fills.append(fill) }
}
