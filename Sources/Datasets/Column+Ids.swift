import Files

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

  /// Each number's value in a list.
  ///
  /// - Precondition: the numbers are positions in the list. It isn't looked at again.
  package func values(in list: [Int32]) -> Column {
    let width = NumberWidth(upTo: UInt64(max(1, list.count) - 1))
    @Sendable func fill(_ range: Range<Int>, _ memory: NumberMemory) throws(FileError) {
      switch memory {
      case .bytes(let values): try look(range, in: list, width, into: values)
      case .shorts(let values): try look(range, in: list, width, into: values)
      case .words(let values): try look(range, in: list, width, into: values)
      }
    }
    return Column(count: count, narrow: fill) { range, memory throws(FileError) in try fill(range, .words(memory)) }
  }

  private func look<Value: NumberOfColumn>(
    _ range: Range<Int>, in list: [Int32], _ width: NumberWidth, into values: UnsafeMutableBufferPointer<Value>
  ) throws(FileError) {
    switch width {
    case .one: try look(range, as: UInt8.self, in: list, into: values)
    case .two: try look(range, as: UInt16.self, in: list, into: values)
    case .four, .eight: try look(range, as: Int32.self, in: list, into: values)
    }
  }

  /// The numbers take as few bytes as may be while they are looked up, and so do what they stand for.
  private func look<Own: NumberOfColumn, Value: NumberOfColumn>(
    _ range: Range<Int>, as _: Own.Type, in list: [Int32], into values: UnsafeMutableBufferPointer<Value>
  ) throws(FileError) {
    let numbers = UnsafeMutableBufferPointer<Own>.allocate(capacity: min(range.count, Self.blockLength))
    defer { numbers.deallocate() }
    for block in Self.blocks(of: range) {
      let part = UnsafeMutableBufferPointer(rebasing: numbers[..<block.count])
      try read(block, into: Own.memory(part))
      let values = UnsafeMutableBufferPointer(rebasing: values[(block.lowerBound - range.lowerBound)...])
      list.withUnsafeBufferPointer { list in
        for i in 0..<part.count { values[i] = Value(truncatingIfNeeded: list[Int(part[i])]) }
      }
    }
  }

  /// The numbers of a range, all of which fit the type. Memory for as many.
  package func numbers<Id: NumberOfColumn>(
    in range: Range<Int>, as _: Id.Type
  ) throws(FileError) -> [Id] {
    var failure: FileError?
    let numbers = [Id](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(FileError) {
        try read(range, into: Id.memory(UnsafeMutableBufferPointer(rebasing: buffer[..<range.count])))
        count = range.count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return numbers
  }

  /// Copies numbers of a range, all of which fit what the memory is for.
  private func read(_ range: Range<Int>, into memory: NumberMemory) throws(FileError) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "the column has the range")
    if range.isEmpty { return }
    if let narrow { return try narrow(range, memory) }
    switch memory {
    case .bytes(let values): try copy(range, into: values)
    case .shorts(let values): try copy(range, into: values)
    case .words(let values): if let base = values.baseAddress { try read(range, into: base) }
    }
  }

  private func copy<Value: NumberOfColumn>(
    _ range: Range<Int>, into values: UnsafeMutableBufferPointer<Value>
  ) throws(FileError) {
    for block in Self.blocks(of: range) {
      let wide = try numbers(in: block)
      let values = UnsafeMutableBufferPointer(rebasing: values[(block.lowerBound - range.lowerBound)...])
      wide.withUnsafeBufferPointer { wide in
        for i in 0..<wide.count { values[i] = Value(truncatingIfNeeded: wide[i]) }
      }
    }
  }

  /// The same of a file whose numbers are known to be in a range: others come only from one that has changed since.
  package func checked(in bounds: Range<Int>, file path: String) -> Column { withChecks(in: bounds, file: path) }

  /// How often a number comes; nil: it is none. O(count), or O(1) where it is known not to come.
  package func count(of sought: Int32?) throws(FileError) -> Int {
    var total = 0
    if let sought, sought != absent { try forEachPiece { numbers, _ in total += numbers.count(of: sought) } }
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
  /// How often a number comes.
  @inlinable
  package func count(of sought: Element) -> Int {
    // As many as a number can count: with its own width the processor compares several at once.
    let most = Element.bitWidth == 8 ? 112 : 1 << 14
    return withUnsafeBufferPointer { numbers in
      var (total, start) = (0, 0)
      while start < numbers.count {
        let end = Swift.min(start + most, numbers.count)
        var found: Element = 0
        for i in start..<end { found &+= numbers[i] == sought ? 1 : 0 }
        total += Int(found)
        start = end
      }
      return total
    }
  }
}
