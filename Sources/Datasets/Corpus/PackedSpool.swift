import Files

/// Numbers that come one after the other, as many as there are: in segments of some thousands, whose numbers take one, two, four or
/// eight bytes each, and in a file as soon as they are more than some hundred thousand bytes.
///
/// A copy is not to be appended to: the file would be the same.
struct PackedSpool<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  /// Those behind the last whole segment.
  private var recent: [Number] = []
  private var segments: [PackedNumbers<Number>.Segment] = []
  /// Segments that aren't in the file yet, in the first `filled` bytes.
  private var packed: [UInt8] = []
  private var filled = 0
  private var file: ScratchFile?
  private var inFile = 0
  private let isAscending: Bool

  private static var length: Int { PackedNumbers<Number>.length }
  /// Bytes that are written at once.
  private static var batchSize: Int { 1 << 17 }

  /// - Parameter isAscending: whether numbers grow, so that it takes fewer bytes to say how far they are from one shortly before.
  init(isAscending: Bool = false) { self.isAscending = isAscending }

  var count: Int { segments.count * Self.length + recent.count }

  /// - Throws: `FileError` where the file can't be written.
  mutating func append(_ number: Number) throws(FileError) {
    recent.append(number)
    try packRecent()
  }

  /// The same of several. Whole segments of them are packed where they lie.
  mutating func append(_ numbers: [Number]) throws(FileError) {
    try numbers.withUnsafeBufferPointer { numbers throws(FileError) in
      let beginning = recent.isEmpty ? 0 : min(Self.length - recent.count, numbers.count)
      recent.append(contentsOf: numbers[..<beginning])
      try packRecent()
      let end = beginning + (numbers.count - beginning) / Self.length * Self.length
      try pack(UnsafeBufferPointer(rebasing: numbers[beginning..<end]))
      recent.append(contentsOf: numbers[end...])
    }
  }

  private mutating func packRecent() throws(FileError) {
    guard recent.count >= Self.length else { return }
    let end = recent.count / Self.length * Self.length
    // Beside itself, so that the rest of it may be changed meanwhile.
    let whole = recent
    try whole.withUnsafeBufferPointer { numbers throws(FileError) in
      try pack(UnsafeBufferPointer(rebasing: numbers[..<end]))
    }
    recent.removeSubrange(..<end)
  }

  /// Packs numbers that are whole segments.
  private mutating func pack(_ numbers: UnsafeBufferPointer<Number>) throws(FileError) {
    for start in stride(from: 0, to: numbers.count, by: Self.length) {
      let segment = UnsafeBufferPointer(rebasing: numbers[start..<start + Self.length])
      let base = isAscending ? segment[0] : 0
      var bits: Number = 0
      for number in segment { bits |= number &- base }
      switch NumberWidth(upTo: UInt64(truncatingIfNeeded: Number.Magnitude(truncatingIfNeeded: bits))) {
      case .one: put(segment, from: base, as: UInt8.self)
      case .two: put(segment, from: base, as: UInt16.self)
      case .four: put(segment, from: base, as: UInt32.self)
      case .eight: put(segment, from: base, as: UInt64.self)
      }
      if filled >= Self.batchSize { try write() }
    }
  }

  private mutating func put<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ segment: UnsafeBufferPointer<Number>, from base: Number, as _: Stored.Type
  ) {
    let width = MemoryLayout<Stored>.stride
    segments.append(PackedNumbers.Segment(offset: inFile + filled, width: width, base: base))
    let size = Self.length * width
    if packed.count < filled + size { packed += repeatElement(0, count: filled + size - packed.count) }
    packed.withUnsafeMutableBytes { packed in
      let stored = UnsafeMutableRawBufferPointer(rebasing: packed[filled..<filled + size]).bindMemory(to: Stored.self)
      for i in 0..<Self.length { stored[i] = Stored(truncatingIfNeeded: segment[i] &- base).littleEndian }
    }
    filled += size
  }

  private mutating func write() throws(FileError) {
    let file = if let file { file } else { try ScratchFile() }
    self.file = file
    try packed.withUnsafeBufferPointer { packed throws(FileError) in
      try file.write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: packed[..<filled])), at: inFile)
    }
    inFile += filled
    filled = 0
  }

  /// All numbers, to be read; nothing is appended any more.
  consuming func numbers() throws(FileError) -> PackedNumbers<Number> {
    if file != nil, filled > 0 { try write() }
    return PackedNumbers(
      segments: segments, place: file.map { .file($0) } ?? .memory(Array(packed[..<filled])), recent: recent)
  }
}

