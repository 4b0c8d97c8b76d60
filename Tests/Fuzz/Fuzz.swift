import Configuration
import ConfigurationFiles
import Datasets
import Files
import Glibc
import HDF5

/// Readers of what a stranger may have written, fed by libFuzzer with bytes of its own making. They may refuse, and
/// nothing else.
///
/// See run.sh; `FUZZ_READER` says which reader it is.
@main
enum Fuzz {
  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runFuzzer(&count, &arguments, fuzz))
  }
}

/// libFuzzer's own; it has no header that Swift could import.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ fuzz: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: start, count: count)
  switch reader {
  case "config": readConfiguration(String(decoding: bytes, as: UTF8.self))
  case "text": for tokenization in Tokenization.plain { readText(bytes, tokenization) }
  case "treebank": readTreebank(bytes)
  case "tokenizer": readTokenizer(String(decoding: bytes, as: UTF8.self))
  case "seal": _ = try? HDF5File.open(bytes: Array(bytes), named: "fuzz", seal: .required) { _ in }
  default: preconditionFailure("FUZZ_READER: expected config, text, treebank, tokenizer or seal, found \(reader)")
  }
  return 0
}

private let reader = getenv("FUZZ_READER").map { String(cString: $0) } ?? ""

/// What is accepted has to read back the same as it is rendered.
private func readConfiguration(_ text: String) {
  func parse(_ text: String) throws -> RunConfiguration {
    try RunConfiguration.parse(text: text, name: "fuzz.cfg", directory: "/", checkFiles: false)
  }
  guard let configuration = try? parse(text) else { return }
  let rendered = configuration.render()
  precondition((try? parse(rendered)) == configuration, "rendered as\n\(rendered)")
}

/// What is accepted gives every text tokens.
private func readTokenizer(_ json: String) {
  guard let tokenizer = try? BytePairTokenizer(json: json) else { return }
  let tokenization = Tokenization.bpe(tokenizer)
  var joiner = TextJoiner(tokenization)
  for token in tokenization.tokens(of: "a b\n\u{E9}\u{1F600} ") { _ = joiner.append(token) }
}

/// Whatever the chunks and the threads, the tokens are the same. Of a long text there are no more chunks than of a short one, and only
/// some are handed from one thread to another, which takes longer than all else.
private func readText(_ bytes: UnsafeRawBufferPointer, _ tokenization: Tokenization) {
  let path = file(bytes)
  let whole = try? PlainText().read([path], tokenization, CorpusReading(chunkSize: max(8, bytes.count + 1)))
  let pieces = try? PlainText().read(
    [path], tokenization, CorpusReading(chunkSize: max(8, bytes.count / 64), threads: bytes.count % 8 == 0 ? 2 : 1))
  precondition(whole?.tokens == pieces?.tokens, "\(tokenization)")
}

private func readTreebank(_ bytes: UnsafeRawBufferPointer) {
  let path = file(bytes)
  for column in TagColumn.allCases {
    let whole = try? CoNLLU().readTagged([path], tags: [TagSet(column)])
    let pieces = try? CoNLLU().readTagged([path], tags: [TagSet(column)], chunkSize: 8)
    precondition(whole?.tokens == pieces?.tokens, "\(column)")
  }
}

/// The path of a file with these bytes.
private func file(_ bytes: UnsafeRawBufferPointer) -> String {
  ftruncate(nameless, 0)
  precondition(pwrite(nameless, bytes.baseAddress, bytes.count, 0) == bytes.count)
  return "/proc/self/fd/\(nameless)"
}

/// A file that goes with the process.
private let nameless = {
  var name = Array("/dev/shm/rnn-train-fuzz-XXXXXX".utf8CString)
  let descriptor = mkstemp(&name)
  unlink(name)
  return descriptor
}()
