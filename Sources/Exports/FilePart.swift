import Models

/// A part of a file that is to be written: bytes that are at hand, or weights that are asked for piece by piece, so that they
/// needn't be in memory twice.
package enum FilePart: Sendable {
  case bytes([UInt8])
  case weights(WeightRows)

  package var byteCount: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .weights(let rows): rows.elementCount * MemoryLayout<Float>.stride
    }
  }

  /// Calls back with the part's bytes, in little-endian order, in pieces of about a mebibyte.
  package func forEachPiece<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    switch self {
    case .bytes(let bytes):
      try bytes.withUnsafeBufferPointer { bytes throws(E) in try body(UnsafeRawBufferPointer(bytes)) }
    case .weights(let rows):
      let step = max(1, (1 << 18) / max(1, rows.width))
      for first in stride(from: 0, to: rows.count, by: step) {
        let bits = rows.elements(first..<min(first + step, rows.count)).map(\.bitPattern.littleEndian)
        try bits.withUnsafeBufferPointer { bits throws(E) in try body(UnsafeRawBufferPointer(bits)) }
      }
    }
  }
}

/// Rows of floats, in PyTorch's order.
package struct WeightRows: Sendable {
  package let count: Int
  /// Elements of each.
  package let width: Int
  /// The elements of some of the rows.
  package let elements: @Sendable (Range<Int>) -> [Float]

  package var elementCount: Int { count * width }

  package init(count: Int, width: Int, elements: @escaping @Sendable (Range<Int>) -> [Float]) {
    self.count = count
    self.width = width
    self.elements = elements
  }

  /// A parameter's.
  ///
  /// - Parameter rows: some of the first dimension's; nil: all.
  package init(of parameter: Parameter, in parameters: Parameters, rows: Range<Int>? = nil) {
    let rows = rows ?? 0..<parameter.shape[0]
    self.init(count: rows.count, width: parameter.shape.dropFirst().reduce(1, *)) { part in
      let outputs = rows.lowerBound + part.lowerBound..<rows.lowerBound + part.upperBound
      return parameters.layout.elements(of: parameter, outputs: outputs, in: parameters.values)
    }
  }

  static func zeros(count: Int, width: Int) -> WeightRows {
    WeightRows(count: count, width: width) { [Float](repeating: 0, count: $0.count * width) }
  }

  /// The same with the other sign.
  var negated: WeightRows { WeightRows(count: count, width: width) { [elements] in elements($0).map { -$0 } } }
}
