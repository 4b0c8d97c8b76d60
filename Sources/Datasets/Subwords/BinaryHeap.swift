/// What a heap keeps: of two elements one comes first, or they are equals.
protocol HeapElement {
  func precedes(_ other: Self) -> Bool
}

/// A binary heap: `pop` gives the element that precedes all others. Both operations are O(log n).
struct BinaryHeap<Element: HeapElement> {
  private var elements: [Element] = []

  mutating func push(_ element: Element) {
    var child = elements.count
    elements.append(element)
    while child > 0, element.precedes(elements[(child - 1) / 2]) {
      elements[child] = elements[(child - 1) / 2]
      child = (child - 1) / 2
    }
    elements[child] = element
  }

  mutating func pop() -> Element? {
    guard let first = elements.first, let last = elements.popLast() else { return nil }
    if elements.isEmpty { return first }
    var parent = 0
    while 2 * parent + 1 < elements.count {
      var child = 2 * parent + 1
      if child + 1 < elements.count, elements[child + 1].precedes(elements[child]) { child += 1 }
      guard elements[child].precedes(last) else { break }
      elements[parent] = elements[child]
      parent = child
    }
    elements[parent] = last
    return first
  }
}
