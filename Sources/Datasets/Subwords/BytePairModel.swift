/// Byte pair encoding (Sennrich, Haddow and Birch, 2016): the symbols of a piece of text are merged pair by pair, the pair whose
/// merge was learnt first before all others, from left to right.
struct BytePairModel: Sendable {
  /// What a piece is made of before anything is merged.
  enum Symbols: Sendable, Equatable {
    /// Bytes, written as `ByteAlphabet` has them.
    case bytes
    /// Unicode scalars.
    case scalars
  }

  /// By id.
  let tokens: [String]
  let symbols: Symbols
  private var merges: PairTable
  /// By byte, the id of the symbol that it is, or of `<0x41>` where scalars that are no symbols fall back to bytes; -1: there is none.
  private var byteIds = [Int32](repeating: -1, count: 256)
  /// Ids of tokens by their text, where they are needed: those of scalars, and of whole pieces.
  private var table = TokenTable()
  /// What a symbol becomes that is no token; nil: nothing.
  private let unknown: Int32?
  /// Whether unknown symbols in a row are one.
  private let fusesUnknown: Bool
  /// Whether a piece that is a token needs no merges to be it.
  private let takesWholePieces: Bool

  struct Settings: Sendable, Equatable {
    var symbols = Symbols.bytes
    var unknown: Int32?
    var fusesUnknown = false
    var fallsBackToBytes = false
    var takesWholePieces = false
  }

  /// - Parameters:
  ///   - tokens: different ones, by id.
  ///   - merges: ids of the pairs and of what they become, the first learnt first.
  init(tokens: [String], merges: [(left: Int32, right: Int32, result: Int32)], _ settings: Settings) {
    self.tokens = tokens
    symbols = settings.symbols
    (unknown, fusesUnknown) = (settings.unknown, settings.fusesUnknown)
    takesWholePieces = settings.takesWholePieces
    self.merges = PairTable(capacity: merges.count)
    for (rank, merge) in merges.enumerated() {
      // Of a pair that stands twice the later one counts, as in Hugging Face's tokenizers.
      self.merges[merge.left, merge.right] = PairTable.Merge(rank: Int32(rank), result: merge.result)
    }
    table = TokenTable(tokens)
    for byte in UInt8.min...UInt8.max {
      let digits = String(byte, radix: 16, uppercase: true)
      let fallback = "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
      let token: String? =
        switch symbols {
        case .bytes: ByteAlphabet.text(of: [byte])
        case .scalars: settings.fallsBackToBytes ? fallback : nil
        }
      if let id = token.flatMap({ table.number(of: $0) }) { byteIds[Int(byte)] = id }
    }
  }

  /// The id of a token, nil if it is none. O(length).
  func id(of token: String) -> Int32? { table.number(of: token) }

  /// Appends the tokens of a piece.
  ///
  /// O(n log n) for n symbols.
  /// - Parameters:
  ///   - piece: valid UTF-8.
  ///   - scratch: memory that is used anew each time.
  func encode(_ piece: UnsafeBufferPointer<UInt8>, _ scratch: inout Scratch, into ids: inout [Int32]) {
    if takesWholePieces, let id = wholePiece(piece) { return ids.append(id) }
    scratch.begin()
    switch symbols {
    case .bytes: for byte in piece { appendByte(byte, &scratch) }
    case .scalars: appendScalars(of: piece, &scratch)
    }
    scratch.merge(by: merges)
    scratch.append(to: &ids)
  }

  private func wholePiece(_ piece: UnsafeBufferPointer<UInt8>) -> Int32? {
    switch symbols {
    case .bytes: table.number(of: ByteAlphabet.text(of: piece))
    case .scalars: table.number(of: UnsafeRawBufferPointer(piece))
    }
  }

  private func appendByte(_ byte: UInt8, _ scratch: inout Scratch) {
    let id = byteIds[Int(byte)]
    if id >= 0 { scratch.append(id) } else { appendUnknown(&scratch) }
  }

