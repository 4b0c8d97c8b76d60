import Files

/// Numbers of a split in order: the ids of its tokens, for instance. All that reads a corpus reads it through this, range by
/// range, wherever the numbers are: in memory, in a dataset file, or in what a text was read into. So no reader needs more
/// memory than what it asks for at a time.
package struct Column<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  package let count: Int
  /// Puts the numbers of a range of positions into as much memory.
  package typealias Fill = @Sendable (Range<Int>, UnsafeMutableBufferPointer<Number>) throws(FileError) -> Void
  /// The same, of numbers that all fit what the memory is for.
  package typealias NarrowFill = @Sendable (Range<Int>, NumberMemory) throws(FileError) -> Void

  private let fill: Fill
  /// One that it is known not to have, though it is in the range of the others.
  package var absent: Number?
  /// Nil where there is no shorter way than by the numbers themselves.
  private(set) var narrow: NarrowFill?

  package init(count: Int, narrow: NarrowFill? = nil, fill: @escaping Fill) {
    (self.count, self.narrow, self.fill) = (count, narrow, fill)
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

  func withChecks(in bounds: Range<Int>, file path: String) -> Column {
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
    let start = range.lowerBound
    var part = Column(count: range.count) { [fill] part, memory throws(FileError) in
      try fill(part.lowerBound + start..<part.upperBound + start, memory)
    }
    if let narrow {
      part.narrow = { part, memory throws(FileError) in
        try narrow(part.lowerBound + start..<part.upperBound + start, memory)
      }
    }
    part.absent = absent
    return part
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
  static var pieceLength: Int { 1 << 16 }

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
