import Compute

/// The parameters of one cluster of a `ClusteredOutput`.
struct ClusterTail: @unchecked Sendable {
  // Unchecked: see Arena.

  /// [tokens, inputs]
  let weight: PanelMatrix
  let bias: FloatPointer?
  /// [inputs, hidden]; nil: the inputs are the hidden state.
  let projection: PanelMatrix?
  /// Of a group of 16 rows of logits.
  private let logitShape: PanelShape

  init(_ cluster: ClusterLayout.Cluster, of parameters: Parameters, training: Bool) {
    weight = parameters.view(cluster.weight).rows(cluster.rows)
    bias = cluster.bias.map { parameters.view($0).base + cluster.rows.lowerBound }
    projection = cluster.projection.map { parameters.view($0.weight) }
    logitShape = PanelShape(
      rows: SoftmaxBlock.logitRows(classes: weight.rows, keeps: training), columns: PanelShape.width)
  }

  /// Floats that a group of 16 rows needs for logits and scales.
  var groupFloats: Int { logitShape.stride + SoftmaxBlock.scaleCount(classes: weight.rows) }

  /// The logits of the cluster's tokens for one hidden state [1, hidden].
  func putLogits(of hidden: PanelMatrix, into logits: UnsafeMutableBufferPointer<Float>, _ kernels: Kernels) {
    precondition(logits.count == weight.rows)
    guard let base = logits.baseAddress else { return }
    guard let projection else { return kernels.multiply(weight, vector: hidden, into: base, bias: bias) }
    let shape = PanelShape(rows: 1, columns: projection.rows)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.floatCount) { floats in
      guard let narrow = floats.baseAddress else { return }
      kernels.multiply(projection, vector: hidden, into: narrow)
      let inputs = PanelMatrix(base: narrow, rows: 1, columns: shape.columns, stride: shape.stride)
      kernels.multiply(weight, vector: inputs, into: base, bias: bias)
    }
  }

  /// Memory for some groups.
  func logits(at base: FloatPointer, groups: Int) -> (matrix: PanelMatrix, scales: FloatPointer) {
    let (columns, stride) = (groups * PanelShape.width, logitShape.stride)
    return (PanelMatrix(base: base, rows: logitShape.rows, columns: columns, stride: stride), base + groups * stride)
  }
}

/// Hidden states gathered by cluster, what projections make of them, and their gradients: one row for each position of a
/// `ClusterAssignment`.
struct GatheredRows {
  /// [positions, hidden]
  private let hidden: OwnedMatrix
  private let hiddenGradient: OwnedMatrix?
  /// [hidden, positions]
  private let hiddenTransposed: OwnedMatrix
  /// [positions, widest projection]
  private let projected: OwnedMatrix
  private let projectedGradient: OwnedMatrix?
  /// [widest projection, positions]
  private let projectedTransposed: OwnedMatrix
  private let kernels: Kernels

  private static let width = PanelShape.width

  /// - Parameter projection: width of the widest; 0: there is none.
  init(positions: Int, hidden columns: Int, projection: Int, training: Bool, kernels: Kernels) {
    func padded(_ columns: Int) -> Int { (columns + Self.width - 1) / Self.width * Self.width }
    hidden = OwnedMatrix(rows: positions, columns: columns)
    hiddenGradient = training ? OwnedMatrix(rows: positions, columns: columns) : nil
    hiddenTransposed = OwnedMatrix(rows: padded(columns), columns: positions)
    projected = OwnedMatrix(rows: positions, columns: projection)
    projectedGradient = training ? OwnedMatrix(rows: positions, columns: projection) : nil
    projectedTransposed = OwnedMatrix(rows: padded(projection), columns: positions)
    self.kernels = kernels
  }

  /// The inputs of a cluster's softmax.
  func inputs(
    of tail: ClusterTail, positions: Range<Int>
  ) -> (values: PanelMatrix, gradient: PanelMatrix?, transposed: PanelMatrix) {
    let groups = Self.groups(positions)
    guard let projection = tail.projection else {
      return (hidden.view.rows(positions), hiddenGradient?.view.rows(positions), hiddenTransposed.view.panels(groups))
    }
    func narrowed(_ matrix: PanelMatrix) -> PanelMatrix { matrix.rows(positions).firstColumns(projection.rows) }
    return (
      narrowed(projected.view), projectedGradient.map { narrowed($0.view) }, projectedTransposed.view.panels(groups)
    )
  }

  private static func groups(_ positions: Range<Int>) -> Range<Int> {
    positions.lowerBound / width..<(positions.upperBound + width - 1) / width
  }

  // MARK: forward

  /// Fills positions, which begin with a group, with the rows of an index, and makes a cluster's inputs of them.
  func gather(
    _ source: PanelMatrix, index: UnsafePointer<Int32>, into positions: Range<Int>, for tail: ClusterTail
  ) {
    hidden.view.rows(positions).gatherRows(of: source, index: index)
    let groups = Self.groups(positions)
    transpose(groups, hidden.view, into: hiddenTransposed.view)
    guard let projection = tail.projection else { return }
    // Computed transposed, as logits are: the projection, too, has one layout for three products.
    let transposed = projectedTransposed.view
    kernels.multiply(
      projection, hiddenTransposed.view.rows(0..<hidden.view.columns).panels(groups),
      into: transposed.rows(0..<projection.rows).panels(groups), start: .zero)
    let inputs = projected.view.firstColumns(projection.rows)
    // What a wider cluster has left would be multiplied by as padding.
    transposed.rows(projection.rows..<inputs.panels * Self.width).panels(groups).zeroRows()
    for group in groups {
      for panel in 0..<inputs.panels {
        kernels.transposeBlock(
          transposed.pointer(panel: group, row: panel * Self.width),
          into: inputs.pointer(panel: panel, row: group * Self.width))
      }
    }
  }

  /// Rows past the last one of a group are what was there before: see `SoftmaxBlock.transposeInput`.
  private func transpose(_ groups: Range<Int>, _ from: PanelMatrix, into to: PanelMatrix) {
    for group in groups {
      for panel in 0..<from.panels {
        kernels.transposeBlock(
          from.pointer(panel: panel, row: group * Self.width), into: to.pointer(panel: group, row: panel * Self.width))
      }
    }
  }

  // MARK: backward

  /// The gradient of the hidden states of some positions, from that of the cluster's inputs.
  func takeBack(_ positions: Range<Int>, of tail: ClusterTail) -> PanelMatrix? {
    guard let gradient = hiddenGradient?.view.rows(positions) else { return nil }
    if let projection = tail.projection, let inputs = inputs(of: tail, positions: positions).gradient {
      kernels.multiply(inputs, projection, into: gradient, start: .zero)
    }
    return gradient
  }

  /// A tile of a projection's gradient, summed over positions in order: some panels of its outputs by some of hidden units.
  func reduceProjection(
    of tail: ClusterTail, positions: Range<Int>, outputs: Range<Int>, panels: Range<Int>, into tile: PanelMatrix,
    start: Kernels.Start
  ) {
    guard let inputs = inputs(of: tail, positions: positions).gradient else { return }
    kernels.multiply(
      inputs.panels(outputs), transposed: true, hidden.view.rows(positions).panels(panels), into: tile, start: start)
  }
}

extension PanelMatrix {
  /// All rows, the first columns.
  fileprivate func firstColumns(_ count: Int) -> PanelMatrix {
    PanelMatrix(base: base, rows: rows, columns: count, stride: stride)
  }
}
