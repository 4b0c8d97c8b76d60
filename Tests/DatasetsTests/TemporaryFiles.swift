import Datasets
import Glibc
import Testing

/// A directory for one test's files, gone with this object.
final class TemporaryFiles {
  private let directory: String
  private var paths: [String] = []

  init() throws {
    let template = try #require(strdup("/tmp/rnn-train-datasets-XXXXXX"))
    defer { free(template) }
    directory = String(cString: try #require(mkdtemp(template)))
  }

  deinit {
    for path in paths { unlink(path) }
    rmdir(directory)
  }

  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let path = "\(directory)/\(name)"
    let file = try #require(fopen(path, "w"))
    paths.append(path)
    let bytes = Array(bytes)
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    fclose(file)
    return path
  }

  func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }

  func missing(_ name: String) -> String { "\(directory)/\(name)" }
}

extension RecordedText {
  /// The tokens as text; nothing of it was pruned.
  func tokenTexts() throws -> [String] { try tokens.all().map { words.table[Int($0)] } }
}

/// The tokens of a text, read from a file.
func tokens(
  of text: String, _ tokenization: Tokenization, chunkSize: Int = TextReader.defaultChunkSize, threads: Int = 3
) throws -> [String] {
  let files = try TemporaryFiles()
  return try PlainText().read(
    [files.write("text", text)], tokenization, CorpusReading(chunkSize: chunkSize, threads: threads)
  )
  .tokenTexts()
}

extension String {
  /// Scalars, since strings that are canonically equivalent are `==`.
  var scalarValues: [UInt32] { unicodeScalars.map(\.value) }
}
