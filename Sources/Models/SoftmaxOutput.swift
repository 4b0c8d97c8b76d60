import CKernels
import Compute
import Foundation

/// The output layer: y_t = softmax(U h_t + b), the loss -log y_t[target], and its gradient.
///
/// Logits are computed transposed, [classes, rows], with 16 rows of the minibatch side by side in the lanes of a vector: so
/// softmax sums along memory, not across lanes, and the weight matrix serves the forward product, the product back into
/// the hidden states and its own gradient in its one natural layout. The exponentials are taken chunk by chunk of classes
/// while the logits are still in the cache, each chunk against its own maximum, and brought to a common scale where
/// they are read next.
final class SoftmaxOutput: @unchecked Sendable {
  // Unchecked: `losses` is written as arenas are, each row by one job.

  private let kernels: Kernels
  private let minibatch: Minibatch
  /// U [classes, hidden] and b [classes].
  private let weight: PanelMatrix
  private let bias: PanelMatrix
  /// [rows, hidden] what comes in, and the gradient that goes back.
  private let input: PanelMatrix
  private let inputGradient: PanelMatrix?
  private let classes: Int
  /// Rows of the minibatch that are in memory as logits at one time: a multiple of 16.
  private let blockRows: Int
  /// [classes, blockRows] logits, then exponentials, then gradients.
  private let logits: OwnedMatrix
  /// [hidden, blockRows] the input, transposed.
  private let inputTransposed: OwnedMatrix
  /// [group][maximum or sum][chunk][lane]
  private let chunkScales: Arena
  private let chunks: Int
  /// [rows] the logit of each row's target.
  private let targetLogits: Arena
  /// [rows] in nats.
  let losses: UnsafeMutablePointer<Double>
  /// [rows] the logit of each row's likeliest class so far.
  private let largestLogits: Arena?
  /// [rows] the likeliest class, of several the first.
  let predictions: UnsafeMutablePointer<Int32>

  private static let width = PanelShape.width
  private static let chunk = Int(CK_SOFTMAX_CHUNK)

  /// - Parameters:
  ///   - logitsBound: past this many bytes the logits go in blocks; no block has fewer than 128 rows, below which
  ///     products waste time.
  ///   - predicts: whether to look for the likeliest classes.
  init(
    of parameters: Parameters, minibatch: Minibatch, input: PanelMatrix, inputGradient: PanelMatrix?, logitsBound: Int,
    predicts: Bool
  ) {
    kernels = parameters.kernels
    self.minibatch = minibatch
    self.input = input
    self.inputGradient = inputGradient
    weight = parameters.view(parameters.layout.outputWeight)
    bias = parameters.view("decoder.bias")
    classes = parameters.shape.classes
    let rows = minibatch.timeline.capacity.rows
    let fitting = logitsBound / (classes * MemoryLayout<Float>.stride) / Self.width * Self.width
    blockRows = min((rows + Self.width - 1) / Self.width * Self.width, max(fitting, 128))
    logits = OwnedMatrix(rows: classes, columns: blockRows)
    inputTransposed = OwnedMatrix(rows: weight.panels * Self.width, columns: blockRows)
    chunks = (classes + Self.chunk - 1) / Self.chunk
    chunkScales = Arena(count: blockRows / Self.width * 2 * chunks * Self.width)
    targetLogits = Arena(count: rows + Self.width)
    losses = .allocate(capacity: rows)
    losses.initialize(repeating: 0, count: rows)
    predictions = .allocate(capacity: rows)
    predictions.initialize(repeating: 0, count: rows)
    largestLogits = predicts ? Arena(count: rows) : nil
  }

  deinit {
    losses.deallocate()
    predictions.deallocate()
  }

  /// Blocks that a full minibatch is cut into.
  var blockCount: Int { (minibatch.timeline.capacity.rows + blockRows - 1) / blockRows }

  /// The minibatch's rows in a block; empty past the current minibatch's end.
  func rows(ofBlock block: Int) -> Range<Int> {
    min(block * blockRows, minibatch.rows)..<min((block + 1) * blockRows, minibatch.rows)
  }

