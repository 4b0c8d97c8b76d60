import Collectives
import Compute

/// Sums of gradients by rows, which are few: everybody gets those of all nodes, and adds them up alike.
///
/// A node's words are for each set of rows their ids, and for each gradient its pieces.
final class RowExchange: @unchecked Sendable {
  // Unchecked: what changes is written between runs of phases by the thread that calls `run`.

  private let communicator: any Communicator
  private let distribution: ShardDistribution
  /// Those of the own nodes.
  private let sums: [GradientSum]
  private let total: Gradients
  /// [nodes, sets of rows] how many.
  private let counts: Buffer<Int>
  /// [nodes, sets of rows] where a node's ids begin, and [nodes, gradients] its floats.
  private var ids: [UnsafePointer<Int32>?]
  private let floats: Buffer<NodeFloats?>
  /// [set of rows] [rows of the sum, nodes] where a node has the row; -1: nowhere.
  private let places: [Buffer<Int32>]
  private let sent = WordBuffer()
  private let received = WordBuffer()
  private let additions: PhaseList
  private var outgoing: [Range<Int>]
  private var incoming: [Range<Int>]

  /// Rows that a job adds up.
  private static let block = 32

  /// - Parameter sums: of each of the own nodes; the first one may be in the memory of the total.
  init(_ communicator: any Communicator, _ distribution: ShardDistribution, sums: [GradientSum], total: Gradients) {
    let nodes = distribution.nodes.count
    let (sets, gradients, block) = (total.rowSets, total.byRows, Self.block)
    let counts = Buffer(count: nodes * sets.count, repeating: 0)
    let floats = Buffer<NodeFloats?>(count: nodes * gradients.count, repeating: nil)
    let places = sets.map { Buffer<Int32>(count: $0.capacity * nodes, repeating: -1) }
    additions = PhaseList(
      gradients.enumerated().map { index, gradient in
        let set = sets.firstIndex { $0 === gradient.rows } ?? 0
        let places = places[set]
        return Phase(.exchange, jobs: { (gradient.rows.count + block - 1) / block }) { job in
          let range = job * block..<min((job + 1) * block, gradient.rows.count)
          Self.add(range, of: gradient, places, distribution) { node in
            floats[node * gradients.count + index].map { ($0.base, counts[node * sets.count + set]) }
          }
        }
      })
    (self.communicator, self.distribution, self.sums, self.total) = (communicator, distribution, sums, total)
    (self.counts, self.floats, self.places) = (counts, floats, places)
    ids = Array(repeating: nil, count: nodes * sets.count)
    outgoing = Array(repeating: 0..<0, count: distribution.ranks)
    incoming = outgoing
  }

  /// Adds up some rows of a gradient in the memory of the operands.
  ///
  /// - Parameter operand: a node's floats, and how many rows it has.
  private static func add(
    _ rows: Range<Int>, of gradient: RowGradient, _ places: Buffer<Int32>, _ distribution: ShardDistribution,
    operand: (_ node: Int) -> (FloatPointer, count: Int)?
  ) {
    let (nodes, places) = (distribution.nodes.count, places.base)
    let (pieces, width) = gradient.parameter.rowPieces
    withUnsafeTemporaryAllocation(of: FloatPointer?.self, capacity: 2 * nodes) { memory in
      memory.initialize(repeating: nil)
      let (bases, operands) = (memory.extracting(..<nodes), memory.extracting(nodes...))
      distribution.additions.withUnsafeBufferPointer { additions in
        for piece in 0..<pieces {
          for node in 0..<nodes { bases[node] = operand(node).map { $0.0 + piece * $0.count * width } }
          let result = gradient.pieceBase(piece)
          Watchdog.writes(result + rows.lowerBound * width, count: rows.count * width)
          for row in rows {
            for node in 0..<nodes {
              let place = Int(places[row * nodes + node])
              operands[node] = place < 0 ? nil : bases[node].map { $0 + place * width }
            }
            if let sum = additions.sum(operands, count: width) {
              (result + row * width).update(from: sum, count: width)
            }
          }
        }
      }
    }
  }

  // MARK: a step

