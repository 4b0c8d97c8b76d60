import Compute

/// The softmax over the tokens of one cluster of a `ClusteredOutput`.
struct ClusterTail {
  /// [tokens, inputs]
  let weight: PanelMatrix
  /// [inputs, hidden]; nil: the inputs are the hidden state.
  let projection: PanelMatrix?
  /// [1, classes] of all clusters, if there is one; the cluster's from `firstBias` on.
  private let biases: PanelMatrix?
  private let firstBias: Int
  /// Of a group of 16 rows of logits.
  private let logitShape: PanelShape

  init(_ handles: ClusteredParameters.Tail, of parameters: Parameters, training: Bool) {
    weight = parameters.view(handles.weight).rows(handles.rows)
    biases = handles.bias.map(parameters.view)
    firstBias = handles.rows.lowerBound
    projection = handles.projection.map(parameters.view)
    logitShape = PanelShape(
      rows: SoftmaxBlock.logitRows(classes: weight.rows, keeps: training), columns: PanelShape.width)
  }

  /// [tokens]
  var bias: FloatPointer? { biases.map { $0.base + firstBias } }

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
