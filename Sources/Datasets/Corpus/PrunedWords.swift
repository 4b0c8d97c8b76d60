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

  /// Counts in that words go which have come up to so many times each.
  mutating func begin(threshold: Int) { allowance += threshold }

  /// Puts a word away.
  ///
  /// - Parameter number: what its tokens are called in the text.
  mutating func add(_ word: [UInt8], number: UInt32, count: Int) throws(FileError) {
    var record = Record(number: number, length: UInt32(truncatingIfNeeded: word.count), count: UInt64(count))
    let header = withUnsafeBytes(of: &record) { Array($0) }
    try records.append(contentsOf: header + word)
  }

  private struct Record {
    var number: UInt32
    var length: UInt32
    var count: UInt64
  }

  /// Calls back with all words that were put away, in order; the bytes are good until it returns. Memory: a mebibyte, and the
  /// longest word.
  func forEach(
    _ body: (_ word: UnsafeRawBufferPointer, _ number: UInt32, _ count: Int) -> Void
  ) throws(FileError) {
    let column = try records.column()
    var (bytes, start, end): ([UInt8], Int, Int) = ([], 0, 0)
    while true {
      let isWhole = bytes.withUnsafeBytes { bytes -> Bool in
        while bytes.count - start >= MemoryLayout<Record>.size {
          let record = bytes.loadUnaligned(fromByteOffset: start, as: Record.self)
          let wordStart = start + MemoryLayout<Record>.size
          guard bytes.count - wordStart >= Int(record.length) else { return false }
          start = wordStart + Int(record.length)
          body(UnsafeRawBufferPointer(rebasing: bytes[wordStart..<start]), record.number, Int(record.count))
        }
        return start == bytes.count
      }
      if end == column.count, isWhole { return }
      let next = min(end + 1 << 20, column.count)
      bytes = Array(bytes[start...]) + (try column.numbers(in: end..<next))
      (start, end) = (0, next)
    }
  }
}
