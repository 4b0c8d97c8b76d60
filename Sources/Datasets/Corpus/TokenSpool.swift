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
  mutating func append(_ number: Int32) throws(FileError) {
    recent.append(number)
    try flush()
  }

  /// Appends what numbers stand for.
  ///
  /// - Parameter places: by number, what each stands for; not negative.
  mutating func append(_ numbers: [Int32], _ places: [Int32]) throws(FileError) {
    // With one thread characters are numbered alike here and there.
    let areThemselves = places.indices.allSatisfy { places[$0] == $0 }
    var start = 0
    while start < numbers.count {
      let part = numbers[start..<min(start + Self.length - recent.count, numbers.count)]
      if areThemselves {
        recent += part
      } else {
        recent += [Int32](unsafeUninitializedCapacity: part.count) { memory, count in
          count = part.count
          part.withUnsafeBufferPointer { part in
            places.withUnsafeBufferPointer { places in for i in 0..<count { memory[i] = places[Int(part[i])] } }
          }
        }
      }
      start = part.endIndex
      try flush()
    }
  }

  /// Puts a segment that is whole into the file.
  private mutating func flush() throws(FileError) {
    guard recent.count == Self.length else { return }
    let file = if let file { file } else { try ScratchFile() }
    self.file = file
    let most = recent.withUnsafeBufferPointer { $0.reduce(0, |) }
    if most <= UInt8.max {
      try write(as: UInt8.self, to: file)
    } else if most <= UInt16.max {
      try write(as: UInt16.self, to: file)
    } else {
      try write(as: Int32.self, to: file)
    }
    recent.removeAll(keepingCapacity: true)
  }

  private mutating func write<Number: FixedWidthInteger & BitwiseCopyable>(
    as type: Number.Type, to file: ScratchFile
  ) throws(FileError) {
    let narrow = recent.withUnsafeBufferPointer { recent in
      [Number](unsafeUninitializedCapacity: recent.count) { memory, count in
        count = recent.count
        for i in 0..<count { memory[i] = Number(truncatingIfNeeded: recent[i]).littleEndian }
      }
    }
    try narrow.withUnsafeBufferPointer { numbers throws(FileError) in
      try file.write(UnsafeRawBufferPointer(numbers), at: byteCount)
    }
    segments.append(Segment(offset: byteCount, width: MemoryLayout<Number>.stride))
    byteCount += Self.length * MemoryLayout<Number>.stride
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