  /// Groups of 16 rows in a block.
  func groups(ofBlock block: Int) -> Int { (rows(ofBlock: block).count + Self.width - 1) / Self.width }

  // MARK: forward

  /// Losses of some groups of a block's rows; afterwards the logits hold exponentials.
  func forward(block: Int, groups: Range<Int>) {
    let first = rows(ofBlock: block).lowerBound
    let logits = logits.view.panels(groups)
    transposeInput(first: first, groups: groups)
    for chunk in 0..<chunks {
      let range = classes(ofChunk: chunk)
      computeLogits(range, groups: groups)
      for (local, group) in groups.enumerated() {
        let row = first + group * Self.width
        let panel = logits.pointer(panel: local, row: range.lowerBound)
        let rows = row..<min(row + Self.width, minibatch.rows)
        keepTargetLogits(panel, of: range, rows: rows)
        if let largestLogits { keepPredictions(panel, of: range, rows: rows, largest: largestLogits.base) }
        kernels.softmaxChunk(
          panel, rows: range.count, maximum: maximum(group, chunk), sum: sum(group, chunk))
      }
    }
    for group in groups {
      let row = first + group * Self.width
      finish(group, rows: row..<min(row + Self.width, minibatch.rows))
    }
  }

  private func classes(ofChunk chunk: Int) -> Range<Int> {
    chunk * Self.chunk..<min((chunk + 1) * Self.chunk, classes)
  }

  private func maximum(_ group: Int, _ chunk: Int) -> UnsafeMutablePointer<Float> {
    chunkScales.base + (2 * group * chunks + chunk) * Self.width
  }

  private func sum(_ group: Int, _ chunk: Int) -> UnsafeMutablePointer<Float> { maximum(group, chunks + chunk) }

  /// Rows past the minibatch's end in the last group are what an earlier minibatch left: finite numbers, or it would have
  /// diverged. Their lanes' losses are not read, and their gradients are multiplied by zero.
  private func transposeInput(first: Int, groups: Range<Int>) {
    for group in groups {
      for panel in 0..<input.panels {
        kernels.transposeBlock(
          input.pointer(panel: panel, row: first + group * Self.width),
          into: inputTransposed.view.pointer(panel: group, row: panel * Self.width))
      }
    }
  }

  private func computeLogits(_ range: Range<Int>, groups: Range<Int>) {
    kernels.multiply(
      weight.rows(range), inputTransposed.view.rows(0..<weight.columns).panels(groups),
      into: logits.view.rows(range).panels(groups), start: .rowBias(bias.base + range.lowerBound))
  }

  private func keepTargetLogits(_ panel: UnsafeMutablePointer<Float>, of range: Range<Int>, rows: Range<Int>) {
    for (lane, row) in rows.enumerated() {
      let target = Int(minibatch.targets[row])
      if range.contains(target) {
        targetLogits.base[row] = panel[(target - range.lowerBound) * Self.width + lane]
      }
    }
  }

  private func keepPredictions(
    _ panel: UnsafeMutablePointer<Float>, of range: Range<Int>, rows: Range<Int>, largest: FloatPointer
  ) {
    for (lane, row) in rows.enumerated() {
      if range.lowerBound == 0 { largest[row] = -.infinity }
      for index in range {
        let logit = panel[(index - range.lowerBound) * Self.width + lane]
        if logit > largest[row] { (largest[row], predictions[row]) = (logit, Int32(index)) }
      }
    }
  }

