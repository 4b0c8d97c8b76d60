import CKernels
import Diagnostics

package typealias ElementFunction = ck_function
package typealias InstructionSet = ck_instruction_set
package typealias FloatPointer = UnsafeMutablePointer<Float>

/// One instruction set's kernels behind names and checked shapes.
///
/// Every table computes the same bits (see ckernels.h), so which one is chosen never shows in a result.
package struct Kernels: @unchecked Sendable {
  // Unchecked: the tables are constants.
  private let table: UnsafePointer<ck_kernels>

  /// avx512, avx2, neon or scalar.
  package var name: String { String(cString: table.pointee.name) }

  /// For loops outside the table that are compiled for every instruction set.
  package var instructionSet: InstructionSet { table.pointee.set }

  /// What this machine can run, the fastest first.
  package static let available: [Kernels] = {
    var tables = [UnsafePointer<ck_kernels>?](repeating: nil, count: 4)
    let count = ck_available(&tables)
    return tables.prefix(Int(count)).compactMap { $0.map(Kernels.init(table:)) }
  }()

  /// The kernels of a name, or the fastest where none is asked for.
  package static func named(_ name: String?) throws(KernelError) -> Kernels {
    guard let name, !name.isEmpty else { return available[0] }
    guard let found = available.first(where: { $0.name == name }) else {
      throw KernelError.unavailable(name, available: available.map(\.name))
    }
    return found
  }

  /// What an element of a product starts from; see ckernels.h.
  package enum Start {
    case zero
    case accumulate
    /// One value for each column.
    case columnBias(UnsafePointer<Float>)
    /// One value for each row.
    case rowBias(UnsafePointer<Float>)
  }

  /// C = start + A B, or C = start + transpose(A) B: each element one chain of fused multiply-adds over k in order.
  ///
  /// A is [m, k], or [k, m] where transposed; B is [k, n]; C is [m, n]. Cost: 2 m n k FLOP, no allocation.
  package func multiply(
    _ a: PanelMatrix, transposed: Bool = false, _ b: PanelMatrix, into c: PanelMatrix, start: Start
  ) {
    precondition((transposed ? a.columns : a.rows) == c.rows && (transposed ? a.rows : a.columns) == b.rows)
    precondition(b.panels == c.panels)
    Watchdog.reads(a)
    multiply(
      rows: c.rows, length: b.rows, a: a.base, aStride: a.stride, transposed: transposed, b: b, c: c,
      start: start)
  }

  /// C = start + A B where A is stored by lanes and only its first `length` columns count; see `SoftmaxBlock`.
  package func multiply(
    _ a: PanelMatrix, firstColumns length: Int, _ b: PanelMatrix, into c: PanelMatrix, start: Start
  ) {
    precondition(a.rows == c.rows && length <= a.columns && length <= b.rows && b.panels == c.panels)
    Watchdog.reads(a)
    multiply(
      rows: c.rows, length: length, a: a.base, aStride: a.stride, transposed: false, b: b, c: c,
      start: start)
  }

  private func multiply(
    rows: Int, length: Int, a: UnsafePointer<Float>, aStride: Int, transposed: Bool, b: PanelMatrix,
    c: PanelMatrix, start: Start
  ) {
    Watchdog.reads(b.rows(0..<length))
    Watchdog.writes(c)
    var product = ck_product(
      rows: rows, columns: c.columns, length: length, a: a, a_stride: aStride, a_transposed: transposed, b: b.base,
      b_stride: b.stride, c: c.base, c_stride: c.stride, start: CK_ZERO, bias: nil)
    switch start {
    case .zero: break
    case .accumulate: product.start = CK_ACCUMULATE
    case .columnBias(let bias): (product.start, product.bias) = (CK_COLUMN_BIAS, bias)
    case .rowBias(let bias): (product.start, product.bias) = (CK_ROW_BIAS, bias)
    }
    table.pointee.multiply(&product)
  }

  /// y = bias + A x, each element the chain of `multiply`: for a single row of a minibatch, where a product would have 15 of
  /// 16 lanes idle.
  ///
  /// A is [m, k], x one row of k columns, y and bias [m]. Cost: 2 m k FLOP, and A read once.
  package func multiply(
    _ a: PanelMatrix, vector x: PanelMatrix, into y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>? = nil
  ) {
    precondition(x.rows == 1 && x.columns == a.columns)
    Watchdog.reads(a)
    Watchdog.reads(x)
    Watchdog.writes(y, count: a.rows)
    table.pointee.multiply_vector(a.base, a.stride, a.rows, a.columns, x.base, x.stride, bias, y)
  }

  /// y[i] = f(x[i]); x and y may be the same.
  package func apply(
    _ function: ElementFunction, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    Watchdog.reads(x, count: count)
    Watchdog.writes(y, count: count)
    table.pointee.apply(function, x, y, count)
  }

  /// d[i] *= f'(x) where y[i] = f(x).
  package func applyGradient(
    of function: ElementFunction, at y: UnsafePointer<Float>, to d: UnsafeMutablePointer<Float>, count: Int
  ) {
    Watchdog.reads(y, count: count)
    Watchdog.writes(d, count: count)
    table.pointee.apply_gradient(function, y, d, count)
  }

  /// The element-wise half of an LSTM's timestep; see ckernels.h. Gates are i, f, g, o.
  package func lstm(
    gates: (i: FloatPointer, f: FloatPointer, g: FloatPointer, o: FloatPointer), before: FloatPointer, c: FloatPointer,
    tanhC: FloatPointer, h: FloatPointer, count: Int
  ) {
    Watchdog.reads(before, count: count)
    Watchdog.writes(each: [gates.i, gates.f, gates.g, gates.o, c, tanhC, h], count: count)
    table.pointee.lstm(gates.i, gates.f, gates.g, gates.o, before, c, tanhC, h, count)
  }

  package func lstmGradient(
    gates: (i: FloatPointer, f: FloatPointer, g: FloatPointer, o: FloatPointer), before: FloatPointer,
    tanhC: FloatPointer, dh: FloatPointer, dc: FloatPointer, count: Int
  ) {
    Watchdog.reads(each: [before, tanhC, dh], count: count)
    Watchdog.writes(each: [gates.i, gates.f, gates.g, gates.o, dc], count: count)
    table.pointee.lstm_gradient(gates.i, gates.f, gates.g, gates.o, before, tanhC, dh, dc, count)
  }

  /// The element-wise half of a GRU's timestep; see ckernels.h. Both sides are r, z, n.
  package func gru(
    input: (r: FloatPointer, z: FloatPointer, n: FloatPointer),
    recurrent: (r: FloatPointer, z: FloatPointer, n: FloatPointer), before: FloatPointer, h: FloatPointer, count: Int
  ) {
    Watchdog.reads(each: [recurrent.r, recurrent.z, recurrent.n, before], count: count)
    Watchdog.writes(each: [input.r, input.z, input.n, h], count: count)
    table.pointee.gru(
      input.r, input.z, input.n, recurrent.r, recurrent.z, recurrent.n, before, h, count)
  }

  package func gruGradient(
    input: (r: FloatPointer, z: FloatPointer, n: FloatPointer),
    recurrent: (r: FloatPointer, z: FloatPointer, n: FloatPointer), before: FloatPointer, dh: FloatPointer,
    dhBefore: FloatPointer?, count: Int
  ) {
    Watchdog.reads(each: [before, dh], count: count)
    Watchdog.writes(
      each: [input.r, input.z, input.n, recurrent.r, recurrent.z, recurrent.n] + (dhBefore.map { [$0] } ?? []),
      count: count)
    table.pointee.gru_gradient(
      input.r, input.z, input.n, recurrent.r, recurrent.z, recurrent.n, before, dh, dhBefore, count)
  }

  /// x[i] becomes exp(x[i] - maximum) in each of 16 lanes over a chunk of rows; see ckernels.h.
  package func softmaxChunk(
    _ panel: UnsafeMutablePointer<Float>, rows: Int, maximum: UnsafeMutablePointer<Float>,
    sum: UnsafeMutablePointer<Float>
  ) {
    Watchdog.writes(panel, count: rows * PanelShape.width)
    Watchdog.writes(maximum, count: PanelShape.width)
    Watchdog.writes(sum, count: PanelShape.width)
    table.pointee.softmax_chunk(panel, rows, maximum, sum)
  }

  /// Multiplies each of 16 lanes by its factor.
  ///
  /// - Parameter ahead: where rows are that come next: fetched meanwhile, not read.
  package func scaleLanes(
    _ panel: UnsafeMutablePointer<Float>, rows: Int, by factor: UnsafePointer<Float>, ahead: UnsafePointer<Float>
  ) {
    Watchdog.writes(panel, count: rows * PanelShape.width)
    Watchdog.reads(factor, count: PanelShape.width)
    table.pointee.scale_lanes(panel, rows, factor, ahead)
  }

  /// sum[lane] += each row's lane, row after row.
  package func addRows(_ panel: UnsafePointer<Float>, rows: Int, to sum: UnsafeMutablePointer<Float>) {
    Watchdog.reads(panel, count: rows * PanelShape.width)
    Watchdog.writes(sum, count: PanelShape.width)
    table.pointee.add_rows(panel, rows, sum)
  }

  /// sum[row] += the row's 16 lanes.
  ///
  /// - Parameter ahead: where rows are that come next: fetched meanwhile, not read.
  package func addLanes(
    _ panel: UnsafePointer<Float>, rows: Int, to sum: UnsafeMutablePointer<Float>, ahead: UnsafePointer<Float>
  ) {
    Watchdog.reads(panel, count: rows * PanelShape.width)
    Watchdog.writes(sum, count: rows)
    table.pointee.add_lanes(panel, rows, sum, ahead)
  }

  package func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    Watchdog.reads(x, count: count)
    return table.pointee.sum_of_squares(x, count)
  }

  /// Whether nothing is infinite or NaN.
  package func areFinite(_ x: UnsafePointer<Float>, count: Int) -> Bool {
    Watchdog.reads(x, count: count)
    return table.pointee.all_finite(x, count)
  }

  /// to = transpose(from) for some panels of `from`, which become rows of `to`. Both are padded to whole blocks of 16,
  /// or have a single row.
  package func transpose(_ from: PanelMatrix, panels: Range<Int>, into to: PanelMatrix) {
    precondition(to.rows >= from.columns && to.columns >= from.rows)
    // A matrix of one row has no room for blocks.
    if from.rows == 1 || to.rows == 1 {
      for column in panels.lowerBound * PanelShape.width..<min(panels.upperBound * PanelShape.width, from.columns) {
        for row in 0..<from.rows { to[column, row] = from[row, column] }
      }
      return
    }
    for panel in panels {
      for block in 0..<to.panels {
        transposeBlock(
          from.pointer(panel: panel, row: block * PanelShape.width),
          into: to.pointer(panel: block, row: panel * PanelShape.width))
      }
    }
  }

  /// to[j][i] = from[i][j] for one block of 16 by 16, rows 16 floats apart.
  package func transposeBlock(_ from: UnsafePointer<Float>, into to: UnsafeMutablePointer<Float>) {
    Watchdog.reads(from, count: PanelShape.width * PanelShape.width)
    Watchdog.writes(to, count: PanelShape.width * PanelShape.width)
    table.pointee.transpose_block(from, to)
  }
}

package enum KernelError: DiagnosedError {
  case unavailable(String, available: [String])

  package var exitCode: ExitCode { .usage }

  package var description: String {
    switch self {
    case .unavailable(let name, let available):
      "RNN_TRAIN_ISA=\(name): this machine has no such instruction set; it has \(available.joined(separator: ", "))"
    }
  }
}
