import Files
import Synchronization

/// What the tokens of a text stand for. They are places in a table of words, which others have each time that words have been put
/// away: so there is a list for each stretch between two such times, in a file but for the last one.
///
/// Memory: two lists.
struct PlaceMap: Sendable {
  /// By stretch but the last, where it ends in the text's tokens, and where its list is in the file.
  private let ends: [Int]
  private let lists: [Column<Int32>]
  private let last: [Int32]
  private let recent = Recent()

  /// The list that was used last.
  private final class Recent: Sendable {
    let list = Mutex<(stretch: Int, values: [Int32])?>(nil)
  }

  /// - Parameters:
  ///   - pruned: words that have been put away.
  ///   - last: by place in the table as it is now, what its words stand for.
  ///   - value: what a word stands for that was put away.
  init(
    _ pruned: PrunedWords, last: [Int32], value: (_ word: UnsafeRawBufferPointer) -> Int32
  ) throws(FileError) {
    self.last = last
    ends = pruned.stretches.map(\.tokens)
    if ends.isEmpty {
      lists = []
      return
    }
    let file = try ScratchFile()
    var (lists, offset, next): ([Column<Int32>], Int, [Int32]) = ([], 0, last)
    for stretch in pruned.stretches.reversed() {
      var values: [Int32] = []
      values.reserveCapacity(stretch.words)
      // Words between those that were put away have kept their order.
      var kept = 0
      func keep(upTo place: Int) {
        let count = place - values.count
        values += next[kept..<kept + count]
        kept += count
      }
      try pruned.forEach(in: stretch) { word, place, _ in
        keep(upTo: place)
        values.append(value(word))
      }
      keep(upTo: stretch.words)
      let stored = values.map { $0.littleEndian }
      try stored.withUnsafeBufferPointer { list throws(FileError) in
        try file.write(UnsafeRawBufferPointer(list), at: offset)
      }
      lists.append(Column(file.numbers(at: offset, count: values.count, width: MemoryLayout<Int32>.stride)))
      offset += values.count * MemoryLayout<Int32>.stride
      next = values
    }
    self.lists = lists.reversed()
  }

  /// What the tokens of a text stand for.
  func applied(to tokens: Column<Int32>) -> Column<Int32> {
    Column(count: tokens.count) { range, memory throws(FileError) in
      guard let base = memory.baseAddress else { return }
      try tokens.read(range, into: base)
      var start = range.lowerBound
      while start < range.upperBound {
        let stretch = ends.firstIndex { $0 > start } ?? ends.count
        let end = stretch < ends.count ? min(range.upperBound, ends[stretch]) : range.upperBound
        let part = UnsafeMutableBufferPointer(rebasing: memory[start - range.lowerBound..<end - range.lowerBound])
        try list(of: stretch).withUnsafeBufferPointer { list in
          for i in part.indices { part[i] = list[Int(part[i])] }
        }
        start = end
      }
    }
  }

  private func list(of stretch: Int) throws(FileError) -> [Int32] {
    if stretch == lists.count { return last }
    if let list = recent.list.withLock({ $0?.stretch == stretch ? $0?.values : nil }) { return list }
    let values = try lists[stretch].all()
    recent.list.withLock { $0 = (stretch, values) }
    return values
  }
}