  private func appendScalars(of piece: UnsafeBufferPointer<UInt8>, _ scratch: inout Scratch) {
    var position = 0
    while position < piece.count {
      let length = ScalarTraits.next(piece, position).1
      let scalar = UnsafeBufferPointer(rebasing: piece[position..<position + length])
      if let id = table.number(of: UnsafeRawBufferPointer(scalar)) {
        scratch.append(id)
      } else if scalar.allSatisfy({ byteIds[Int($0)] >= 0 }) {
        for byte in scalar { scratch.append(byteIds[Int(byte)]) }
      } else {
        appendUnknown(&scratch)
      }
      position += length
    }
  }

  private func appendUnknown(_ scratch: inout Scratch) {
    guard let unknown else { return }
    if !(fusesUnknown && scratch.endsInUnknown) { scratch.append(unknown) }
    scratch.endsInUnknown = true
  }

  /// A piece's symbols while they are merged: a list that is linked both ways, and the merges that are possible.
  struct Scratch {
    private var ids: [Int32] = []
    private var previous: [Int32] = []
    /// -1 behind the last symbol, -2 for one that has been merged into the one before.
    private var next: [Int32] = []
    private var heap = BinaryHeap<MergeCandidate>()
    fileprivate var endsInUnknown = false

    fileprivate mutating func begin() {
      ids.removeAll(keepingCapacity: true)
      previous.removeAll(keepingCapacity: true)
      next.removeAll(keepingCapacity: true)
      endsInUnknown = false
    }

    fileprivate mutating func append(_ id: Int32) {
      if !next.isEmpty { next[next.count - 1] = Int32(ids.count) }
      previous.append(Int32(ids.count) - 1)
      next.append(-1)
      ids.append(id)
      endsInUnknown = false
    }

    fileprivate mutating func merge(by merges: PairTable) {
      for position in ids.indices.dropLast() { push(position, merges) }
      while let candidate = heap.pop() {
        let left = candidate.position
        guard next[left] >= 0 else { continue }
        let right = Int(next[left])
        guard merges[ids[left], ids[right]]?.result == candidate.result else { continue }
        ids[left] = candidate.result
        next[left] = next[right]
        next[right] = -2
        if next[left] >= 0 {
          previous[Int(next[left])] = Int32(left)
          push(left, merges)
        }
        if previous[left] >= 0 { push(Int(previous[left]), merges) }
      }
    }

    private mutating func push(_ position: Int, _ merges: PairTable) {
      guard let merge = merges[ids[position], ids[Int(next[position])]] else { return }
      heap.push(MergeCandidate(rank: merge.rank, position: position, result: merge.result))
    }

    fileprivate func append(to result: inout [Int32]) {
      for position in ids.indices where next[position] != -2 { result.append(ids[position]) }
    }
  }
}

/// A merge that is possible: the one with the lowest rank first, of equals the leftmost.
private struct MergeCandidate: HeapElement {
  let rank: Int32
  let position: Int
  let result: Int32

  func precedes(_ other: Self) -> Bool { (rank, position) < (other.rank, other.position) }
}

/// What pairs of ids become: an open-addressing hash table of at most half its size.
struct PairTable: Sendable {
  struct Merge: Sendable, Equatable {
    /// How many were learnt before.
    let rank: Int32
    let result: Int32
  }

  /// No pair of ids, which are not negative.
  private static let free = UInt64.max
  private var keys: [UInt64]
  private var merges: [Merge]

  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    keys = Array(repeating: Self.free, count: size)
    merges = Array(repeating: Merge(rank: 0, result: 0), count: size)
  }

  subscript(left: Int32, right: Int32) -> Merge? {
    get {
      let key = Self.key(left, right)
      let slot = slot(of: key)
      return keys[slot] == key ? merges[slot] : nil
    }
    set {
      guard let newValue else { return }
      let key = Self.key(left, right)
      let slot = slot(of: key)
      (keys[slot], merges[slot]) = (key, newValue)
    }
  }

  static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func slot(of key: UInt64) -> Int {
    let mask = keys.count - 1
    // Fibonacci hashing: the high bits of the product depend on all bits of the key.
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while keys[slot] != Self.free, keys[slot] != key { slot = (slot + 1) & mask }
    return slot
  }
}
