import Compute

/// A rank's slice of all nodes, those that others send packed, and the sum of it. Elsewhere the sum means nothing.
///
/// Zeros that a node has in a cluster without a target of it don't come, and count once: however many +0 there are among some
/// numbers, and wherever they are added, they only make +0 of a sum of -0.
final class SliceSum: Sendable {
  /// [nodes of others] the own slice of each.
  let received: Arena
  private let own: Range<Int>
  private let contents: NodeContents
  private let packing: Packing
  /// [nodes, parts] where a part begins among what there is of its node; -1: nowhere.
  private let places: Buffer<Int>
  /// [parts] whether there are nodes that have zeros there, which didn't come.
  private let lacksZeros: Buffer<Bool>
  /// [nodes] of others, in `received`.
  private let starts, counts: Buffer<Int>
  private let additions: PhaseList

  /// - Parameters:
  ///   - own: this rank's nodes.
  ///   - sums: of each of these.
  init(
    _ slice: Range<Int>, _ distribution: ShardDistribution, own: Range<Int>, sums: [Arena], total: Gradients,
    _ contents: NodeContents
  ) {
    let nodes = distribution.nodes.count
    let packing = Packing([slice], total.clusters)
    let parts = packing.parts.count
    let received = Arena(count: (nodes - own.count) * slice.count)
    let starts = Buffer((0..<nodes).map { ($0 < own.lowerBound ? $0 : max(0, $0 - own.count)) * slice.count })
    let bases = Buffer(
      (0..<nodes).map { node in
        NodeFloats(
          base: own.contains(node) ? sums[node - own.lowerBound].base : received.base + starts[node])
      })
    let places = Buffer(count: nodes * parts, repeating: -1)
    let lacksZeros = Buffer(count: parts, repeating: false)
    let phase = Phase(.exchange, jobs: { packing.jobs }) { [total = total.values] job in
      withUnsafeTemporaryAllocation(of: FloatPointer?.self, capacity: nodes) { operands in
        for index in packing.parts(ofJob: job) {
          let part = packing.parts[index]
          for node in 0..<nodes {
            let place = places[node * parts + index]
            operands.initializeElement(at: node, to: place < 0 ? nil : bases[node].base + place)
          }
          Self.add(
            operands, lacksZeros: lacksZeros[index], distribution, to: total.base + part.start, count: part.count)
        }
      }
    }
    additions = PhaseList([phase])
    (self.own, self.contents, self.packing, self.received) = (own, contents, packing, received)
    (self.places, self.lacksZeros, self.starts) = (places, lacksZeros, starts)
    counts = Buffer(count: nodes, repeating: 0)
  }

  /// Adds up in the memory of the operands: nobody needs them any more.
  private static func add(
    _ operands: UnsafeMutableBufferPointer<FloatPointer?>, lacksZeros: Bool, _ distribution: ShardDistribution,
    to result: FloatPointer, count: Int
  ) {
    for operand in operands { if let operand { Watchdog.writes(operand, count: count) } }
    Watchdog.writes(result, count: count)
    let sum = distribution.additions.withUnsafeBufferPointer { $0.sum(operands, count: count) }
    guard let sum else { return result.update(repeating: 0, count: count) }
    if lacksZeros {
      for index in 0..<count { result[index] = sum[index] + 0 }
    } else if sum != result {
      result.update(from: sum, count: count)
    }
  }

  /// Finds out what others are going to send. Cost: O(nodes x parts); no allocation.
  func prepare() {
    let parts = packing.parts.count
    for part in 0..<parts { lacksZeros[part] = false }
    for node in 0..<counts.count {
      let (isOwn, isPresent) = (own.contains(node), contents.has(node))
      var end = 0
      for index in 0..<parts {
        let part = packing.parts[index]
        let isThere = contents.has(node, cluster: part.cluster)
        places[node * parts + index] = !isThere ? -1 : isOwn ? part.start : end
        if isThere { end += part.count } else if isPresent { lacksZeros[index] = true }
      }
      counts[node] = isOwn ? 0 : end
    }
  }

  /// Where a node goes in `received`: nothing of an own one.
  func words(ofNode node: Int) -> Range<Int> { starts[node]..<starts[node] + counts[node] }

  func run(by workers: Workers) { workers.run(additions) }

  /// What adding up has cost.
  var phaseTotals: [PhaseTotal] { additions.totals }
}
