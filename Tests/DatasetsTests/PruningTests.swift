import Datasets
import Foundation
import Testing

/// Texts with more different words than are kept in memory: what is said of them is what it would be of all of them.
@Suite struct PruningTests {
  /// Word i comes about 1/(i+1) times as often as the first one, in an order that mixes them; every seventh word comes once.
  private static let words: [String] = {
    var (words, state): ([String], UInt64) = ([], 1)
    for position in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let uniform = Double(state >> 11) / Double(UInt64(1) << 53)
      let rank = Int(pow(3000, uniform))
      words.append(position % 7 == 0 ? "once\(position)" : "w\(rank)")
    }
    return words
  }()

  private static func read(_ pruning: CorpusRecord.Pruning, threads: Int = 3) throws -> RecordedText {
    let files = try TemporaryFiles()
    let lines = stride(from: 0, to: words.count, by: 9).map {
      words[$0..<min($0 + 9, words.count)].joined(separator: " ")
    }
    // Small chunks: words go in between.
    return try PlainText().read(
      [files.write("text", lines.joined(separator: "\n"))], .whitespace,
      CorpusReading(pruning: pruning, chunkSize: 512, threads: threads))
  }

  @Test(arguments: [60, 200, 1000])
  func countsAboveTheAllowanceAreExact(limit: Int) throws {
    let all = try Self.read(.never)
    let pruned = try Self.read(.beyond(limit: limit, allowance: nil))
    #expect(all.words.allowance == 0 && pruned.words.allowance > 0)
    #expect(pruned.words.table.count <= limit + 512)
    var known = 0
    for (place, count) in all.words.counts.enumerated() {
      let word = all.words.table[place]
      guard let found = pruned.words.table.number(of: word) else {
        #expect(count <= pruned.words.allowance, "\(word)")
        continue
      }
      known += 1
      #expect(pruned.words.counts[Int(found)] == count, "\(word)")
    }
    #expect(known == pruned.words.table.count)
  }

  /// Nor does it show how many threads there were.
  @Test func anyNumberOfThreadsPrunesTheSame() throws {
    let one = try Self.read(.beyond(limit: 200, allowance: nil), threads: 1)
    let several = try Self.read(.beyond(limit: 200, allowance: nil), threads: 4)
    #expect(one.words.allowance == several.words.allowance && one.words.counts == several.words.counts)
    #expect(one.words.table == several.words.table)
    #expect(try one.tokens.all() == several.tokens.all())
  }

  /// Vocabulary, ids and splits are the same, if the vocabulary's words come more often than is allowed to be missed.
  @Test func nothingElseShows() throws {
    let all = try Self.read(.never)
    let pruned = try Self.read(.beyond(limit: 1500, allowance: nil))
    let settings = VocabularySettings(minimumCount: pruned.words.allowance + 1)
    for range in [0..<all.ends.count, 0..<1500, 1500..<2000] {
      let (a, b) = try (all.part(range, in: .sentences), pruned.part(range, in: .sentences))
      let (own, missed) = try Vocabulary.counting(a, settings: settings)
      let found = try Vocabulary.counting(b, settings: settings)
      #expect(found.vocabulary == own && found.missed == 0 && missed == 0 && own.count > 20)
      #expect(try b.sequence(in: own) == a.sequence(in: own))
      // A vocabulary of words that were pruned.
      let other = Vocabulary(tokens: ["<unk>", "</s>"] + Self.words.filter { $0.hasPrefix("once") })
      #expect(try b.sequence(in: other) == a.sequence(in: other))
    }
    let missed = try Vocabulary.counting(pruned.whole, settings: VocabularySettings(size: 1800)).missed
    #expect(missed == pruned.words.allowance)
  }

  @Test func whatIsAskedForIsKept() throws {
    let all = try Self.read(.beyond(limit: 100, allowance: 0))
    #expect(all.words.allowance == 0 && all.words.table.count > 3000)
    let above = try Self.read(.beyond(limit: 100, allowance: 4))
    #expect(1...4 ~= above.words.allowance)
    #expect(VocabularySettings(minimumCount: 5).pruning == .beyond(limit: 1 << 20, allowance: 4))
    #expect(VocabularySettings(size: 7).pruning == .beyond(limit: 1 << 20 + 7, allowance: nil))
  }
}
