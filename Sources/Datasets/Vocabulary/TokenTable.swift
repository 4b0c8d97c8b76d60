import Glibc

/// Different tokens, numbered in the order in which they came in.
///
/// Tokens are compared byte for byte. `String` would compare by canonical equivalence, and take "é" as one scalar and
/// "é" as two for the same key. The bytes of all tokens lie in one array, so a token costs no allocation of its own.
package struct TokenTable: Sendable {
  /// The tokens' bytes, one after the other; token i ends where `ends[i]` says.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// An open-addressing hash table of token numbers; its size is a power of two, and at most three quarters of it are in use.
  private var slots = [TokenSlot](repeating: TokenSlot(), count: 1024)

  package init() {}

  /// Repeated tokens count once.
  package init(_ tokens: some Sequence<String>) {
    let count = tokens.underestimatedCount
    ends.reserveCapacity(count)
    var size = slots.count
    while 4 * count > 3 * size { size *= 2 }
    slots = slots(count: size)
    for token in tokens { _ = insert(token) }
  }

  package var count: Int { ends.count }

  /// All tokens, by number.
  package var tokens: [String] { (0..<count).map { self[$0] } }

  /// A token's bytes, as text.
  package subscript(number: Int) -> String {
    String(decoding: bytes[range(of: number)], as: UTF8.self)
  }

  func byteCount(of number: Int) -> Int { range(of: number).count }

  /// Makes it empty. Memory stays for as many tokens.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    slots.withUnsafeMutableBufferPointer { $0.update(repeating: TokenSlot()) }
  }

  /// Takes tokens out; the others keep their order, and are numbered anew. No memory beside its own. O(tokens).
  mutating func removeAll(where goes: (_ number: Int) -> Bool) {
    var (kept, end) = (0, 0)
    for number in ends.indices where !goes(number) {
      for i in range(of: number) {
        bytes[end] = bytes[i]
        end += 1
      }
      ends[kept] = end
      kept += 1
    }
    bytes.removeSubrange(end...)
    ends.removeSubrange(kept...)
    let size = slots.count
    slots = []
    slots = slots(count: size)
  }

  /// Calls back with a token's bytes, where they lie.
  func withBytes<R>(of number: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
    try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range(of: number)])) }
  }

  /// Whether one token comes before another in the order of their Unicode scalars, which is that of their bytes.
  package func areInIncreasingOrder(_ a: Int, _ b: Int) -> Bool {
    bytes[range(of: a)].lexicographicallyPrecedes(bytes[range(of: b)])
  }

  /// The number of a token, a new one if the table lacks it. Amortised O(length of the token).
  package mutating func insert(_ token: UnsafeRawBufferPointer) -> Int32 {
    insert(token, sought: TokenSlot(token, number: 0))
  }

  private mutating func insert(_ token: UnsafeRawBufferPointer, sought: TokenSlot) -> Int32 {
    var sought = sought
    sought.number = Int32(truncatingIfNeeded: count)
    let place = place(of: token, sought)
    if !slots[place].isFree { return slots[place].number }
    slots[place] = sought
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
    if 4 * count > 3 * slots.count {
      let size = 2 * slots.count
      slots = []
      slots = slots(count: size)
    }
    return sought.number
  }

  /// Appends the numbers of several tokens to a list, those of new ones where the table lacks them. Amortised O(their length).
  ///
  /// - Parameter tokens: where in the bytes they are.
  mutating func insert(
    _ tokens: some RandomAccessCollection<Range<Int>>, of bytes: UnsafeRawBufferPointer,
    appendingTo numbers: inout [Int32]
  ) {
    TokenSlot.Candidate.withBatches(of: tokens) { batch, _, candidates in
      fetch(batch, of: bytes, into: candidates)
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: batch.count) { found in
        for (i, range) in batch.enumerated() {
          let candidate = candidates[i]
          let number =
            candidate.number ?? insert(UnsafeRawBufferPointer(rebasing: bytes[range]), sought: candidate.sought)
          found.initializeElement(at: i, to: number)
        }
        numbers.append(contentsOf: found)
      }
    }
  }

  /// The same of another table's tokens, from one on.
  mutating func insert(_ other: TokenTable, from first: Int, appendingTo numbers: inout [Int32]) {
    other.bytes.withUnsafeBytes { bytes in
      insert((first..<other.count).lazy.map { other.range(of: $0) }, of: bytes, appendingTo: &numbers)
    }
  }

  /// Calls back with the numbers of several tokens in order, nil for those that the table lacks. O(their length).
  ///
  /// - Parameter tokens: where in the bytes they are.
  func forEachNumber(
    of tokens: some RandomAccessCollection<Range<Int>>, of bytes: UnsafeRawBufferPointer,
    _ body: (_ index: Int, _ number: Int32?) -> Void
  ) {
    TokenSlot.Candidate.withBatches(of: tokens) { batch, start, candidates in
      fetch(batch, of: bytes, into: candidates)
      for (i, range) in batch.enumerated() {
        body(start + i, candidates[i].number ?? number(of: UnsafeRawBufferPointer(rebasing: bytes[range])))
      }
    }
  }

  /// The numbers of another table's tokens, or what stands for those that this one lacks. O(their length).
  func numbers(of other: TokenTable, missing: Int32) -> [Int32] {
    var numbers: [Int32] = []
    numbers.reserveCapacity(other.count)
    other.bytes.withUnsafeBytes { bytes in
      forEachNumber(of: (0..<other.count).lazy.map { other.range(of: $0) }, of: bytes) { numbers.append($1 ?? missing) }
    }
    return numbers
  }

  /// Reads the likely places of some dozens of tokens before any of them is needed: in a large table each is waited for, and
  /// these are all on the way at the same time.
  private func fetch(
    _ tokens: some RandomAccessCollection<Range<Int>>, of bytes: UnsafeRawBufferPointer,
    into candidates: UnsafeMutableBufferPointer<TokenSlot.Candidate>
  ) {
    slots.withUnsafeBufferPointer { slots in
      for (i, range) in tokens.enumerated() {
        let token = UnsafeRawBufferPointer(rebasing: bytes[range])
        let sought = TokenSlot(range, of: bytes)
        let found = slots[hash(of: token, beginning: sought.beginning) & (slots.count - 1)]
        candidates.initializeElement(at: i, to: TokenSlot.Candidate(sought: sought, found: found))
      }
    }
  }

  package mutating func insert(_ token: String) -> Int32 {
    var token = token
    return token.withUTF8 { insert(UnsafeRawBufferPointer($0)) }
  }

  /// The number of a token, or nil if the table lacks it. O(length of the token).
  package func number(of token: some StringProtocol) -> Int32? {
    var token = String(token)
    return token.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
  }

  package func number(of token: UnsafeRawBufferPointer) -> Int32? {
    let slot = slots[place(of: token, TokenSlot(token, number: 0))]
    return slot.isFree ? nil : slot.number
  }

  private func range(of number: Int) -> Range<Int> {
    (number == 0 ? 0 : ends[number - 1])..<ends[number]
  }

  /// Drawn anew in every process: nobody can make a text whose tokens all collide. No number depends on it.
  private static let drawnSeeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1)
  private let seeds = Self.drawnSeeds

  /// Words of eight bytes, each mixed in by a product of 64 and 64 bits whose halves are joined, as wyhash does.
  ///
  /// - Parameter beginning: the first of them.
  @inline(__always)
  private func hash(of token: UnsafeRawBufferPointer, beginning: UInt64) -> Int {
    var hash = seeds.0 ^ UInt64(token.count)
    var (word, position) = (beginning, 8)
    while true {
      let product = (hash ^ word).multipliedFullWidth(by: seeds.1)
      hash = product.high ^ product.low
      if position >= token.count { return Int(truncatingIfNeeded: hash) }
      word = token.word(at: position)
      position += 8
    }
  }

  /// Where in `slots` a token is or, if the table lacks it, belongs.
  private func place(of token: UnsafeRawBufferPointer, _ sought: TokenSlot) -> Int {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count - 1
      var place = hash(of: token, beginning: sought.beginning) & mask
      while !slots[place].isFree {
        let found = slots[place]
        if found.beginning == sought.beginning, found.length == sought.length,
          token.count <= 8 || holds(token, at: ends[Int(found.number)])
        {
          break
        }
        place = (place + 1) & mask
      }
      return place
    }
  }

  /// Whether the bytes up to a place are a token's.
  private func holds(_ token: UnsafeRawBufferPointer, at end: Int) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard end >= token.count, let mine = bytes.baseAddress, let theirs = token.baseAddress else { return false }
      return memcmp(mine + (end - token.count), theirs, token.count) == 0
    }
  }

  /// All tokens in a hash table of some size.
  private func slots(count size: Int) -> [TokenSlot] {
    [TokenSlot](unsafeUninitializedCapacity: size) { slots, initialized in
      UnsafeMutableRawBufferPointer(slots).preferLargePages()
      slots.initialize(repeating: TokenSlot())
      initialized = size
      bytes.withUnsafeBytes { bytes in
        var start = 0
        for (number, end) in ends.enumerated() {
          let token = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
          let slot = TokenSlot(token, number: Int32(truncatingIfNeeded: number))
          var place = hash(of: token, beginning: slot.beginning) & (size - 1)
          while !slots[place].isFree { place = (place + 1) & (size - 1) }
          slots[place] = slot
          start = end
        }
      }
    }
  }
}

extension TokenTable {
  /// Whether the first tokens are another table's, in its order.
  func begins(with other: TokenTable) -> Bool { ends.starts(with: other.ends) && bytes.starts(with: other.bytes) }
}

extension TokenTable: Equatable {
  /// Same tokens in the same order.
  package static func == (a: TokenTable, b: TokenTable) -> Bool { a.ends == b.ends && a.bytes == b.bytes }
}
