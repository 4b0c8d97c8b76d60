import CKernels
import Compute
import Foundation

/// A softmax over the rows of one weight matrix, for some rows of a minibatch: y = softmax(U x + b), the loss
/// -log y[target], and its gradients. It owns no memory.
///
/// Logits are computed transposed, [classes, rows], with 16 rows of the minibatch side by side in the lanes of a vector: so
/// softmax sums along memory, not across lanes, and the weight matrix serves the forward product, the product back into
/// the input and its own gradient in its one natural layout. The exponentials are taken chunk by chunk of classes
/// while the logits are still in the cache, each chunk against its own maximum, and brought to a common scale where
/// they are read next.
struct SoftmaxBlock {
  let kernels: Kernels
  /// U [classes, inputs].
  let weight: PanelMatrix
  /// b [classes], if there is one.
  let bias: FloatPointer?
  /// Rows of the minibatch.
  let rows: Int
  /// [at least rows, inputs] what comes in, and the gradient that goes back.
  let input: PanelMatrix
  let inputGradient: PanelMatrix?
  /// Whether that gradient is added to what is there.
  var addsToInputGradient = false
  /// [inputs, rows] the input, transposed.
  let inputTransposed: PanelMatrix
  /// [classes, rows] logits, then exponentials, then gradients; or [chunk of classes, rows], where no gradients are needed.
  let logits: PanelMatrix
  /// [group][maximum or sum][chunk][lane]
  let scales: FloatPointer
  /// [rows] the logit of each row's target.
  let targetLogits: FloatPointer
  /// [rows] classes; `Minibatch.masked` where nothing is to be predicted.
  let targets: UnsafePointer<Int32>
  /// [rows] in nats.
  let losses: UnsafeMutablePointer<Double>
  /// What a row's loss counts for in the mean: 1 / targets of the minibatch.
  let targetShare: Float
  /// [rows] the logit of each row's likeliest class so far, and that class; nil where nobody asks.
  var likeliest: (logits: FloatPointer, classes: UnsafeMutablePointer<Int32>)?
  /// Classes from here on count for those rows only whose target they are.
  var sharedClasses = Int.max
  /// [classes] added to the logit of a class where it is the target; nil: nothing.
  var targetOffsets: FloatPointer?

  private static let width = PanelShape.width
  private static let chunk = Int(CK_SOFTMAX_CHUNK)

  /// Floats of `scales` for each group of 16 rows.
  static func scaleCount(classes: Int) -> Int { 2 * chunkCount(classes: classes) * width }

  /// Rows that `logits` needs.
  static func logitRows(classes: Int, keeps: Bool) -> Int { keeps ? classes : min(classes, chunk) }

  private static func chunkCount(classes: Int) -> Int { (classes + chunk - 1) / chunk }

  private var classes: Int { weight.rows }
  var chunks: Int { Self.chunkCount(classes: classes) }
  /// Groups of 16 rows.
  var groups: Int { (rows + Self.width - 1) / Self.width }

  /// A group's rows.
  private func rows(ofGroup group: Int) -> Range<Int> { rows(ofGroups: group..<group + 1) }

  private func rows(ofGroups groups: Range<Int>) -> Range<Int> {
    groups.lowerBound * Self.width..<min(groups.upperBound * Self.width, rows)
  }

  // MARK: forward

  /// Losses of some groups, whose input has been transposed; afterwards the logits hold exponentials.
  func forward(groups: Range<Int>) {
    makeExponentials(chunks: 0..<chunks, groups: groups)
    for group in groups { finish(group) }
  }

  /// Exponentials of the logits of some chunks, each against the largest of its own.
  func makeExponentials(chunks: Range<Int>, groups: Range<Int>) {
    let logits = logits.panels(groups)
    for chunk in chunks {
      let range = classes(ofChunk: chunk)
      computeLogits(range, groups: groups)
      for (local, group) in groups.enumerated() {
        let panel = logits.pointer(panel: local, row: logitRows(range).lowerBound)
        exclude(panel, of: range, group: group)
        keepTargetLogits(panel, of: range, rows: rows(ofGroup: group))
        keepLikeliest(panel, of: range, rows: rows(ofGroup: group))
        kernels.softmaxChunk(
          panel, rows: range.count, maximum: maximum(group, chunk), sum: sum(group, chunk))
      }
    }
  }

  private func classes(ofChunk chunk: Int) -> Range<Int> {
    chunk * Self.chunk..<min((chunk + 1) * Self.chunk, classes)
  }

