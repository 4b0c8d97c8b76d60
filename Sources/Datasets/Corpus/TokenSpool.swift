import Files

/// Numbers of tokens that come one after the other, as many as there are: those that are more than some thousands are in a file, in
/// segments whose numbers take one, two or four bytes each.
///
/// A copy is not to be appended to: the file would be the same.
struct TokenSpool: Sendable {
  /// A segment's numbers are side by side in the file.
  private struct Segment {
    let offset: Int
    let width: Int
  }

  /// Those behind the last whole segment.
  private var recent: [Int32] = []
  private var segments: [Segment] = []
  private var file: ScratchFile?
  private var byteCount = 0

  /// Numbers of a segment.
  private static let length = 1 << 17

  var count: Int { segments.count * Self.length + recent.count }

  /// - Throws: `FileError` where the file can't be written.
  mutating func append(_ numbers: [Int32]) throws(FileError) {
    recent.append(contentsOf: numbers)
    try flush()
  }

  /// The same of what numbers stand for.
  ///
  /// - Parameter places: by number, what each stands for; not negative.
  mutating func append(_ numbers: [Int32], _ places: [Int32]) throws(FileError) {
    recent += [Int32](unsafeUninitializedCapacity: numbers.count) { memory, count in
      count = numbers.count
      places.withUnsafeBufferPointer { places in for i in 0..<count { memory[i] = places[Int(numbers[i])] } }
    }
    try flush()
  }

  /// Puts whole segments into the file.
  private mutating func flush() throws(FileError) {
    var start = 0
    while recent.count - start >= Self.length {
      try write(recent[start..<start + Self.length])
      start += Self.length
    }
    recent.removeFirst(start)
  }

  private mutating func write(_ numbers: ArraySlice<Int32>) throws(FileError) {
    let file = if let file { file } else { try ScratchFile() }
    self.file = file
    let most = numbers.reduce(0) { $0 | $1 }
    func write<Number: FixedWidthInteger & BitwiseCopyable>(as type: Number.Type) throws(FileError) {
      let narrow = numbers.map { Number(truncatingIfNeeded: $0).littleEndian }
      try narrow.withUnsafeBufferPointer { numbers throws(FileError) in
        try file.write(UnsafeRawBufferPointer(numbers), at: byteCount)
      }
      segments.append(Segment(offset: byteCount, width: MemoryLayout<Number>.stride))
      byteCount += Self.length * MemoryLayout<Number>.stride
    }
    if most <= UInt8.max {
      try write(as: UInt8.self)
    } else if most <= UInt16.max {
      try write(as: UInt16.self)
    } else {
      try write(as: Int32.self)
    }
  }

  /// All numbers, to be read; nothing is appended any more.
  consuming func column() -> Column<Int32> {
    guard let file else { return Column(recent) }
    let stored = segments.map { segment in
      let numbers = file.numbers(at: segment.offset, count: Self.length, width: segment.width)
      return segment.width < MemoryLayout<Int32>.stride ? Column<Int32>(narrow: numbers) : Column<Int32>(numbers)
    }
    let (whole, rest) = (segments.count * Self.length, Column(recent))
    return Column(count: count) { range, memory throws(FileError) in
      guard var next = memory.baseAddress else { return }
      var start = range.lowerBound
      while start < range.upperBound {
        let index = min(start / Self.length, stored.count)
        let end = index < stored.count ? min(range.upperBound, (index + 1) * Self.length) : range.upperBound
        let base = min(index * Self.length, whole)
        try (index < stored.count ? stored[index] : rest).read(start - base..<end - base, into: next)
        next += end - start
        start = end
      }
    }
  }
}
