/// The lines of a text, as they are read: whoever writes into a pipe is answered at once.
///
/// They are clean as `TextReader` has them: valid UTF-8, without a byte order mark at the text's start, and without the CR of
/// a CR LF. A last line needs no newline. Memory is one chunk with its lines, and the longest line.
package struct TextLines: ~Copyable {
  private var file: TextFile
  /// What has come of a line whose end has not.
  private var beginning: [UInt8] = []

  package init(_ source: TextSource, chunkSize: Int = TextReader.defaultChunkSize) throws(CorpusError) {
    file = try TextFile(source, chunkSize: chunkSize)
  }

  /// What messages call the text.
  package var name: String { file.name }

  /// The next lines without their ends, at least one, or nil at the text's end.
  package mutating func next() throws(CorpusError) -> [[UInt8]]? {
    while try file.advance() {
      let text = TextReader.clean(&file.bytes, file.chunk, isStart: file.offset == 0)
      let lines = split(file.bytes[text])
      if !lines.isEmpty { return lines }
    }
    if beginning.isEmpty { return nil }
    defer { beginning = [] }
    return [beginning]
  }

  /// What is behind an error that was found in the lines: see `TextFile`.
  mutating func cause(of error: CorpusError) -> CorpusError { file.cause(of: error) }

  /// The lines that end in a piece of text.
  private mutating func split(_ text: ArraySlice<UInt8>) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = text
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(beginning + rest[..<end])
      beginning = []
      rest = rest[(end + 1)...]
    }
    beginning += rest
    return lines
  }
}
