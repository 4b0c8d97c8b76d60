import Datasets
import Keys

extension RunConfiguration {
  /// Where the tokens come from.
  package enum Data: Sendable, Equatable {
    case text(TextCorpus)
    /// A dataset that `prepare` has made; the path is absolute.
    case dataset(path: String)
    /// Ids drawn by Zipf's law, for benchmarks.
    case synthetic(SyntheticCorpus)
  }

  /// Files of text, or of words with tags.
  package struct TextCorpus: Sendable, Equatable {
    /// Absolute paths, at least one; see `CorpusFiles` for what they may be.
    package var train: [String]
    package var validation: HeldOut?
    package var test: HeldOut?
    package var format = Format()
    package var tokens = TokenSetting.kind(.word)
    /// What a tagger learns, at least one column, each once.
    package var tags = [TagColumn.upos]
    package var vocabulary = VocabularySettings()

    package init(train: [String]) { self.train = train }
  }

  /// How the files of a corpus are laid out.
  package struct Format: Sendable, Equatable {
    /// Nil: as the task usually has them.
    package var format: (any CorpusFormat)?

    package init(_ format: (any CorpusFormat)? = nil) { self.format = format }

    package static func == (a: Self, b: Self) -> Bool {
      guard let first = a.format, let second = b.format else { return a.format == nil && b.format == nil }
      return first.isEqual(to: second)
    }
  }

  /// What a model is measured on.
  package enum HeldOut: Sendable, Equatable {
    /// The absolute path of a file of its own, or of several.
    case file(String)
    /// A share of the training sentences, above 0 and below 0.5.
    case split(Double)
  }

  package struct SyntheticCorpus: Sendable, Equatable {
    package var vocabulary = 10_000
    /// What the output layer tells apart; nil: as many as the vocabulary.
    package var classes: Int?

    package init() {}
  }
}

/// The keys of `data`: where tokens come from, and in which direction they are read.
struct DataKeys: KeySection {
  var data: RunConfiguration.Data
  var direction: ReadingDirection

  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.variant(&data)
    keys.value(
      "direction", &direction, .choice,
      "how a language model reads: backward predicts each token from those behind it, right to left")
  }
}

extension RunConfiguration.Data: KeyVariant {
  package static let selector = VariantSelector.presence

  package static let alternatives: [Self] = [
    .text(RunConfiguration.TextCorpus(train: [])), .dataset(path: ""), .synthetic(RunConfiguration.SyntheticCorpus()),
  ]

  package var name: String {
    switch self {
    case .text: "train"
    case .dataset: "dataset"
    case .synthetic: "synthetic"
    }
  }

  package var substitute: String {
    if case .dataset = self { "the dataset's own is used, as it was prepared" } else { "" }
  }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    switch self {
    case .text(var corpus):
      corpus.visitKeys(&keys)
      self = .text(corpus)
    case .dataset(var path):
      keys.value("dataset", &path, .inputFile, "a prepared dataset (HDF5) instead of text")
      self = .dataset(path: path)
    case .synthetic(var corpus):
      keys.section("synthetic", &corpus, "ids drawn by Zipf's law instead of text, for benchmarks")
      self = .synthetic(corpus)
    }
  }
}

extension RunConfiguration.TextCorpus: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value(
      "train", &train, .corpusFiles,
      "text to learn from (CoNLL-U for tagging): files, directories, patterns like news-*.txt.gz")
    keys.optional("validation", &validation, .heldOut, "text that decides which checkpoint is best")
    keys.optional("test", &test, .heldOut, "text to measure the result on")
    keys.variant(&format)
    keys.value("tokens", &tokens, .tokens, "what a token is; {tokenizer: FILE}: as a tokenizer.json says")
    keys.value("tags", &tags, .tagColumns, "the column of CoNLL-U that a tagger learns; a list: several at once")
    keys.section("vocabulary", &vocabulary, "which tokens the model knows")
  }
}

extension RunConfiguration.Format: KeyVariant {
  package static let selector = VariantSelector.value(
    ofKey: "format", noun: "format", help: "how the files are laid out; auto: text, or CoNLL-U for tagging")

  package static let alternatives = [Self()] + CorpusFormats.all.map { Self($0) }