  /// Where the logits of a chunk's classes are.
  private func logitRows(_ range: Range<Int>) -> Range<Int> { logits.rows >= classes ? range : 0..<range.count }

  private func maximum(_ group: Int, _ chunk: Int) -> FloatPointer {
    scales + (2 * group * chunks + chunk) * Self.width
  }

  private func sum(_ group: Int, _ chunk: Int) -> FloatPointer { maximum(group, chunks + chunk) }

  /// Lanes past the last row hold what an earlier minibatch left: finite numbers, or it would have diverged. Their losses
  /// are not read, and their gradients are multiplied by zero.
  func transposeInput(groups: Range<Int>) {
    for group in groups {
      let rows = rows(ofGroup: group)
      for panel in 0..<input.panels {
        let to = inputTransposed.pointer(panel: group, row: panel * Self.width)
        if (group + 1) * Self.width <= input.rows {
          kernels.transposeBlock(input.pointer(panel: panel, row: rows.lowerBound), into: to)
        } else {
          // The memory may end before a whole block does.
          for (lane, row) in rows.enumerated() {
            let from = input.pointer(panel: panel, row: row)
            for column in 0..<Self.width { to[column * Self.width + lane] = from[column] }
          }
        }
      }
    }
  }

  /// The logits of some classes for some groups, whose input has been transposed.
  func computeLogits(_ range: Range<Int>, groups: Range<Int>) {
    kernels.multiply(
      weight.rows(range), inputTransposed.rows(0..<weight.columns).panels(groups),
      into: logits.rows(logitRows(range)).panels(groups), start: bias.map { .rowBias($0 + range.lowerBound) } ?? .zero)
  }

  /// Makes classes that don't count for a row as good as impossible. Finite, so that a chunk of nothing else has a maximum.
  private func exclude(_ panel: FloatPointer, of range: Range<Int>, group: Int) {
    guard range.upperBound > sharedClasses else { return }
    var own = SIMD16<Int32>(repeating: Minibatch.masked)
    for (lane, row) in rows(ofGroup: group).enumerated() { own[lane] = targets[row] }
    for index in max(range.lowerBound, sharedClasses)..<range.upperBound {
      let pointer = UnsafeMutableRawPointer(panel + (index - range.lowerBound) * Self.width)
      let logits = pointer.loadUnaligned(as: SIMD16<Float>.self)
      pointer.storeBytes(
        of: logits.replacing(with: -1e30, where: own .!= Int32(index)), as: SIMD16<Float>.self)
    }
  }

  private func keepTargetLogits(_ panel: FloatPointer, of range: Range<Int>, rows: Range<Int>) {
    for (lane, row) in rows.enumerated() {
      let target = Int(targets[row])
      guard range.contains(target) else { continue }
      Watchdog.writes(targetLogits + row, count: 1)
      let place = (target - range.lowerBound) * Self.width + lane
      if let targetOffsets { panel[place] += targetOffsets[target] }
      targetLogits[row] = panel[place]
    }
  }

  private func keepLikeliest(_ panel: FloatPointer, of range: Range<Int>, rows: Range<Int>) {
    guard let likeliest else { return }
    Watchdog.writes(likeliest.logits + rows.lowerBound, count: rows.count)
    Watchdog.writes(likeliest.classes + rows.lowerBound, count: rows.count)
    for (lane, row) in rows.enumerated() {
      if range.lowerBound == 0 { likeliest.logits[row] = -.infinity }
      for index in range {
        let logit = panel[(index - range.lowerBound) * Self.width + lane]
        if logit > likeliest.logits[row] { (likeliest.logits[row], likeliest.classes[row]) = (logit, Int32(index)) }
      }
    }
  }

  /// Once there are exponentials of all chunks: loss per row; leaves in `maximum` what a chunk's are to be multiplied by to
  /// become the gradient.
  func finish(_ group: Int) {
    let rows = rows(ofGroup: group)
    Watchdog.writes(maximum(group, 0), count: 2 * chunks * Self.width)
    Watchdog.writes(losses + rows.lowerBound, count: rows.count)
    Watchdog.reads(targetLogits + rows.lowerBound, count: rows.count)
    typealias Lanes = SIMD16<Float>
    func lanes(_ pointer: FloatPointer) -> Lanes { UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self) }
    var largest = lanes(maximum(group, 0))
    for chunk in 1..<max(chunks, 1) {
      let other = lanes(maximum(group, chunk))
      largest.replace(with: other, where: other .> largest)
    }
    func put(_ value: Lanes, at pointer: FloatPointer) {
      UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
    }
    for chunk in 0..<chunks { put(lanes(maximum(group, chunk)) - largest, at: maximum(group, chunk)) }
    let scales = maximum(group, 0)
    kernels.apply(CK_EXP, scales, into: scales, count: chunks * Self.width)
    var total = Lanes(repeating: 0)
    for chunk in 0..<chunks { total += lanes(maximum(group, chunk)) * lanes(sum(group, chunk)) }

