import Compute

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
  func differentiate(_ positions: Range<Int>, of tail: ClusterTail) -> PanelMatrix? {
    guard let gradient = hiddenGradient?.view.rows(positions) else { return nil }
    if let projection = tail.projection, let inputs = inputs(of: tail, positions: positions).gradient {
      kernels.multiply(inputs, projection, into: gradient, start: .zero)
    }
    return gradient
  }

  /// A tile of a projection's gradient [inputs, hidden], summed over positions in order.
  func reduceProjection(
    of tail: ClusterTail, positions: Range<Int>, _ tile: ReductionTile, into gradient: PanelMatrix,
    start: Kernels.Start
  ) {
    guard let inputs = inputs(of: tail, positions: positions).gradient else { return }
    kernels.multiply(
      inputs.panels(tile.rowPanels), transposed: true, hidden.view.rows(positions).panels(tile.panels),
      into: tile.view(of: gradient), start: start)
  }
}

extension PanelMatrix {
  /// All rows, the first columns.
  fileprivate func firstColumns(_ count: Int) -> PanelMatrix {
    PanelMatrix(base: base, rows: rows, columns: count, stride: stride)
  }
}
