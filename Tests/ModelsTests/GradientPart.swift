import Compute
import ModelTestSupport
import Models

/// The loss and the gradient of some shards; rows of gradients by rows in their order.
struct GradientPart: Sendable {
  typealias Rows = [(id: Int32, values: [Float])]

  var loss: Double
  var dense: [Float]
  var byRows: [Rows]

  init(loss: Double, _ gradients: Gradients) {
    self.loss = loss
    dense = Array(gradients.values.floats)
    byRows = gradients.byRows.map { gradient in
      (0..<gradient.rows.count).map { place in
        let width = gradient.parameter.rowPieces.width
        return (
          gradient.rows.ids[place],
          (0..<gradient.pieceCount).flatMap { gradient.piece($0)[place * width..<(place + 1) * width] }
        )
      }
    }
  }

  /// Makes gradients without rows these.
  func put(into gradients: Gradients) {
    for (index, value) in dense.enumerated() { gradients.values.base[index] = value }
    for (gradient, rows) in zip(gradients.byRows, byRows) {
      let width = gradient.parameter.rowPieces.width
      for row in rows {
        let place = Int(gradient.rows.insert(row.id))
        for piece in 0..<gradient.pieceCount {
          let floats = UnsafeMutableBufferPointer(mutating: gradient.piece(piece))
          for column in 0..<width { floats[place * width + column] = row.values[piece * width + column] }
        }
      }
    }
  }

  static func + (left: GradientPart, right: GradientPart) -> GradientPart {
    var sum = left
    sum.loss += right.loss
    sum.dense = zip(left.dense, right.dense).map { $0 + $1 }
    for (set, rows) in right.byRows.enumerated() {
      for row in rows {
        if let place = left.byRows[set].firstIndex(where: { $0.id == row.id }) {
          sum.byRows[set][place].values = zip(left.byRows[set][place].values, row.values).map { $0 + $1 }
        } else {
          sum.byRows[set].append(row)
        }
      }
    }
    return sum
  }

  /// The sum of some parts over the tree, by a binary counter; nil: nothing.
  static func sum(_ parts: [GradientPart?]) -> GradientPart? {
    func sum(_ left: GradientPart?, _ right: GradientPart?) -> GradientPart? {
      guard let left, let right else { return left ?? right }
      return left + right
    }
    var counter: [GradientPart?] = []
    for (index, part) in parts.enumerated() {
      counter.append(part)
      var added = index + 1
      while added.isMultiple(of: 2) {
        let right = counter.removeLast()
        counter.append(sum(counter.removeLast(), right))
        added /= 2
      }
    }
    return counter.dropLast().reversed().reduce(counter.last ?? nil) { sum($1, $0) }
  }

  var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot.add("loss", [loss])
    snapshot.add("dense", dense.map(Double.init))
    for (index, rows) in byRows.enumerated() {
      snapshot.add("ids \(index)", rows.map { Double($0.id) })
      snapshot.add("rows \(index)", rows.flatMap(\.values).map(Double.init))
    }
    return snapshot
  }
}
