import Files

/// Numbers that come one after the other, as many as there are: those that are more than a mebibyte are in a file.
///
/// A copy is not to be appended to: the file would be the same.
struct Spool<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
  private var recent: [Number] = []
  private var file: ScratchFile?
  private var inFile = 0

  private static var width: Int { MemoryLayout<Number>.stride }
  private static var limit: Int { (1 << 20) / width }

  var count: Int { inFile + recent.count }

  /// - Throws: `FileError` where the file can't be written.
  mutating func append(contentsOf numbers: some Sequence<Number>) throws(FileError) {
    recent.append(contentsOf: numbers)
    if recent.count > Self.limit { try flush() }
  }

  /// Appends the numbers of a list, and empties it.
  mutating func take(_ numbers: inout [Number]) throws(FileError) {
    if numbers.isEmpty { return }
    try append(contentsOf: numbers)
    numbers.removeAll(keepingCapacity: true)
  }

  private mutating func flush() throws(FileError) {
    let file = if let file { file } else { try ScratchFile() }
    self.file = file
    #if !_endian(little)
      for i in recent.indices { recent[i] = recent[i].littleEndian }
    #endif
    try recent.withUnsafeBufferPointer { numbers throws(FileError) in
      try file.write(UnsafeRawBufferPointer(numbers), at: inFile * Self.width)
    }
    inFile += recent.count
    recent.removeAll(keepingCapacity: true)
  }

  /// All numbers, to be read; nothing is appended any more.
  consuming func column() throws(FileError) -> Column<Number> {
    if file != nil { try flush() }
    guard let file else { return Column(recent) }
    return Column(file.numbers(count: inFile, width: Self.width))
  }
}