  /// Loss per row; leaves in `maximum` what a chunk's exponentials are to be multiplied by to become the gradient.
  private func finish(_ group: Int, rows: Range<Int>) {
    typealias Lanes = SIMD16<Float>
    func lanes(_ pointer: UnsafeMutablePointer<Float>) -> Lanes {
      UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
    }
    var largest = lanes(maximum(group, 0))
    for chunk in 1..<max(chunks, 1) {
      let other = lanes(maximum(group, chunk))
      largest.replace(with: other, where: other .> largest)
    }
    func put(_ value: Lanes, at pointer: UnsafeMutablePointer<Float>) {
      UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
    }
    for chunk in 0..<chunks { put(lanes(maximum(group, chunk)) - largest, at: maximum(group, chunk)) }
    let scales = maximum(group, 0)
    kernels.apply(CK_EXP, scales, into: scales, count: chunks * Self.width)
    var total = Lanes(repeating: 0)
    for chunk in 0..<chunks { total += lanes(maximum(group, chunk)) * lanes(sum(group, chunk)) }

    var factor = Lanes(repeating: 0)
    let share = 1 / Float(minibatch.targetCount)
    for (lane, row) in rows.enumerated() {
      if minibatch.targets[row] == Minibatch.masked {
        losses[row] = 0
      } else {
        losses[row] = Double(largest[lane] - targetLogits.base[row]) + log(Double(total[lane]))
        // Where the loss overflows before its gradient does, the gradient must not look usable.
        factor[lane] = losses[row].isFinite ? share / total[lane] : .nan
      }
    }
    for chunk in 0..<chunks { put(lanes(maximum(group, chunk)) * factor, at: maximum(group, chunk)) }
  }

  // MARK: backward

  /// After `forward` of the same groups: dL/dlogits in place of the exponentials, and dL/dh = dL/dlogits^T U.
  ///
  /// The loss is the mean over the minibatch's targets.
  func backward(block: Int, groups: Range<Int>) {
    guard let inputGradient else { return }
    let block = rows(ofBlock: block)
    let rows =
      block.lowerBound + groups.lowerBound
      * Self.width..<min(block.lowerBound + groups.upperBound * Self.width, block.upperBound)
    let logits = logits.view.panels(groups)
    let share = 1 / Float(minibatch.targetCount)
    for chunk in 0..<chunks {
      let range = classes(ofChunk: chunk)
      for (local, group) in groups.enumerated() {
        kernels.scaleLanes(
          logits.pointer(panel: local, row: range.lowerBound), rows: range.count, by: maximum(group, chunk))
      }
      for (index, row) in rows.enumerated() {
        let target = Int(minibatch.targets[row])
        if range.contains(target) { logits[target, index] -= share }
      }
      let chunkGradient = logits.rows(range)
      kernels.multiply(
        PanelMatrix(base: chunkGradient.base, rows: range.count, columns: rows.count, stride: chunkGradient.stride),
        transposed: true, weight.rows(range), into: inputGradient.rows(rows), start: chunk == 0 ? .zero : .accumulate)
    }
  }

  // MARK: the reducer's part

  /// Jobs that each sum one tile of dL/dU = dL/dlogits h, or of dL/db, over a block's rows in order. A later block goes on
  /// where the one before ended.
  func reduction(into gradients: Gradients) -> [@Sendable (_ block: Int) -> Void] {
    let weightGradient = gradients.view(gradients.layout.outputWeight)
    let biasGradient = gradients.view("decoder.bias")
    var jobs: [@Sendable (Int) -> Void] = []
    for (rowPanels, panels) in ReductionTile.all(of: weightGradient) {
      let range = rowPanels.lowerBound * Self.width..<min(rowPanels.upperBound * Self.width, classes)
      jobs.append { [self] block in
        let rows = rows(ofBlock: block)
        kernels.multiply(
          logits.view.rows(range), firstColumns: rows.count, input.rows(rows).panels(panels),
          into: weightGradient.rows(range).panels(panels), start: block == 0 ? .zero : .accumulate)
      }
      // The tiles of the first columns have each class once: they see to the bias as well.
      guard panels.lowerBound == 0 else { continue }
      jobs.append { [self] block in
        let sums = biasGradient.base + range.lowerBound
        if block == 0 { sums.update(repeating: 0, count: range.count) }
        for group in 0..<groups(ofBlock: block) {
          kernels.addLanes(logits.view.pointer(panel: group, row: range.lowerBound), rows: range.count, to: sums)
        }
      }
    }
    return jobs
  }

  // MARK: generation

  /// The logits of one row of the minibatch, for all classes.
  func logits(row: Int, into result: UnsafeMutableBufferPointer<Float>) {
    precondition(result.count == classes && row < minibatch.rows)
    let first = row / Self.width * Self.width
    transposeInput(first: first, groups: 0..<1)
    computeLogits(0..<classes, groups: 0..<1)
    for index in 0..<classes { result[index] = logits.view[index, row - first] }
  }
}
