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
    var reader = TextReader()
    try reader.read(path) { part in
      for index in part.span.indices { text.append(part.span[index]) }
    }
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

/// The parts of a tokenizer.json.
private struct TokenizerParts {
  private let root: JSONValue
  private let modelPart: JSONValue

  /// Ids beyond are taken for damage.
  private static let mostTokens = 10_000_000

  init(_ root: JSONValue) throws(TokenizerProblem) {
    guard let model = root["model"] else { throw .expected(path: "model", "a model of the type BPE, found none") }
    let type = model["type"]?.string ?? (model["merges"] == nil ? "one without merges" : "BPE")
    guard type == "BPE" else { throw .unsupported(path: "model", found: type, known: "it should be BPE") }
    (self.root, modelPart) = (root, model)
  }

  // MARK: the model

  func model(symbols: BytePairModel.Symbols, added: [BytePairTokenizer.AddedToken]) throws(TokenizerProblem)
    -> BytePairModel
  {
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = modelPart[key]?.string, !text.isEmpty {
        throw .unsupported(path: "model.\(key)", found: "\"\(text)\"", known: "it should be null")
      }
    }
    if let dropout = modelPart["dropout"]?.number, dropout != 0 {
      throw .unsupported(path: "model.dropout", found: "\(dropout)", known: "tokens are the same each time")
    }
    let tokens = try tokens(with: added)
    let table = TokenTable(tokens)
    var settings = BytePairModel.Settings()
    settings.symbols = symbols
    if let unknown = modelPart["unk_token"]?.string {
      settings.unknown = try id(of: unknown, in: table, "model.unk_token")
    }
    settings.fusesUnknown = modelPart["fuse_unk"]?.bool ?? false
    settings.fallsBackToBytes = modelPart["byte_fallback"]?.bool ?? false
    settings.takesWholePieces = modelPart["ignore_merges"]?.bool ?? false
    return BytePairModel(tokens: tokens, merges: try merges(table), settings)
  }

  /// By id.
  private func tokens(with added: [BytePairTokenizer.AddedToken]) throws(TokenizerProblem) -> [String] {
    guard let entries = modelPart["vocab"]?.entries else {
      throw .expected(path: "model.vocab", "tokens with their ids")
    }
    var ids: [(name: String, id: Int32)] = []
    for entry in entries { ids.append((entry.name, try id(entry.value, "model.vocab of \"\(entry.name)\""))) }
    ids += added.map { (String(decoding: $0.content, as: UTF8.self), $0.id) }
    var tokens = [String?](repeating: nil, count: Int(ids.map(\.id).max() ?? -1) + 1)
    for (name, id) in ids {
      if let other = tokens[Int(id)], !other.utf8.elementsEqual(name.utf8) {
        throw .expected(path: "model.vocab", "one token for the id \(id), found \"\(other)\" and \"\(name)\"")
      }
      tokens[Int(id)] = name
    }
    if let gap = tokens.firstIndex(of: nil) {
      throw .expected(path: "model.vocab", "ids without gaps, found none that is \(gap)")
    }
    let all = tokens.compactMap(\.self)
    if all.isEmpty { throw .expected(path: "model.vocab", "at least one token") }
    if let twice = Vocabulary.repeatedToken(in: all) {
      throw .expected(path: "model.vocab", "one id for each token, found two for \"\(twice)\"")
    }
    return all
  }

  private func id(_ value: JSONValue, _ path: String) throws(TokenizerProblem) -> Int32 {
    guard let number = value.number, let id = Int32(exactly: number), (0..<Int32(Self.mostTokens)).contains(id) else {
      throw .expected(path: path, "an id from 0 to \(Self.mostTokens - 1)")
    }
    return id
  }

  private func id(of token: String, in table: TokenTable, _ path: String) throws(TokenizerProblem) -> Int32 {
    guard let id = table.number(of: token) else {
      throw .expected(path: path, "a token of model.vocab, found \"\(token)\"")
    }
    return id
  }

  private func merges(_ table: TokenTable) throws(TokenizerProblem) -> [(left: Int32, right: Int32, result: Int32)] {
    var merges: [(left: Int32, right: Int32, result: Int32)] = []
    for (index, merge) in (modelPart["merges"]?.array ?? []).enumerated() {
      let path = "model.merges[\(index)]"
      let pair =
        merge.string.map { $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init) }
        ?? (merge.array ?? []).compactMap(\.string)
      guard pair.count == 2 else { throw .expected(path: path, "two tokens") }
      merges.append(
        (
          try id(of: pair[0], in: table, path), try id(of: pair[1], in: table, path),
          try id(of: pair[0] + pair[1], in: table, path)
        ))
    }
    return merges
  }

  // MARK: added tokens

  func added(_ normalizers: [TextNormalizer]) throws(TokenizerProblem) -> [BytePairTokenizer.AddedToken] {
    var tokens: [BytePairTokenizer.AddedToken] = []
    for (index, entry) in (root["added_tokens"]?.array ?? []).enumerated() {
      let path = "added_tokens[\(index)]"
      guard let content = entry["content"]?.string, !content.isEmpty, let number = entry["id"] else {
        throw .expected(path: path, "a content and an id")
      }
      for flag in ["single_word", "rstrip"] where entry[flag]?.bool == true {
        throw .unsupported(path: "\(path) \"\(content)\"", found: flag, known: "only lstrip is")
      }
      if !normalizers.isEmpty, entry["normalized"]?.bool ?? (entry["special"]?.bool != true) {
        throw .unsupported(
          path: "\(path) \"\(content)\"", found: "normalized, with a normalizer",
          known: "it should be found in the text as it is")
      }
      // A text is cut there: see `SubwordEncoder`.
      if content.utf8.dropLast().enumerated().contains(where: { index, byte in
        byte != 0x20 && byte != 0x0A && [0x20, 0x0A].contains(Array(content.utf8)[index + 1])
      }) {
        throw .unsupported(
          path: "\(path) \"\(content)\"", found: "white space behind something else", known: "it may only begin with it"
        )
      }
      tokens.append(
        BytePairTokenizer.AddedToken(
          content: Array(content.utf8), id: try id(number, "\(path).id"), stripsLeft: entry["lstrip"]?.bool ?? false))
    }
    return tokens
  }

  // MARK: normalizers

  var normalizers: [TextNormalizer] {
    get throws(TokenizerProblem) {
      guard let part = root["normalizer"] else { return [] }
      var normalizers: [TextNormalizer] = []
      for (path, step) in steps(part, "normalizer", list: "normalizers") {
        normalizers.append(try normalizer(step, path))
      }
      return normalizers
    }
  }

  /// A part and, if it is a sequence, those in it.
  private func steps(_ part: JSONValue, _ path: String, list: String) -> [(path: String, part: JSONValue)] {
    guard part["type"]?.string == "Sequence", let parts = part[list]?.array else { return [(path, part)] }
    return parts.enumerated().flatMap { steps($1, "\(path).\(list)[\($0)]", list: list) }
  }

  private func normalizer(_ part: JSONValue, _ path: String) throws(TokenizerProblem) -> TextNormalizer {
    switch part["type"]?.string ?? "one without a type" {
    case "NFC": return .nfc
    case "NFD": return .nfd
    case "NFKC": return .nfkc
    case "NFKD": return .nfkd
    case "Lowercase": return .lowercase
    case "StripAccents": return .stripAccents
    case "Prepend":
      guard let text = part["prepend"]?.string else { throw .expected(path: "\(path).prepend", "a text") }
      return .prepend(text)
    case "Replace":
      guard let old = part["pattern"]?["String"]?.string, let new = part["content"]?.string else {
        throw .unsupported(path: path, found: "Replace of a regular expression", known: "a pattern should be a text")
      }
      return .replace(old, with: new)
    case let type:
      throw .unsupported(
        path: path, found: type, known: "NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Prepend and Replace are")
    }
  }

  // MARK: splitting

  struct Splitting {
    var splitters: [PieceSplitter] = []
    var symbols = BytePairModel.Symbols.scalars
    var spaceMark: String?
    var prefix: BytePairTokenizer.Prefix?
    /// Whether words are apart only if no token goes on behind a space mark.
    var needsWordTokens = false
  }

  func splitting(_ normalizers: [TextNormalizer]) throws(TokenizerProblem) -> Splitting {
    var splitting = Splitting()
    for case .replace(" ", let mark) in normalizers { splitting.spaceMark = mark }
    guard let part = root["pre_tokenizer"] else {
      guard let mark = splitting.spaceMark else {
        throw .unsupported(path: "pre_tokenizer", found: "none", known: "BPE would merge across a whole text")
      }
      splitting.needsWordTokens = true
      splitting.splitters = [.beforeRun(Array(mark.utf8))]
      return splitting
    }
    let steps = steps(part, "pre_tokenizer", list: "pretokenizers")
    for (index, step) in steps.enumerated() {
      try add(step.part, step.path, isFirst: index == 0, isLast: index == steps.count - 1, to: &splitting)
    }
    return splitting
  }

  private func add(
    _ part: JSONValue, _ path: String, isFirst: Bool, isLast: Bool, to splitting: inout Splitting
  ) throws(TokenizerProblem) {
    switch part["type"]?.string ?? "one without a type" {
    case "ByteLevel":
      guard isLast else {
        throw .unsupported(path: path, found: "ByteLevel before others", known: "it should be the last")
      }
      splitting.symbols = .bytes
      if part["use_regex"]?.bool ?? true { splitting.splitters.append(.gpt2) }
      guard part["add_prefix_space"]?.bool ?? true else { return }
      guard isFirst else {
        throw .unsupported(path: path, found: "add_prefix_space behind others", known: "only the first may have it")
      }
      splitting.prefix = BytePairTokenizer.Prefix(text: [0x20], isForStart: false)
    case "Metaspace":
      guard isFirst, let mark = part["replacement"]?.string, !mark.isEmpty else {
        throw .unsupported(path: path, found: "Metaspace behind others", known: "it should be the first")
      }
      let scheme = part["prepend_scheme"]?.string ?? (part["add_prefix_space"]?.bool ?? true ? "always" : "never")
      splitting.spaceMark = mark
      if scheme != "never" {
        splitting.prefix = BytePairTokenizer.Prefix(text: Array(mark.utf8), isForStart: scheme == "first")
      }
      let splits = part["split"]?.bool ?? true
      splitting.needsWordTokens = !splits
      splitting.splitters.append(splits ? .before(Array(mark.utf8)) : .beforeRun(Array(mark.utf8)))
    case "Whitespace": splitting.splitters.append(.words)
    case "WhitespaceSplit": splitting.splitters.append(.whitespace)
    case "BertPreTokenizer": splitting.splitters += [.whitespace, .punctuation]
    case "Punctuation":
      try requireIsolated(part, path)
      splitting.splitters.append(.punctuation)
    case "Digits":
      splitting.splitters.append(.digits(individually: part["individual_digits"]?.bool ?? false))
    case "Split": splitting.splitters.append(try split(part, path))
    case let type:
      throw .unsupported(
        path: path, found: type,
        known: "ByteLevel, Metaspace, Whitespace, WhitespaceSplit, BertPreTokenizer, Punctuation, Digits and Split are")
    }
  }

  private func requireIsolated(_ part: JSONValue, _ path: String) throws(TokenizerProblem) {
    let behavior = part["behavior"]?.string ?? "Isolated"
    guard behavior == "Isolated", part["invert"]?.bool != true else {
      throw .unsupported(path: path, found: "the behavior \(behavior)", known: "Isolated is, without invert")
    }
  }

  private func split(_ part: JSONValue, _ path: String) throws(TokenizerProblem) -> PieceSplitter {
    try requireIsolated(part, path)
    if let text = part["pattern"]?["String"]?.string, !text.isEmpty { return .isolated(Array(text.utf8)) }
    let expression = part["pattern"]?["Regex"]?.string ?? "nothing"
    guard PieceSplitter.spellingsOfGPT2.contains(expression) else {
      throw .unsupported(
        path: path, found: "a split at \(expression)", known: "one at a text or by GPT-2's expression is")
    }
    return .gpt2
  }

  /// A token with a space mark behind something else.
  func tokenAcross(_ mark: String, in tokens: [String]) -> String? {
    tokens.first { token in
      var isBehind = false
      var rest = token[...]
      while !rest.isEmpty {
        if rest.hasPrefix(mark) {
          if isBehind { return true }
          rest = rest.dropFirst(mark.count)
        } else {
          isBehind = true
          rest = rest.dropFirst()
        }
      }
      return false
    }
  }
}
