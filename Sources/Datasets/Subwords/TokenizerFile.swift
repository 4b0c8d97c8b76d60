/// What keeps a tokenizer.json from being read.
package enum TokenizerProblem: Error, Equatable, CustomStringConvertible {
  case json(JSONProblem)
  /// A part that is wrong or missing; `path` is as in `model.vocab`.
  case expected(path: String, String)
  /// A part that says something which isn't known here.
  case unsupported(path: String, found: String, known: String)

  package var description: String {
    switch self {
    case .json(let problem): "expected JSON: \(problem.expected) at byte \(problem.offset)"
    case .expected(let path, let expected): "\(path): expected \(expected)"
    case .unsupported(let path, let found, let known): "\(path): \(found) isn't supported; \(known)"
    }
  }
}

extension BytePairTokenizer {
  /// Reads the text of a tokenizer.json.
  ///
  /// What is put around a text or made of its length (post-processor, truncation, padding) is no part of its tokens, and passed
  /// over; tokens are made text again by what made them (the decoder is passed over, too).
  ///
  /// O(bytes).
  package init(json: String) throws(TokenizerProblem) {
    let root: JSONValue
    do throws(JSONProblem) { root = try JSONValue(Array(json.utf8)) } catch { throw .json(error) }
    let parts = try TokenizerParts(root)
    let normalizers = try parts.normalizers
    let steps = try parts.splitting(normalizers)
    let added = try parts.added(normalizers)
    let model = try parts.model(symbols: steps.symbols, added: added)
    if steps.needsWordTokens, let mark = steps.spaceMark, let token = parts.tokenAcross(mark, in: model.tokens) {
      throw .unsupported(
        path: "pre_tokenizer", found: "none, with the token \"\(token)\" that goes on behind a space",
        known: "without one, words have to be merged apart")
    }
    self.init(
      json: json, model: model, added: added, normalizers: normalizers, spaceMark: steps.spaceMark,
      prefix: steps.prefix,
      splitters: steps.splitters)
  }

  /// Reads a tokenizer.json.
  package static func read(_ path: String) throws(CorpusError) -> BytePairTokenizer {
    var text: [UInt8] = []
    let reader = TextReader([path], cut: .scalars)
    while let chunk = try reader.next() { text += chunk.bytes }
    do throws(TokenizerProblem) {
      return try BytePairTokenizer(json: String(decoding: text, as: UTF8.self))
    } catch {
      throw .tokenizer(path: path, error)
    }
  }

  /// The text of a tokenizer.json for merges of bytes that were learnt here: every newline stands apart, and other text is cut as
  /// GPT-2 cuts it.
  static func json(tokens: [String], merges: [(left: Int32, right: Int32, result: Int32)]) -> String {
    let vocabulary = tokens.enumerated().map { "\(JSONValue.quoted($1)):\($0)" }.joined(separator: ",")
    let pairs = merges.map {
      "[\(JSONValue.quoted(tokens[Int($0.left)])),\(JSONValue.quoted(tokens[Int($0.right)]))]"
    }.joined(separator: ",")
    let bytes = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#
    return #"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":"#
      + #"{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"String":"\n"},"behavior":"Isolated","invert":false},"#
      + bytes + #"]},"post_processor":null,"decoder":"# + bytes
      + #","model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"#
      + #""end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{"#
      + vocabulary + #"},"merges":["# + pairs + "]}}"
  }
}
