import Compute

/// Floats of an arena, to be packed side by side without those of some clusters of an output layer: which parts there are, and
/// which of them a job moves.
struct Packing: Sendable {
  /// In the order of memory, each of one cluster or of none, and of one job.
  struct Part: Sendable, BitwiseCopyable {
    /// From the arena's start.
    let start: Int
    let count: Int
    /// -1: none.
    fileprivate let clusterOrNone: Int

    var cluster: Int? { clusterOrNone < 0 ? nil : clusterOrNone }
  }

  /// [stretches] what is packed.
  let stretches: [Range<Int>]
  let parts: Buffer<Part>
  /// [jobs + 1] the first part of each.
  private let firstParts: Buffer<Int>
  /// [stretches + 1] the first job of each.
  private let firstJobs: [Int]

  /// Floats that a job moves.
  private static let block = 4096

  /// - Parameter stretches: floats of the arena, in the order of memory.
  init(_ stretches: [Range<Int>], _ clusters: TargetedClusters?) {
    var (parts, firstParts, firstJobs) = ([Part](), [Int](), [Int]())
    for stretch in stretches {
      firstJobs.append(firstParts.count)
      for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: Self.block) {
        firstParts.append(parts.count)
        let block = start..<min(start + Self.block, stretch.upperBound)
        parts += ArenaPart.parts(of: block, clusters).map {
          Part(start: $0.floats.lowerBound, count: $0.floats.count, clusterOrNone: $0.cluster ?? -1)
        }
      }
    }
    self.stretches = stretches
    self.firstJobs = firstJobs + [firstParts.count]
    self.firstParts = Buffer(firstParts + [parts.count])
    self.parts = Buffer(parts)
  }

  var jobs: Int { firstParts.count - 1 }

  func jobs(ofStretch index: Int) -> Range<Int> { firstJobs[index]..<firstJobs[index + 1] }

  func parts(ofJob job: Int) -> Range<Int> { firstParts[job]..<firstParts[job + 1] }

  fileprivate func parts(ofStretch index: Int) -> Range<Int> {
    firstParts[firstJobs[index]]..<firstParts[firstJobs[index + 1]]
  }
}

/// What of a packing is there, and where.
final class PackedParts: @unchecked Sendable {
  // Unchecked: the thread that begins runs of phases chooses, and jobs read.

  let packing: Packing
  /// [parts] from the start of what is packed; -1: left out.
  private let places: Buffer<Int>
  /// [stretches] where each is in what is packed.
  private(set) var words: [Range<Int>]

  init(_ packing: Packing) {
    self.packing = packing
    places = Buffer(count: packing.parts.count, repeating: -1)
    words = packing.stretches.map { _ in 0..<0 }
  }

  /// Takes the parts of some clusters. Cost: O(parts); no allocation.
  ///
  /// - Parameter has: whether those of a cluster are there, and those of none.
  func choose(_ has: (_ cluster: Int?) -> Bool) {
    var end = 0
    for index in packing.stretches.indices {
      let start = end
      for part in packing.parts(ofStretch: index) {
        let isThere = has(packing.parts[part].cluster)
        places[part] = isThere ? end : -1
        if isThere { end += packing.parts[part].count }
      }
      words[index] = start..<end
    }
  }

  /// Whether nothing is left out.
  var isComplete: Bool { zip(words, packing.stretches).allSatisfy { $0.count == $1.count } }

  /// A job of moving what is there: from an arena to where it is packed, or back.
  func move(job: Int, _ arena: FloatPointer, to packed: FloatPointer) {
    forEachPart(of: job) { start, place, count in copy(arena + start, to: packed + place, count) }
  }

  func move(job: Int, to arena: FloatPointer, from packed: FloatPointer) {
    forEachPart(of: job) { start, place, count in copy(packed + place, to: arena + start, count) }
  }

  private func forEachPart(of job: Int, _ body: (_ start: Int, _ place: Int, _ count: Int) -> Void) {
    for index in packing.parts(ofJob: job) {
      let (part, place) = (packing.parts[index], places[index])
      if place >= 0 { body(part.start, place, part.count) }
    }
  }

  private func copy(_ from: FloatPointer, to: FloatPointer, _ count: Int) {
    Watchdog.reads(from, count: count)
    Watchdog.writes(to, count: count)
    to.update(from: from, count: count)
  }
}
