import ModelTestSupport
import Models
import Testing

/// Where rows stand, against a list of them.
@Suite struct TimelineTests {
  /// Several layouts of random sequences in one timeline: nothing of one may be left in the next.
  private static func forEachLayout(seed: UInt64, _ body: (Timeline, _ lengths: [Int]) -> Void) {
    var random = TestRandom(seed: seed)
    let timeline = Timeline(Timeline.Capacity(sequences: 12, timesteps: 15, rows: 12 * 15))
    for _ in 0..<6 {
      let count = Int.random(in: 1...12, using: &random)
      let longest = Int.random(in: 1...15, using: &random)
      let isUniform = Int.random(in: 0..<3, using: &random) == 0
      let lengths = (0..<count).map { _ in isUniform ? longest : Int.random(in: 1...longest, using: &random) }
        .sorted(by: >)
      timeline.layOut(sequences: count) { lengths[$0] }
      body(timeline, lengths)
    }
  }

  private static func places(_ lengths: [Int]) -> [(timestep: Int, sequence: Int)] {
    (0..<lengths[0]).flatMap { timestep in
      lengths.indices.filter { lengths[$0] > timestep }.map { (timestep, $0) }
    }
  }

  @Test(arguments: 0..<30)
  func rowsStandTimestepAfterTimestep(seed: UInt64) {
    Self.forEachLayout(seed: seed) { timeline, lengths in
      let places = Self.places(lengths)
      #expect(timeline.rows == places.count && timeline.sequences == lengths.count)
      #expect(timeline.timesteps == lengths[0] && lengths.indices.map(timeline.length) == lengths)
      for (row, (timestep, sequence)) in places.enumerated() {
        #expect(timeline.row(timestep, sequence) == row)
        #expect(timeline.sequenceOfRow[row] == sequence)
        let mirrored = (timestep: lengths[sequence] - 1 - timestep, sequence: sequence)
        #expect(timeline.reversed[row] == places.firstIndex { $0 == mirrored } ?? -1)
        #expect(timeline.lastRow(sequence) == timeline.row(lengths[sequence] - 1, sequence))
        let before = timestep == 0 ? sequence : 12 + timeline.row(timestep - 1, sequence)
        #expect(timeline.stateRow(before: timestep, sequence) == before)
      }
      for timestep in 0...lengths[0] {
        #expect(timeline.count(timestep: timestep) == lengths.count { $0 > timestep })
      }
    }
  }

  @Test(arguments: 0..<30)
  func sharesCoverAllSequencesOnceAndAreOfOneSize(seed: UInt64) {
    Self.forEachLayout(seed: seed) { timeline, lengths in
      for jobs in 1...17 {
        let shares = (0..<jobs).map { timeline.share(job: $0, jobs: jobs) }
        #expect(shares.flatMap(Array.init) == Array(lengths.indices))
        for share in shares {
          #expect(share.reduce(0) { $0 + lengths[$1] } <= timeline.rows / jobs + lengths[0], "\(share) of \(jobs)")
        }
        for timestep in 0..<lengths[0] {
          let rows = shares.flatMap { Array(timeline.rows(timestep: timestep, $0)) }
          let first = timeline.row(timestep, 0)
          #expect(rows == Array(first..<first + timeline.count(timestep: timestep)))
        }
      }
    }
  }

  @Test(arguments: 0..<30, [0, 1])
  func stretchesHaveEveryRowNextToTheStateBefore(seed: UInt64, first: Int) {
    Self.forEachLayout(seed: seed) { timeline, lengths in
      let places = Self.places(lengths)
      var covered: [Int] = []
      var stretches = 0
      timeline.forEachStretch(from: first) { before, rows in
        stretches += 1
        for row in rows {
          let (timestep, sequence) = places[row]
          #expect(before + row - rows.lowerBound == timeline.stateRow(before: timestep, sequence))
        }
        covered += rows
      }
      #expect(covered == places.indices.filter { places[$0].timestep >= first })
      // Only where sequences end is there a gap, and after the first timestep where more of them would have fitted.
      let ends = Set(lengths.dropFirst().filter { $0 < lengths[0] && $0 >= first }).count
      let isFull = lengths.count == 12
      let most = max(0, min(1, lengths[0] - first)) + ends + (first == 0 && !isFull ? 1 : 0)
      #expect(stretches <= most)
    }
  }
}
