import Files

/// The words of a text, and what they are called in it: a number each, in the order in which they came. One that was put away
/// meanwhile and came again has several.
package struct RecordedWords: Sendable {
  /// Those that are in memory; special ones come first.
  package let table: TokenTable
  package let specialTokenCount: Int
  /// [table] how often each comes in the text.
  package let counts: [Int]
  /// The place in the table of each number; negative for that of a word that isn't there.
  let places: NumberMap
  private let pruned: PrunedWords

  /// Numbers that have a place in a list, if there are as many.
  private static let listed = 1 << 22

  /// Words that come more often than this are all in the table.
  package var allowance: Int { pruned.allowance }

  /// - Parameters:
  ///   - counts: how often each word of the table has come since it got there.
  ///   - numbers: what each is called since then, in ascending order.
  ///   - numberCount: how many numbers there are.
  init(
    table: TokenTable, counts: [Int], numbers: [UInt32], numberCount: Int, pruned: PrunedWords, specialTokenCount: Int
  ) throws(FileError) {
    var (counts, places) = (counts, NumberMap(listed: min(numberCount, max(table.count, Self.listed)), others: -1))
    for (place, number) in numbers.enumerated() { places.set(Int32(place), for: number) }
    try pruned.forEach { word, number, count in
      guard let place = table.number(of: word) else { return }
      counts[Int(place)] += count
      places.set(place, for: number)
    }
    (self.table, self.counts, self.places) = (table, counts, places)
    (self.pruned, self.specialTokenCount) = (pruned, specialTokenCount)
  }

  /// The word that has a number; `<unk>` for one that isn't there any more.
  func word(of number: Int32) -> String {
    let place = Int(places[number])
    return place < 0 ? Vocabulary.unknownToken : table[place]
  }

  /// The ids of the numbers in a vocabulary, whether the words are in memory or not; negative where it has none, not even
  /// `<unk>`. O(words).
  func ids(in vocabulary: Vocabulary) throws(FileError) -> NumberMap {
    let unknown = vocabulary.unknownId ?? -1
    let idsOfPlaces = (0..<table.count).map { vocabulary.id(of: table[$0]) ?? -1 }
    var ids = places.mapped(others: unknown) { $0 < 0 ? unknown : idsOfPlaces[Int($0)] }
    try pruned.forEach { word, number, _ in
      if let id = vocabulary.table.number(of: word) { ids.set(id, for: number) }
    }
    return ids
  }
}

/// What each number of a text's words stands for. Most tokens have one of the first numbers, so these are in a list.
struct NumberMap: Sendable {
  private var first: [Int32]
  private var rest: [UInt32: Int32] = [:]
  private let others: Int32

  /// - Parameters:
  ///   - listed: how many numbers are in the list.
  ///   - others: what those stand for that nothing is said of.
  init(listed: Int, others: Int32) {
    first = [Int32](repeating: others, count: listed)
    self.others = others
  }

  mutating func set(_ value: Int32, for number: UInt32) {
    if Int(number) < first.count { first[Int(number)] = value } else { rest[number] = value }
  }

  /// What the numbers stand for changed one by one.
  func mapped(others: Int32, _ change: (Int32) -> Int32) -> NumberMap {
    var result = NumberMap(listed: first.count, others: others)
    for index in first.indices { result.first[index] = change(first[index]) }
    result.rest = rest.mapValues(change)
    return result
  }

  /// Puts what numbers stand for in their place.
  func replace(_ numbers: UnsafeMutableBufferPointer<Int32>) {
    first.withUnsafeBufferPointer { first in
      for i in numbers.indices {
        let index = Int(UInt32(bitPattern: numbers[i]))
        numbers[i] = index < first.count ? first[index] : self[numbers[i]]
      }
    }
  }

  subscript(number: Int32) -> Int32 {
    let index = Int(UInt32(bitPattern: number))
    return index < first.count ? first[index] : rest[UInt32(index)] ?? others
  }
}
