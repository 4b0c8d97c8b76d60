import Compute
import ComputeTestSupport

/// Multiplies with every table and compares with a plain loop in k order, bit for bit.
///
/// The operands are views in the middle of larger matrices that are filled with sentinels, so that a kernel that reads or
/// writes a float too many is found out.
final class ProductCheck {
  enum Start: CaseIterable {
    case zero, accumulate, columnBias, rowBias
  }

  struct Size: CustomStringConvertible {
    let rows, columns, length: Int
    var description: String { "[\(rows), \(length)] [\(length), \(columns)]" }
  }

  private static let width = PanelShape.width
  /// Where views begin.
  private static let (firstRow, firstPanel) = (3, 1)

  private var random = TestRandom(state: 1)
  /// Numbers to draw operands from, at a different place for every size.
  private let pool: [Float]
  private var drawn = 0
  private let a, transposedA, b, c: OwnedMatrix

  /// - Parameter largest: the largest size in each dimension that is going to be checked.
  init(largest: Size) {
    func room(_ rows: Int, _ columns: Int) -> OwnedMatrix {
      OwnedMatrix(rows: rows + 2 * Self.firstRow, columns: columns + (Self.firstPanel + 2) * Self.width)
    }
    a = room(largest.rows, largest.length)
    transposedA = room(largest.length, largest.rows)
    b = room(largest.length, largest.columns)
    c = room(largest.rows, largest.columns)
    pool = random.floats(1 << 16)
  }

  /// What is wrong with a size, or nil.
  func fault(_ size: Size, _ start: Start) -> String? {
    let panels = (size.columns + Self.width - 1) / Self.width
    let padded = panels * Self.width
    let left = draw(size.rows * size.length)
    let right = draw(size.length * padded)
    let initial = draw(size.rows * padded)
    let bias = draw(max(size.rows, padded))
    let a = view(a, size.rows, size.length)
    let transposedA = view(transposedA, size.length, size.rows)
    let b = view(b, size.length, size.columns)
    for i in 0..<size.rows {
      for k in 0..<size.length {
        a[i, k] = left[i * size.length + k]
        transposedA[k, i] = left[i * size.length + k]
      }
    }
    put(right, in: b, columns: padded)

    var expected = initial
    for i in 0..<size.rows {
      for j in 0..<padded {
        switch start {
        case .zero: expected[i * padded + j] = 0
        case .accumulate: break
        case .columnBias: expected[i * padded + j] = bias[j]
        case .rowBias: expected[i * padded + j] = bias[i]
        }
      }
    }
    addProduct(left, right, to: &expected, size.rows, padded, size.length)
    // Of a last panel with no more than 8 columns half is computed; the rest stays as it is, or becomes zeros.
    for i in 0..<size.rows {
      for j in (size.columns + 7) / 8 * 8..<padded {
        expected[i * padded + j] = start == .accumulate ? initial[i * padded + j] : 0
      }
    }
    put(expected, in: view(c, size.rows, size.columns), columns: padded)
    let expectedMemory = memory(c)

    for kernels in Kernels.available {
      for transposed in [false, true] {
        let c = view(c, size.rows, size.columns)
        put(initial, in: c, columns: padded)
        bias.withUnsafeBufferPointer { bias in
          guard let bias = bias.baseAddress else { return }
          let start: Kernels.Start =
            switch start {
            case .zero: .zero
            case .accumulate: .accumulate
            case .columnBias: .columnBias(bias)
            case .rowBias: .rowBias(bias)
            }
          kernels.multiply(transposed ? transposedA : a, transposed: transposed, b, into: c, start: start)
        }
        if !sameBits(memory(self.c), expectedMemory) {
          return "\(kernels.name): \(size), transposed: \(transposed), from \(start)"
        }
      }
    }
    return nil
  }

  private func draw(_ count: Int) -> [Float] {
    drawn += 7919
    return (0..<count).map { pool[(drawn + $0) % pool.count] }
  }

  /// A view of a matrix whose floats are all sentinels from now on.
  private func view(_ matrix: OwnedMatrix, _ rows: Int, _ columns: Int) -> PanelMatrix {
    let whole = matrix.view
    whole.base.update(repeating: sentinel, count: whole.panels * whole.stride)
    let shifted = whole.rows(Self.firstRow..<Self.firstRow + rows)
    return PanelMatrix(
      base: shifted.pointer(panel: Self.firstPanel, row: 0), rows: rows, columns: columns, stride: whole.stride)
  }

  private func memory(_ matrix: OwnedMatrix) -> [Float] {
    Array(UnsafeBufferPointer(start: matrix.view.base, count: matrix.view.panels * matrix.view.stride))
  }

  private func put(_ values: [Float], in matrix: PanelMatrix, columns: Int) {
    for i in 0..<matrix.rows { for j in 0..<columns { matrix[i, j] = values[i * columns + j] } }
  }
}

/// C += A B on plain row-major arrays, each element one chain of fused multiply-adds over k in order.
func addProduct(_ a: [Float], _ b: [Float], to c: inout [Float], _ rows: Int, _ columns: Int, _ length: Int) {
  for i in 0..<rows {
    for k in 0..<length {
      let left = a[i * length + k]
      for j in 0..<columns {
        c[i * columns + j] = c[i * columns + j].addingProduct(left, b[k * columns + j])
      }
    }
  }
}