  package var name: String { format?.name ?? "auto" }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) {
    guard var format else { return }
    format.visitSettings(&keys)
    self.format = format
  }
}

extension RunConfiguration.SyntheticCorpus: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("vocabulary", &vocabulary, .whole(2...10_000_000), "different ids")
    keys.optional("classes", &classes, .whole(2...10_000_000), "different targets; absent: as many as ids")
  }
}

extension RunConfiguration {
  /// What tokens are, before there is a tokenizer.
  package enum TokenSetting: Sendable, Equatable {
    case kind(TokenKind)
    /// As the tokenizer.json at an absolute path says.
    case tokenizer(String)

    package var kind: TokenKind {
      switch self {
      case .kind(let kind): kind
      case .tokenizer: .bpe
      }
    }
  }
}

extension ValueKind<RunConfiguration.TokenSetting> {
  /// A name, or a file of a tokenizer.
  fileprivate static var tokens: Self {
    let names = TokenKind.allCases.map(\.rawValue)
    let expectation = enumeration(of: names + ["{tokenizer: FILE}"], conjunction: "or")
    return Self(expectation, choices: names) { tree, site in
      if let entries = tree.entries {
        if entries.isEmpty { return site.mismatch(tree, expected: expectation) }
        var file = TokenizerFile()
        site.read(&file, from: tree)
        return file.tokenizer.map(RunConfiguration.TokenSetting.tokenizer)
      }
      guard let text = tree.text else { return site.mismatch(tree, expected: expectation) }
      if let kind = TokenKind(rawValue: text) { return .kind(kind) }
      let hint = closest(to: text, among: names).map { "; did you mean \($0)?" } ?? ""
      return site.mismatch(tree, expected: expectation, hint: hint)
    } write: { setting in
      switch setting {
      case .kind(let kind): .string(kind.rawValue)
      case .tokenizer(let path): KeyWriter.tree(of: TokenizerFile(tokenizer: path))
      }
    }
  }

  private struct TokenizerFile: KeySection {
    var tokenizer: String?

    mutating func visitKeys(_ keys: inout some KeyVisitor) {
      keys.optional("tokenizer", &tokenizer, .inputFile, "a tokenizer.json")
    }
  }
}

extension ValueKind<[TagColumn]> {
  /// By their names in small letters: one, or a list.
  fileprivate static var tagColumns: Self {
    let one = ValueKind<TagColumn>.choice(
      of: TagColumn.allCases.map(name), value: { text in TagColumn.allCases.first { name($0) == text } }, name: name)
    return Self("\(one.expectation), or a list of them", choices: one.choices) { tree, site in
      guard case .list(let items) = tree.content else { return one.read(tree, site).map { [$0] } }
      guard let found = one.readAll(items, site) else { return nil }
      guard !found.isEmpty, Set(found).count == found.count else {
        return site.mismatch(tree, expected: "at least one column, and each once", found: "\(found.map(name))")
      }
      return found
    } write: { columns in
      columns.count == 1 ? one.write(columns[0]) : ValueTree(.list(columns.map(one.write)))
    }
  }

  private static func name(_ column: TagColumn) -> String { column.rawValue.lowercased() }
}

extension ValueKind<RunConfiguration.HeldOut> {
  /// A file, or a share of the training text.
  fileprivate static var heldOut: Self {
    let expectation = "a path or {split: FRACTION}"
    return Self(expectation) { tree, site in
      guard let entries = tree.entries else {
        return site.inputFile(tree, expected: expectation, as: .corpus).map(RunConfiguration.HeldOut.file)
      }
      guard entries.contains(where: { $0.key == "split" }) else {
        return site.mismatch(tree, expected: expectation)
      }
      var share = Share()
      site.read(&share, from: tree)
      return share.split.map(RunConfiguration.HeldOut.split)
    } write: { heldOut in
      switch heldOut {
      case .file(let path): return .string(path)
      case .split(let fraction): return KeyWriter.tree(of: Share(split: fraction))
      }
    }
  }

  private struct Share: KeySection {
    var split: Double?

    mutating func visitKeys(_ keys: inout some KeyVisitor) {
      keys.optional("split", &split, .number(.minority), "the share of the training sentences that is held out")
    }
  }
}
