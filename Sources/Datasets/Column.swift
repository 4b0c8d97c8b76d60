import Files

/// Numbers of a split in order: the ids of its tokens, for instance. All that reads a corpus reads it through this, range by
/// range, wherever the numbers are: in memory, in a dataset file, or in what a text was read into. So no reader needs more
/// memory than what it asks for at a time.
package struct Column<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  package let count: Int
  private let fill: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(FileError) -> Void

  /// - Parameter fill: puts the numbers of a range of positions into as much memory.
  package init(
    count: Int, fill: @escaping @Sendable (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(FileError) -> Void
  ) {
    (self.count, self.fill) = (count, fill)
  }

  /// Those of a list.
  package init(_ numbers: [Number]) {
    self.init(count: numbers.count) { range, memory in
      numbers.withUnsafeBufferPointer { numbers in
        _ = memory.update(fromContentsOf: UnsafeBufferPointer(rebasing: numbers[range]))
      }
    }
  }

  /// Those that lie in a file.
  package init(_ stored: StoredNumbers) {
    precondition(stored.width == MemoryLayout<Number>.stride, "numbers are of the type")
    self.init(count: stored.count) { range, memory throws(FileError) in
      try stored.read(range, into: UnsafeMutableRawBufferPointer(memory))
      #if !_endian(little)
        for i in 0..<range.count { memory[i] = Number(littleEndian: memory[i]) }
      #endif
    }
  }

  fileprivate func withChecks(in bounds: Range<Int>, file path: String) -> Column {
    Column(count: count) { [fill] range, memory throws(FileError) in
      try fill(range, memory)
      var isSound = true
      for number in memory { isSound = isSound && bounds.contains(Int(truncatingIfNeeded: number)) }
      if !isSound { throw .changed(path: path) }
    }
  }

  /// Each number changed by itself.
  ///
  /// - Parameter change: asked for each number anew whenever it is read.
  package func mapped(_ change: @escaping @Sendable (Number) -> Number) -> Column {
    Column(count: count) { [fill] range, memory throws(FileError) in
      try fill(range, memory)
      for i in memory.indices { memory[i] = change(memory[i]) }
    }
  }

  /// A part of it, as a column of its own.
  package subscript(range: Range<Int>) -> Column {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the column has the range")
    return Column(count: range.count) { [fill] part, memory throws(FileError) in
      try fill(part.lowerBound + range.lowerBound..<part.upperBound + range.lowerBound, memory)
    }
  }

  /// The last number first.
  package func reversed() -> Column {
    Column(count: count) { [fill, count] range, memory throws(FileError) in
      var memory = memory
      try fill(count - range.upperBound..<count - range.lowerBound, memory)
      memory.reverse()
    }
  }

  // MARK: reading

  /// Copies the numbers of a range.
  ///
  /// - Precondition: there is memory for them.
  /// - Throws: what keeps a file from being read, `FileError.changed` if it is no longer what it was.
  package func read(_ range: Range<Int>, into memory: UnsafeMutablePointer<Number>) throws(FileError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the column has the range")
    if !range.isEmpty { try fill(range, UnsafeMutableBufferPointer(start: memory, count: range.count)) }
  }

  /// The numbers of a range. Memory for as many.
  package func numbers(in range: Range<Int>) throws(FileError) -> [Number] {
    var failure: FileError?
    let numbers = [Number](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      do throws(FileError) {
        try read(range, into: base)
        initialized = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return numbers
  }

  /// All numbers: memory for as many.
  package func all() throws(FileError) -> [Number] { try numbers(in: 0..<count) }

  /// How many are read at a time where all are.
  fileprivate static var pieceLength: Int { 1 << 16 }

  /// Calls back with all numbers in order, some thousands at a time, and the position of the first of them.
  package func forEachPiece(
    _ body: (_ numbers: [Number], _ position: Int) -> Void
  ) throws(FileError) {
    for start in stride(from: 0, to: count, by: Self.pieceLength) {
      body(try numbers(in: start..<min(start + Self.pieceLength, count)), start)
    }
  }

  /// A single number.
  package func number(at position: Int) throws(FileError) -> Number { try numbers(in: position..<position + 1)[0] }

  /// The position of the first number that is such, where all behind it are, too. O(log count).
  package func partition(where isSuch: (Number) -> Bool) throws(FileError) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isSuch(try number(at: middle)) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension Array {
  /// Calls back with the numbers of several columns that have as many, some thousands of each at a time, and the position of
  /// the first of them.
  package func forEachPiece<Number>(
    _ body: (_ numbers: [[Number]], _ position: Int) -> Void
  ) throws(FileError) where Element == Column<Number> {
    let count = first?.count ?? 0
    for start in stride(from: 0, to: count, by: Column<Number>.pieceLength) {
      let range = start..<Swift.min(start + Column<Number>.pieceLength, count)
      body(try map { (column) throws(FileError) in try column.numbers(in: range) }, start)
    }
  }
}

extension Column where Number == Int32 {
  /// Those that lie in a file in one or two bytes each, without a sign.
  package init(narrow stored: StoredNumbers) {
    switch stored.width {
    case 1: self.init(stored, of: UInt8.self)
    case 2: self.init(stored, of: UInt16.self)
    case let width: preconditionFailure("numbers of \(width) bytes aren't narrow")
    }
  }

  private init<Narrow: FixedWidthInteger & BitwiseCopyable & SendableMetatype>(
    _ stored: StoredNumbers, of type: Narrow.Type
  ) {
    self.init(count: stored.count) { range, memory throws(FileError) in
      let narrow = UnsafeMutableBufferPointer<Narrow>.allocate(capacity: min(range.count, Self.blockLength))
      defer { narrow.deallocate() }
      for block in Self.blocks(of: range) {
        try stored.read(block, into: UnsafeMutableRawBufferPointer(narrow))
        let wide = UnsafeMutableBufferPointer(rebasing: memory[(block.lowerBound - range.lowerBound)...])
        for i in 0..<block.count { wide[i] = Int32(truncatingIfNeeded: Narrow(littleEndian: narrow[i])) }
      }
    }
  }

  /// How many numbers are changed at a time from one width to the other: such as lie near the processor.
  private static var blockLength: Int { 1 << 14 }

  private static func blocks(of range: Range<Int>) -> some Sequence<Range<Int>> {
    stride(from: range.lowerBound, to: range.upperBound, by: blockLength).lazy.map {
      $0..<Swift.min($0 + blockLength, range.upperBound)
    }
  }

  /// The numbers of a range, all of which fit two bytes. Memory for as many.
  package func shortNumbers(in range: Range<Int>) throws(FileError) -> [UInt16] {
    var failure: FileError?
    let numbers = [UInt16](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      do throws(FileError) {
        for block in Self.blocks(of: range) {
          let wide = try self.numbers(in: block)
          let narrow = UnsafeMutableBufferPointer(rebasing: buffer[initialized...])
          wide.withUnsafeBufferPointer { wide in
            for i in 0..<wide.count { narrow[i] = UInt16(truncatingIfNeeded: wide[i]) }
          }
          initialized += block.count
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return numbers
  }

  /// The same of a file whose numbers are known to be in a range: others come only from one that has changed since.
  package func checked(in bounds: Range<Int>, file path: String) -> Column { withChecks(in: bounds, file: path) }

  /// How often a number comes; nil: it is none. O(count).
  package func count(of sought: Int32?) throws(FileError) -> Int {
    var total = 0
    if let sought { try forEachPiece { numbers, _ in total += numbers.count(of: sought) } }
    return total
  }

  /// The first number that isn't in a range, and its position; nil if all are. O(position).
  package func first(outside bounds: Range<Int>) throws(FileError) -> (number: Int32, position: Int)? {
    try first { !bounds.contains(Int($0)) }
  }

  /// The first number that is such, and its position; nil if none is. O(position).
  package func first(where isSuch: (Int32) -> Bool) throws(FileError) -> (number: Int32, position: Int)? {
    for start in stride(from: 0, to: count, by: Self.pieceLength) {
      let piece = try numbers(in: start..<min(start + Self.pieceLength, count))
      if let index = piece.firstIndex(where: isSuch) { return (piece[index], start + index) }
    }
    return nil
  }
}

extension Array where Element: FixedWidthInteger {
  /// How often a number comes. The numbers have two bytes at least.
  @inlinable
  package func count(of sought: Element) -> Int {
    var total = 0
    for start in stride(from: 0, to: count, by: 1 << 14) {
      // As many as a number can count: with its own width the processor compares several at once.
      var found: Element = 0
      self[start..<Swift.min(start + 1 << 14, count)].withUnsafeBufferPointer { numbers in
        for i in 0..<numbers.count { found &+= numbers[i] == sought ? 1 : 0 }
      }
      total += Int(found)
    }
    return total
  }
}

extension Column where Number == Int64 {
  /// As of the others.
  package func checked(in bounds: Range<Int>, file path: String) -> Column { withChecks(in: bounds, file: path) }
}

extension Column: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: Number...) { self.init(elements) }
}

extension Column: Equatable {
  /// The same numbers; a column that can't be read is equal to none. O(count).
  package static func == (a: Column, b: Column) -> Bool {
    guard a.count == b.count else { return false }
    do {
      for start in stride(from: 0, to: a.count, by: pieceLength) {
        let range = start..<min(start + pieceLength, a.count)
        guard try a.numbers(in: range) == b.numbers(in: range) else { return false }
      }
      return true
    } catch {
      return false
    }
  }
}
