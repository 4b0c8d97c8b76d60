import Compute

/// Some rows out of many, in the order in which they were named first.
package final class RowSet: @unchecked Sendable {
  // Unchecked: one job writes, and no other runs meanwhile.

  /// Out of how many rows these are.
  package let total: Int
  package let capacity: Int
  package private(set) var count = 0
  /// [count]
  package let ids: Buffer<Int32>
  /// [total] where a row stands in `ids`, -1 for those that don't.
  private let places: Buffer<Int32>

  init(of total: Int, capacity: Int) {
    self.total = total
    self.capacity = capacity
    ids = Buffer(count: capacity, repeating: 0)
    places = Buffer(count: total, repeating: -1)
  }

  /// Cost: O(count).
  func removeAll() {
    for place in 0..<count { places[Int(ids[place])] = -1 }
    count = 0
  }

  /// Cost: O(count).
  func replaceAll(by other: RowSet) {
    removeAll()
    for place in 0..<other.count { _ = insert(other.ids[place]) }
  }

  /// The place of a row, which is added at the end if it isn't there. Cost: O(1).
  package func insert(_ id: Int32) -> Int32 {
    if places[Int(id)] >= 0 { return places[Int(id)] }
    precondition(count < capacity, "more rows than there is room for")
    ids[count] = id
    places[Int(id)] = Int32(count)
    count += 1
    return Int32(count - 1)
  }

  /// The place of a row; nil if it isn't there.
  package func place(of id: Int) -> Int? { places[id] < 0 ? nil : Int(places[id]) }
}