  /// Words that tell others how many rows each of the own nodes has; as many of every rank.
  var headerCount: Int { distribution.mostNodes * total.rowSets.count }

  func writeHeader(to words: UnsafeMutableBufferPointer<UInt32>) {
    words.update(repeating: 0)
    for (node, sum) in sums.enumerated() where !sum.isEmpty {
      for (set, rows) in sum.gradients.rowSets.enumerated() {
        words[node * total.rowSets.count + set] = UInt32(rows.count)
      }
    }
  }

  func readHeader(ofRank rank: Int, _ words: UnsafeBufferPointer<UInt32>) {
    let (nodes, sets) = (distribution.nodes(ofRank: rank), total.rowSets.count)
    for index in 0..<nodes.count * sets { counts[nodes.lowerBound * sets + index] = Int(words[index]) }
  }

  /// When all headers have been read.
  func run(by workers: Workers) {
    if total.byRows.isEmpty { return }
    pack()
    var end = 0
    for other in 0..<distribution.ranks {
      let isOwn = other == communicator.rank
      let words = distribution.nodes(ofRank: other).reduce(0) { $0 + self.words(ofNode: $1) }
      outgoing[other] = isOwn ? 0..<0 : 0..<sent.count
      incoming[other] = isOwn ? end..<end : end..<end + words
      end = incoming[other].upperBound
    }
    received.resize(to: end)
    communicator.exchange(sent.base, outgoing, received.base, incoming)
    for other in 0..<distribution.ranks {
      locate(
        distribution.nodes(ofRank: other),
        from: other == communicator.rank ? sent.base : received.base + 4 * incoming[other].lowerBound)
    }
    unite()
    workers.run(additions)
  }

  private func words(ofNode node: Int) -> Int {
    let sets = total.rowSets
    let ids = sets.indices.reduce(0) { $0 + counts[node * sets.count + $1] }
    return total.byRows.reduce(ids) { words, gradient in
      let (pieces, width) = gradient.parameter.rowPieces
      return words + pieces * width * counts[node * sets.count + set(of: gradient)]
    }
  }

  private func set(of gradient: RowGradient) -> Int { total.rowSets.firstIndex { $0 === gradient.rows } ?? 0 }

  private func pack() {
    sent.resize(to: 0)
    for sum in sums where !sum.isEmpty {
      for rows in sum.gradients.rowSets { sent.append(rows.ids.base, count: rows.count) }
      for gradient in sum.gradients.byRows {
        let width = gradient.parameter.rowPieces.width
        for piece in 0..<gradient.pieceCount {
          sent.append(gradient.pieceBase(piece), count: gradient.rows.count * width)
        }
      }
    }
  }

  /// Finds ids and floats of some nodes in their words.
  private func locate(_ nodes: Range<Int>, from base: UnsafeMutableRawPointer) {
    var next = base
    for node in nodes {
      for set in total.rowSets.indices {
        let index = node * total.rowSets.count + set
        ids[index] = UnsafePointer(next.assumingMemoryBound(to: Int32.self))
        next += 4 * counts[index]
      }
      for (index, gradient) in total.byRows.enumerated() {
        let (pieces, width) = gradient.parameter.rowPieces
        floats[node * total.byRows.count + index] = NodeFloats(
          base: next.assumingMemoryBound(to: Float.self))
        next += 4 * pieces * width * counts[node * total.rowSets.count + set(of: gradient)]
      }
    }
  }

  /// The rows of the sum: those of the first node, then those that only the second one has, and so on; what the tree's sums of
  /// two come to, whichever nodes there are.
  private func unite() {
    let nodes = distribution.nodes.count
    for (set, rows) in total.rowSets.enumerated() {
      let places = places[set].base
      rows.removeAll()
      for node in 0..<nodes {
        let index = node * total.rowSets.count + set
        guard let ids = ids[index] else { continue }
        for place in 0..<counts[index] {
          let known = rows.count
          let row = Int(rows.insert(ids[place]))
          if row == known { (places + row * nodes).update(repeating: -1, count: nodes) }
          places[row * nodes + node] = Int32(place)
        }
      }
    }
  }

  /// What adding up has cost.
  var phaseTotals: [PhaseTotal] { additions.totals }
}
