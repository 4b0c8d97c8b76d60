/// Different tokens, numbered in the order in which they came in.
///
/// Tokens are compared byte for byte. `String` would compare by canonical equivalence, and take "é" as one scalar and
/// "é" as two for the same key. The bytes of all tokens lie in one array, so a token costs no allocation of its own.
package struct TokenTable: Sendable {
  /// The tokens' bytes, one after the other; token i ends where `ends[i]` says.
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  /// An open-addressing hash table of token numbers; its size is a power of two, and at most half of it is in use.
  private var slots = [Slot](repeating: Slot(), count: 1024)

  /// A token's number, and so much of the token that most are found without looking anywhere else.
  private struct Slot {
    private static let free: Int32 = -1

    var number = Self.free
    var length: UInt32 = 0
    /// The first eight bytes, with zeros behind fewer.
    var beginning: UInt64 = 0

    var isFree: Bool { number == Self.free }

    init() {}

    init(_ token: UnsafeRawBufferPointer, number: Int32) {
      self.number = number
      length = UInt32(truncatingIfNeeded: token.count)
      beginning = token.word(at: 0)
    }
  }

  package init() {}

  /// Repeated tokens count once.
  package init(_ tokens: some Sequence<String>) {
    for token in tokens { _ = insert(token) }
  }

  package var count: Int { ends.count }

  /// All tokens, by number.
  package var tokens: [String] { (0..<count).map { self[$0] } }

  /// A token's bytes, as text.
  package subscript(number: Int) -> String {
    String(decoding: bytes[range(of: number)], as: UTF8.self)
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
    let slot = slot(of: token)
    if !slots[slot].isFree { return slots[slot].number }

    let number = Int32(count)
    slots[slot] = Slot(token, number: number)
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
    if 2 * count > slots.count { grow() }
    return number
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
    let slot = slots[slot(of: token)]
    return slot.isFree ? nil : slot.number
  }

  private func range(of number: Int) -> Range<Int> {
    (number == 0 ? 0 : ends[number - 1])..<ends[number]
  }

  /// Drawn anew in every process: nobody can make a text whose tokens all collide. No number depends on it.
  private static let seeds = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))

  /// Words of eight bytes, each mixed in by a product of 64 and 64 bits whose halves are joined, as wyhash does.
  private static func hash(of token: UnsafeRawBufferPointer) -> Int {
    let seeds = Self.seeds
    var hash = seeds.0 ^ UInt64(token.count)
    var position = 0
    repeat {
      let product = (hash ^ token.word(at: position)).multipliedFullWidth(by: seeds.1 | 1)
      hash = product.high ^ product.low
      position += 8
    } while position < token.count
    return Int(truncatingIfNeeded: hash)
  }

  /// Where a token is or, if the table lacks it, belongs.
  private func slot(of token: UnsafeRawBufferPointer) -> Int {
    let (mask, sought) = (slots.count - 1, Slot(token, number: 0))
    var slot = Self.hash(of: token) & mask
    while !slots[slot].isFree {
      let found = slots[slot]
      if found.beginning == sought.beginning, found.length == sought.length,
        token.count <= 8 || holds(token, at: range(of: Int(found.number)))
      {
        break
      }
      slot = (slot + 1) & mask
    }
    return slot
  }

  private func holds(_ token: UnsafeRawBufferPointer, at range: Range<Int>) -> Bool {
    guard range.count == token.count else { return false }
    return bytes.withUnsafeBytes { bytes in
      for i in 0..<token.count where bytes[range.lowerBound + i] != token[i] { return false }
      return true
    }
  }

  private mutating func grow() {
    var slots = [Slot](repeating: Slot(), count: 2 * slots.count)
    let mask = slots.count - 1
    for number in 0..<count {
      withBytes(of: number) { bytes in
        let token = UnsafeRawBufferPointer(bytes)
        var slot = Self.hash(of: token) & mask
        while !slots[slot].isFree { slot = (slot + 1) & mask }
        slots[slot] = Slot(token, number: Int32(number))
      }
    }
    self.slots = slots
  }
}

extension UnsafeRawBufferPointer {
  /// The eight bytes from a position on, the first one lowest, with zeros behind fewer.
  fileprivate func word(at position: Int) -> UInt64 {
    func part<Part: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ position: Int, as: Part.Type) -> UInt64 {
      UInt64(Part(littleEndian: loadUnaligned(fromByteOffset: position, as: Part.self)))
    }
    let count = count - position
    // Of fewer, the first and the last ones, which may be the same.
    return switch count {
    case 8...: part(position, as: UInt64.self)
    case 4...: part(position, as: UInt32.self) | part(position + count - 4, as: UInt32.self) << (8 * (count - 4))
    case 2...: part(position, as: UInt16.self) | part(position + count - 2, as: UInt16.self) << (8 * (count - 2))
    case 1: UInt64(self[position])
    default: 0
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