    var factor = Lanes(repeating: 0)
    for (lane, row) in rows.enumerated() {
      if targets[row] == Minibatch.masked {
        losses[row] = 0
      } else {
        losses[row] = Double(largest[lane] - targetLogits[row]) + log(Double(total[lane]))
        // Where the loss overflows before its gradient does, the gradient must not look usable.
        factor[lane] = losses[row].isFinite ? targetShare / total[lane] : .nan
      }
    }
    for chunk in 0..<chunks { put(lanes(maximum(group, chunk)) * factor, at: maximum(group, chunk)) }
  }

  // MARK: backward

  /// After `forward` of the same groups: dL/dlogits in place of the exponentials, and dL/dx = dL/dlogits^T U.
  func backward(groups: Range<Int>) {
    for first in stride(from: 0, to: chunks, by: Self.chunksOfProduct) {
      let some = first..<min(first + Self.chunksOfProduct, chunks)
      makeGradients(chunks: some, groups: groups)
      multiplyBack(chunks: some, groups: groups, panels: 0..<weight.panels)
    }
  }

  /// Chunks whose gradients are multiplied at once: as long a sum as leaves both operands' panels in the first-level cache.
  private static let chunksOfProduct = 2

  /// dL/dlogits of some chunks in place of their exponentials.
  func makeGradients(chunks: Range<Int>, groups: Range<Int>) {
    let logits = logits.panels(groups)
    for chunk in chunks {
      let range = classes(ofChunk: chunk)
      for (local, group) in groups.enumerated() {
        // The next group's, or the first one's of the next chunk: far away in memory, and by now not in the core's own caches.
        let isLast = local + 1 == groups.count
        kernels.scaleLanes(
          logits.pointer(panel: local, row: range.lowerBound), rows: range.count, by: maximum(group, chunk),
          ahead: logits.pointer(panel: isLast ? 0 : local + 1, row: isLast ? range.upperBound : range.lowerBound))
      }
      for (index, row) in rows(ofGroups: groups).enumerated() {
        let target = Int(targets[row])
        if range.contains(target) { logits[target, index] -= targetShare }
      }
    }
  }

  /// Some panels of dL/dx: chunk after chunk, from the first one, what dL/dlogits of the chunks adds to it.
  func multiplyBack(chunks: Range<Int>, groups: Range<Int>, panels: Range<Int>) {
    guard let inputGradient, !chunks.isEmpty else { return }
    let rows = rows(ofGroups: groups)
    let range = classes(ofChunk: chunks.lowerBound).lowerBound..<classes(ofChunk: chunks.upperBound - 1).upperBound
    let gradient = logits.panels(groups).rows(range)
    kernels.multiply(
      PanelMatrix(base: gradient.base, rows: range.count, columns: rows.count, stride: gradient.stride),
      transposed: true, weight.rows(range).panels(panels), into: inputGradient.rows(rows).panels(panels),
      start: chunks.lowerBound == 0 && !addsToInputGradient ? .zero : .accumulate)
  }

  // MARK: reduction

  /// A tile of dL/dU = dL/dlogits x, summed over the rows in order: some classes by some panels of inputs.
  func reduceWeight(_ range: Range<Int>, panels: Range<Int>, into gradient: PanelMatrix, start: Kernels.Start) {
    kernels.multiply(
      logits.rows(range), firstColumns: rows, input.rows(0..<rows).panels(panels),
      into: gradient.rows(range).panels(panels), start: start)
  }

  /// dL/db of some classes, summed over the rows in order.
  ///
  /// - Parameter start: zero, or what the sums are.
  func addBias(_ range: Range<Int>, to sums: FloatPointer, start: Kernels.Start) {
    if case .zero = start { sums.update(repeating: 0, count: range.count) }
    for group in 0..<groups {
      kernels.addLanes(
        logits.pointer(panel: group, row: range.lowerBound), rows: range.count, to: sums,
        ahead: logits.pointer(panel: min(group + 1, groups - 1), row: range.lowerBound))
    }
  }
}
