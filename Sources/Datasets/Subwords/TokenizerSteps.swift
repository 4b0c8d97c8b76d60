// What a tokenizer.json says of a text before its model sees it: normalizers and pre-tokenizers.

extension TokenizerParts {
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
    for case .replace(" ", let mark) in normalizers where !mark.isEmpty { splitting.spaceMark = mark }
    guard let part = root["pre_tokenizer"] else {
      guard let mark = splitting.spaceMark else {
        throw .unsupported(path: "pre_tokenizer", found: "none", known: "BPE would merge across a whole text")
      }
      splitting.needsWordTokens = true
      splitting.splitters = [.beforeRun(Array(mark.utf8))]
      try requireWords(splitting, normalizers)
      return splitting
    }
    let steps = steps(part, "pre_tokenizer", list: "pretokenizers")
    for (index, step) in steps.enumerated() {
      try add(step.part, step.path, isFirst: index == 0, isLast: index == steps.count - 1, to: &splitting)
    }
    try requireWords(splitting, normalizers)
    return splitting
  }

  /// A text is cut before a space as it comes in (see `TextCut`), so that pieces have to be, too.
  private func requireWords(_ splitting: Splitting, _ normalizers: [TextNormalizer]) throws(TokenizerProblem) {
    let cutsAtSpaces = splitting.splitters.contains { splitter in
      switch splitter {
      case .gpt2, .whitespace, .words, .before, .beforeRun: true
      case .isolated, .punctuation, .digits: false
      }
    }
    guard cutsAtSpaces else {
      throw .unsupported(
        path: "pre_tokenizer", found: "one that doesn't cut at spaces", known: "BPE would merge across a whole text")
    }
    for case .replace(let old, let new) in normalizers where old.utf8.contains(where: { $0 == 0x20 || $0 == 0x0A }) {
      let mark = Array(new.utf8)
      let isMark = splitting.splitters.contains(.before(mark)) || splitting.splitters.contains(.beforeRun(mark))
      guard old == " ", isMark else {
        throw .unsupported(
          path: "normalizer", found: "Replace of white space", known: "only that of a space by what words begin with is"
        )
      }
    }
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
