import Files

/// Words of a text that are too many to be all in memory: the rare ones of them are put away in a file, with their counts.
///
/// Whenever there are more words in memory than a limit, those with the lowest counts go, so many counts of 1, 2, 3 and so on as
/// it takes to make room (lossy counting; Manku and Motwani: Approximate Frequency Counts over Data Streams, VLDB 2002, with
/// batches of the limit's size). A word that comes again begins anew. It has been put away with at most the highest of those
/// counts each time, so one that is not in memory at the end has come at most `allowance` times, their sum; and of one that is,
/// the file has what is missing of its count. So counts above `allowance` are exact, and all words that have them are known.
struct PrunedWords: Sendable {
  /// The most that a word may have come and not be known.
  private(set) var allowance = 0
  private var records = Spool<UInt8>()

  /// The count up to which words go, so that at most `room` of those that may go stay.
  ///
  /// O(words).
  static func threshold(of counts: ArraySlice<Int>, room: Int) -> Int {
    var wordsOfCount: [Int] = []
    for count in counts where count < counts.count {
      if count >= wordsOfCount.count {
        wordsOfCount += [Int](repeating: 0, count: count + 1 - wordsOfCount.count)
      }
      wordsOfCount[count] += 1
    }
    var (left, threshold) = (counts.count, 0)
    while left > room, threshold < wordsOfCount.count {
      left -= wordsOfCount[threshold]
      threshold += 1
    }
    return max(1, threshold - 1)
  }

  /// What came between two times that words went, or from the text's start on.
  struct Stretch: Sendable {
    /// How many tokens the text had at its end.
    let tokens: Int
    /// How many words were in memory before some of them went.
    let words: Int
    /// Where those are that went then, in the order of their places.
    fileprivate let records: Range<Int>
  }

  private(set) var stretches: [Stretch] = []

  /// Puts words away.
  ///
  /// - Parameters:
  ///   - counts: by word of the table.
  ///   - threshold: the most that a word has come which goes.
  ///   - tokens: how many tokens the text has so far.
  mutating func add(
    of table: TokenTable, counts: [Int], threshold: Int, tokens: Int, where goes: (Int) -> Bool
  ) throws(FileError) {
    allowance += threshold
    let start = records.count
    var bytes: [UInt8] = []
    for place in 0..<table.count where goes(place) {
      let length = UInt32(truncatingIfNeeded: table.byteCount(of: place))
      let record = Record(place: UInt32(place), length: length, count: UInt64(counts[place]))
      withUnsafeBytes(of: record) { bytes += $0 }
      table.withBytes(of: place) { bytes += $0 }
      if bytes.count > 1 << 16 { try records.take(&bytes) }
    }
    try records.take(&bytes)
    stretches.append(Stretch(tokens: tokens, words: table.count, records: start..<records.count))
  }

  private struct Record {
    var place: UInt32
    var length: UInt32
    var count: UInt64
  }

  /// Calls back with the words that went at a stretch's end, in order, with their places and counts, and their numbers in a
  /// table, nil where it lacks them. Memory: some mebibytes, and the longest word.
  func forEach(
    in stretch: Stretch, numberedBy table: TokenTable, _ body: (_ number: Int32?, _ place: Int, _ count: Int) -> Void
  ) throws(FileError) {
    let column = try self.records.column()
    var (words, records): ([Range<Int>], [Record]) = ([], [])
    var (bytes, start, end): ([UInt8], Int, Int) = ([], 0, stretch.records.lowerBound)
    while true {
      words.removeAll(keepingCapacity: true)
      records.removeAll(keepingCapacity: true)
      bytes.withUnsafeBytes { bytes in
        while bytes.count - start >= MemoryLayout<Record>.size {
          let record = bytes.loadUnaligned(fromByteOffset: start, as: Record.self)
          let word = start + MemoryLayout<Record>.size
          guard bytes.count - word >= Int(record.length) else { break }
          start = word + Int(record.length)
          words.append(word..<start)
          records.append(record)
        }
        table.forEachNumber(of: words, of: bytes) { body($1, Int(records[$0].place), Int(records[$0].count)) }
      }
      if end == stretch.records.upperBound, start == bytes.count { return }
      let next = min(end + 1 << 20, stretch.records.upperBound)
      bytes = Array(bytes[start...]) + (try column.numbers(in: end..<next))
      (start, end) = (0, next)
    }
  }
}
