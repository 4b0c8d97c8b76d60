/// A matrix of doubles, row after row: what the reference computes with.
package struct Matrix: Sendable {
  package let rows: Int
  package let columns: Int
  package var values: [Double]

  /// All zeros.
  package init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
  }

  package init(rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  package subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  package static func * (a: Matrix, b: Matrix) -> Matrix {
    precondition(a.columns == b.rows)
    var product = Matrix(rows: a.rows, columns: b.columns)
    for i in 0..<a.rows {
      for j in 0..<b.columns {
        for k in 0..<a.columns { product[i, j] += a[i, k] * b[k, j] }
      }
    }
    return product
  }
}

/// The largest difference between two tensors, as a fraction of the expected one's largest element.
package func relativeError(of found: [some BinaryFloatingPoint], from expected: [Double]) -> Double {
  precondition(found.count == expected.count)
  var (difference, largest) = (0.0, 0.0)
  for (found, expected) in zip(found, expected) {
    // Not a number compares with nothing: it has to be looked for.
    guard found.isFinite else { return .infinity }
    difference = max(difference, abs(Double(found) - expected))
    largest = max(largest, abs(expected))
  }
  return difference == 0 ? 0 : difference / largest
}
