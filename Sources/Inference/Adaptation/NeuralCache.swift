import CKernels
import Compute
import Foundation
import Models

/// Settings of a continuous cache (Grave et al.: Improving Neural Language Models with a Continuous Cache, ICLR 2017). Of the
/// last `size` timesteps i it keeps the hidden state of the last layer, h_i, and the token that came next, x_i+1:
///
///     p_cache(w | t)  is proportional to  the sum over i with x_i+1 = w of exp(theta h_t h_i)
///     p(w | t) = (1 - weight) p_model(w | t) + weight p_cache(w | t)
///
/// As long as the cache is empty the model's distribution stands alone.
package struct NeuralCache: Sendable, Equatable {
  /// Timesteps that are kept, of each stream.
  package var size: Int
  package var theta: Double
  package var weight: Double

  package init(size: Int, theta: Double, weight: Double) {
    self.size = size
    self.theta = theta
    self.weight = weight
  }
}

/// What a cache holds, a ring of timesteps for each sequence of a minibatch, and the losses that it leads to.
///
/// A minibatch goes through in blocks of 16 timesteps, which stand in the lanes of a vector: their products with what is kept
/// are one product of matrices, in chunks of slots that workers take. What is later than a timestep, or too old for it, is
/// made as good as impossible. No result depends on where blocks begin.
final class CacheMemory: @unchecked Sendable {
  // Unchecked: within a phase each job writes what belongs to its sequence, or to its chunk of it.

  private let settings: NeuralCache
  private let model: SequenceModel
  private let kernels: Kernels
  /// Room for what a block's first timestep still reads when its last one is put in.
  private let slots: Int
  private let chunkCount: Int

  // Of each sequence:
  /// [slots, hidden]
  private let states: Matrices
  /// [hidden, 16 timesteps] theta h_t, transposed.
  private let queries: Matrices
  /// [slots, 16 timesteps]
  private let scores: Matrices
  /// [slots] the token that came next.
  private let next: Buffer<Int32>
  /// [chunk][lane]
  private let maxima, sums: Arena
  /// [chunk][lane] exponentials of the entries that the target came after.
  private let matches: Buffer<Double>
  /// Timesteps so far.
  private let counts: Buffer<Int>

  /// [rows] in nats.
  private let losses: Buffer<Double>

  private static let width = PanelShape.width
  private static let chunk = Int(CK_SOFTMAX_CHUNK)
  private typealias Lanes = SIMD16<Float>

  /// A matrix for each sequence.
  private struct Matrices: Sendable {
    private let shape: PanelShape
    private let arena: Arena

    init(sequences: Int, rows: Int, columns: Int) {
      shape = PanelShape(rows: rows, columns: columns)
      arena = Arena(count: sequences * shape.floatCount)
    }

    subscript(sequence: Int) -> PanelMatrix { PanelMatrix(arena, offset: sequence * shape.floatCount, shape) }
  }

  /// - Parameter model: of sequences that go on from minibatch to minibatch.
  init(_ settings: NeuralCache, of model: SequenceModel) {
    self.settings = settings
    self.model = model
    kernels = model.parameters.kernels
    let (capacity, hidden) = (model.minibatch.timeline.capacity, model.outputInput.columns)
    let sequences = capacity.sequences
    slots = settings.size + Self.width
    chunkCount = (slots + Self.chunk - 1) / Self.chunk
    states = Matrices(sequences: sequences, rows: slots, columns: hidden)
    queries = Matrices(sequences: sequences, rows: hidden, columns: Self.width)
    scores = Matrices(sequences: sequences, rows: slots, columns: Self.width)
    next = Buffer(count: sequences * slots, repeating: Minibatch.masked)
    maxima = Arena(count: sequences * chunkCount * Self.width)
    sums = Arena(count: sequences * chunkCount * Self.width)
    matches = Buffer(count: sequences * chunkCount * Self.width, repeating: 0)
    counts = Buffer(count: sequences, repeating: 0)
    losses = Buffer(count: capacity.rows, repeating: 0)
  }

  /// After `phases`: a row's loss by the interpolated distribution.
  func loss(row: Int) -> Double { losses[row] }

  // MARK: phases

  /// After the model's losses.
  func phases() -> [Phase] {
    let blocks = (timeline.capacity.timesteps + Self.width - 1) / Self.width
    let chunkCount = chunkCount
    return (0..<blocks).flatMap { block in
      let sequences = { @Sendable [timeline] in timeline.count(timestep: block * Self.width) }
      return [
        Phase(.output, jobs: sequences) { [self] in record(Block(block, of: $0, timeline)) },
        Phase(.output, jobs: { sequences() * chunkCount }) { [self] job in
          score(Block(block, of: job / chunkCount, timeline), chunk: job % chunkCount)
        },
        Phase(.output, jobs: sequences) { [self] in interpolate(Block(block, of: $0, timeline)) },
      ]
    }
  }

  private var timeline: Timeline { model.minibatch.timeline }

  /// Up to 16 timesteps of a sequence of the minibatch.
  private struct Block {
    let sequence, first, count: Int

    init(_ index: Int, of sequence: Int, _ timeline: Timeline) {
      self.sequence = sequence
      first = index * CacheMemory.width
      count = min(CacheMemory.width, timeline.length(sequence) - first)
    }
  }

