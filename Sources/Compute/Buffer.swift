/// A block of memory of one trivial type that lives as long as its owner: indices, sums, losses. Activations and parameters
/// are `Arena`s.
///
/// Who may write when: between steps the one thread that prepares the next; within a step, in each phase, a job writes
/// elements that no other job of the phase reads or writes. Debug builds hold jobs to it (see `Watchdog`).
///
/// Public, with members that the package alone sees: of a type that is the package's itself the compiler inlines nothing
/// elsewhere, and each access would be a call that copies an element of any size.
public final class Buffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Unchecked: the rule above.
  @usableFromInline package let base: UnsafeMutablePointer<Element>
  @usableFromInline package let count: Int

  /// Cost: O(count), the only allocation.
  @inlinable package init(count: Int, repeating value: Element) {
    self.count = count
    base = .allocate(capacity: count)
    base.initialize(repeating: value, count: count)
  }

  /// With a list's elements. Cost: O(count), the only allocation.
  @inlinable package init(_ elements: [Element]) {
    count = elements.count
    base = .allocate(capacity: count)
    _ = UnsafeMutableBufferPointer(start: base, count: count).initialize(from: elements)
  }

  deinit { base.deallocate() }

  /// One element.
  @inlinable package subscript(index: Int) -> Element {
    get {
      assert((0..<count).contains(index))
      Watchdog.reads(base + index, count: 1)
      return base[index]
    }
    set {
      assert((0..<count).contains(index))
      Watchdog.writes(base + index, count: 1)
      base[index] = newValue
    }
  }

  /// All elements, in order.
  package var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
}
