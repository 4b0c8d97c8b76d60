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
  ///   - table: where words that were put away have the numbers that they stand for.
  ///   - missing: what those stand for that it lacks.
  init(
    _ pruned: PrunedWords, last: [Int32], table: TokenTable, missing: Int32
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
      var merge = Merge(kept: next, count: stretch.words)
      try pruned.forEach(in: stretch, numberedBy: table) { number, place, _ in
        merge.keep(upTo: place)
        merge.put(number ?? missing)
      }
      merge.keep(upTo: stretch.words)
      let values = merge.values
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

  /// A list of words that were put away and of those between them, which have kept their order.
  private struct Merge {
    private let kept: [Int32]
    private var next = 0
    private(set) var values: [Int32] = []

    init(kept: [Int32], count: Int) {
      self.kept = kept
      values.reserveCapacity(count)
    }

    mutating func keep(upTo place: Int) {
      let end = next + place - values.count
      values += kept[next..<end]
      next = end
    }

    mutating func put(_ value: Int32) { values.append(value) }
  }

  /// What the tokens of a text stand for.
  func applied(to tokens: Column<Int32>) -> Column<Int32> {
    if lists.isEmpty { return tokens.values(in: last) }
    return Column(count: tokens.count) { range, memory throws(FileError) in
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