  /// Puts a block's timesteps in, and makes queries of them.
  private func record(_ block: Block) {
    let (hidden, theta) = (model.outputInput, Float(settings.theta))
    let (states, queries) = (states[block.sequence], queries[block.sequence])
    Watchdog.writes(queries)
    for lane in 0..<block.count {
      let row = timeline.row(block.first + lane, block.sequence)
      let slot = (counts[block.sequence] + lane) % slots
      next[block.sequence * slots + slot] = model.minibatch.targets[row]
      states.rows(slot..<slot + 1).copyRows(from: hidden.rows(row..<row + 1))
      for panel in 0..<hidden.panels {
        let state = hidden.pointer(panel: panel, row: row)
        for column in 0..<min(Self.width, hidden.columns - panel * Self.width) {
          queries.pointer(panel: 0, row: panel * Self.width + column)[lane] = theta * state[column]
        }
      }
    }
  }

  /// Exponentials of a chunk's scores for each of a block's timesteps, with what they are relative to, their sum, and the sum
  /// of those of the timestep's target.
  private func score(_ block: Block, chunk: Int) {
    let range = chunk * Self.chunk..<min((chunk + 1) * Self.chunk, slots)
    let place = scale(block.sequence, chunk)
    let newest = counts[block.sequence] + block.count - 1
    var matched = SIMD16<Double>.zero
    if range.lowerBound <= newest {
      let scores = scores[block.sequence].rows(range)
      kernels.multiply(states[block.sequence].rows(range), queries[block.sequence], into: scores, start: .zero)
      exclude(from: scores, range, block, newest: newest)
      kernels.softmaxChunk(scores.base, rows: range.count, maximum: maxima.base + place, sum: sums.base + place)
      let targets = targets(of: block)
      let next = next.base + block.sequence * slots + range.lowerBound
      for row in 0..<range.count {
        let isMatch = targets .== next[row]
        if any(isMatch) { matched += SIMD16<Double>(lanes(scores, row).replacing(with: 0, where: .!isMatch)) }
      }
    } else {
      put(Lanes(repeating: Self.impossible), at: maxima.base + place)
      put(Lanes(repeating: 0), at: sums.base + place)
    }
    for lane in 0..<Self.width { matches[place + lane] = matched[lane] }
  }

  /// A finite score, so that a chunk of nothing else has a maximum.
  private static let impossible: Float = -1e30

  /// Of a chunk's entries, those that a timestep can't know yet, and those that are too old for it.
  ///
  /// - Parameter newest: the number of the block's last timestep, counted from 0.
  private func exclude(from scores: PanelMatrix, _ range: Range<Int>, _ block: Block, newest: Int) {
    for row in 0..<range.count {
      // How many timesteps before the newest one the entry was put in.
      let distance = (newest - range.lowerBound - row + slots) % slots
      // All timesteps of the block may have it.
      if block.count <= distance && distance <= min(settings.size, newest) { continue }
      var kept = lanes(scores, row)
      for lane in 0..<Self.width {
        let age = distance - (block.count - 1 - lane)
        if distance > newest || age < 1 || age > settings.size { kept[lane] = Self.impossible }
      }
      put(kept, at: scores.pointer(panel: 0, row: row))
    }
  }

  /// The block's targets in the lanes; what no token has where there is none.
  private func targets(of block: Block) -> SIMD16<Int32> {
    var targets = SIMD16<Int32>(repeating: .min)
    for lane in 0..<block.count {
      let target = model.minibatch.targets[timeline.row(block.first + lane, block.sequence)]
      if target != Minibatch.masked { targets[lane] = target }
    }
    return targets
  }

  /// The losses of a block's timesteps, chunks summed in order in double precision.
  private func interpolate(_ block: Block) {
    for lane in 0..<block.count {
      let row = timeline.row(block.first + lane, block.sequence)
      let isEmpty = counts[block.sequence] + lane == 0
      if isEmpty || model.minibatch.targets[row] == Minibatch.masked {
        losses[row] = model.loss(row: row)
        continue
      }
      let places = (0..<chunkCount).lazy.map { [self] in scale(block.sequence, $0) + lane }
      let largest = places.reduce(-Float.infinity) { max($0, maxima.base[$1]) }
      var (total, matched) = (0.0, 0.0)
      for place in places {
        let factor = exp(Double(maxima.base[place] - largest))
        total += factor * Double(sums.base[place])
        matched += factor * matches[place]
      }
      losses[row] = -log((1 - settings.weight) * exp(-model.loss(row: row)) + settings.weight * matched / total)
    }
    counts[block.sequence] += block.count
  }

  private func scale(_ sequence: Int, _ chunk: Int) -> Int { (sequence * chunkCount + chunk) * Self.width }

  private func lanes(_ matrix: PanelMatrix, _ row: Int) -> Lanes {
    UnsafeRawPointer(matrix.pointer(panel: 0, row: row)).loadUnaligned(as: Lanes.self)
  }

  private func put(_ value: Lanes, at pointer: FloatPointer) {
    Watchdog.writes(pointer, count: Self.width)
    UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
  }
}