/// What a `PackedSpool` has put together, to be read range by range.
struct PackedNumbers<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  /// Numbers side by side, each stored as what it is more than `base`.
  struct Segment {
    let offset: Int
    let width: Int
    let base: Number
  }

  enum Place {
    case file(ScratchFile)
    case memory([UInt8])
  }

  /// Numbers of a segment: such as lie near the processor, packed or not.
  static var length: Int { 1 << 14 }

  private let segments: [Segment]
  private let place: Place
  /// Those behind the last segment.
  private let recent: [Number]

  fileprivate init(segments: [Segment], place: Place, recent: [Number]) {
    (self.segments, self.place, self.recent) = (segments, place, recent)
  }

  var count: Int { segments.count * Self.length + recent.count }

  /// Copies the numbers of a range, which all fit the type.
  func read<Result: FixedWidthInteger & BitwiseCopyable>(
    _ range: Range<Int>, into memory: UnsafeMutableBufferPointer<Result>
  ) throws(FileError) {
    let whole = segments.count * Self.length
    var start = range.lowerBound
    while start < min(range.upperBound, whole) {
      let index = start / Self.length
      let end = min(range.upperBound, (index + 1) * Self.length)
      let (segment, first) = (segments[index], start - index * Self.length)
      let part = UnsafeMutableBufferPointer(
        rebasing: memory[start - range.lowerBound..<end - range.lowerBound])
      switch segment.width {
      case 1: try read(first, of: segment, as: UInt8.self, into: part)
      case 2: try read(first, of: segment, as: UInt16.self, into: part)
      case 4: try read(first, of: segment, as: UInt32.self, into: part)
      default: try read(first, of: segment, as: UInt64.self, into: part)
      }
      start = end
    }
    for position in start..<max(start, range.upperBound) {
      memory[position - range.lowerBound] = Result(truncatingIfNeeded: recent[position - whole])
    }
  }

  private func read<Stored: FixedWidthInteger & BitwiseCopyable, Result: FixedWidthInteger & BitwiseCopyable>(
    _ first: Int, of segment: Segment, as _: Stored.Type, into memory: UnsafeMutableBufferPointer<Result>
  ) throws(FileError) {
    let width = MemoryLayout<Stored>.stride
    let offset = segment.offset + first * width
    let stored = UnsafeMutableBufferPointer<Stored>.allocate(capacity: memory.count)
    defer { stored.deallocate() }
    let bytes = UnsafeMutableRawBufferPointer(stored)
    switch place {
    case .file(let file): try file.read(into: bytes, at: offset)
    case .memory(let packed):
      packed.withUnsafeBytes { bytes.copyMemory(from: .init(rebasing: $0[offset..<offset + bytes.count])) }
    }
    for i in 0..<memory.count {
      memory[i] = Result(
        truncatingIfNeeded: segment.base &+ Number(truncatingIfNeeded: Stored(littleEndian: stored[i])))
    }
  }
}

extension PackedNumbers {
  /// The same as a column.
  var column: Column<Number> {
    let readNarrow: Column<Number>.NarrowFill = { range, memory throws(FileError) in
      switch memory {
      case .bytes(let numbers): try read(range, into: numbers)
      case .shorts(let numbers): try read(range, into: numbers)
      case .words(let numbers): try read(range, into: numbers)
      }
    }
    return Column(count: count, narrow: readNarrow) { range, memory throws(FileError) in try read(range, into: memory) }
  }
}
