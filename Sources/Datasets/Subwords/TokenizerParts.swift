/// The parts of a tokenizer.json.
struct TokenizerParts {
  let root: JSONValue
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
    // An id beyond leaves a gap before it.
    var tokens = [String?](repeating: nil, count: min(Int(ids.map(\.id).max() ?? -1), ids.count) + 1)
    for (name, id) in ids where tokens.indices.contains(Int(id)) {
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
}
