import Keys

/// The formats of corpus files, each a file of its own and a line here.
package enum CorpusFormats {
  package static let all: [any CorpusFormat] = [CoNLLU(), WordColumns(), PlainText()]
}

/// A format of corpus files: where in them sentences, words and tags are. Its own keys stand beside `data.format`.
package protocol CorpusFormat: KeyAlternative {
  associatedtype Parser: SentenceParser

  /// What people call it.
  var title: String { get }
  /// What the names of its files end in; empty for a format of files of any name.
  var fileEndings: [String] { get }
  /// Whether its words can have tags, which a tagger learns.
  var hasTags: Bool { get }
  /// Whether a word may have a tag in each of several columns.
  var hasSeveralTags: Bool { get }
  /// Whether a file says itself what a token is, so that there is no tokenization to choose.
  var hasTokens: Bool { get }

  /// What messages call a column of tags.
  func title(of column: TagColumn) -> String

  /// A parser at the start of a file.
  ///
  /// - Parameter file: what messages call the file.
  func parser(of file: String) -> Parser

  /// Whether a line, without its end, is one of this format and hardly of another.
  func recognizes(_ line: ArraySlice<UInt8>) -> Bool

  /// Reads files as one text without tags, in one pass.
  func read(
    _ paths: [String], _ tokenization: Tokenization, _ reading: CorpusReading
  ) throws(CorpusError) -> RecordedText

  /// Whether a word has a place for a note on its tag.
  var hasNotes: Bool { get }

  /// A sentence of this format with the tags of each word, [word][column], put in, and a note if there are any and a place
  /// for them; everything else is as it was.
  func tagged(_ sentence: TaggedSentence, _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]) -> [UInt8]

  /// A sentence of words and tags that came in another format, with notes likewise.
  func text(of words: [String], _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]) -> [UInt8]
}

/// What can be wrong with a tag, in any format.
package enum TagProblem: LineProblem {
  case spaceInTag(found: String)
  /// A tag that is written otherwise elsewhere, and looks the same.
  case equivalentTag(String)

  package var description: String {
    switch self {
    case .spaceInTag(let found):
      "expected a tag without white space, found \"\(found)\""
    case .equivalentTag(let tag):
      "expected the tag \"\(tag)\" as it is written above or in the training text, found another spelling that looks the same; "
        + "bring all files into one Unicode normalization form first (for example: uconv -x any-nfc)"
    }
  }
}

/// Finds tags that nobody could tell from others.
private struct TagCheck {
  /// Canonical equivalence counts in it.
  private var seen: Set<String>
  /// How many of the table's tags are in it.
  private var checked = 0

  /// - Parameter known: tags that files which were read before have, or a model.
  init(known: [String]) { seen = Set(known) }

  /// Looks at the tags that have come into a table since the last time.
  mutating func check(_ table: TokenTable) throws(TagProblem) {
    while checked < table.count {
      let tag = table[checked]
      checked += 1
      if tag.unicodeScalars.contains(where: WhitespaceTokenizer.isWhitespace) { throw .spaceInTag(found: tag) }
      let (isNew, before) = seen.insert(tag)
      if !isNew, !before.utf8.elementsEqual(tag.utf8) { throw .equivalentTag(before) }
    }
  }
}

/// Puts sentences together of a file's bytes. The bytes of all sentences in a row are those that came in.
package protocol SentenceParser: Sendable {
  /// Takes in one byte, and returns the sentence that ends with it.
  mutating func advance(_ byte: UInt8) throws(CorpusError) -> TaggedSentence?

  /// The sentence that the file ends in.
  mutating func finish() throws(CorpusError) -> TaggedSentence?
}

extension CorpusFormat {
  package var fileEndings: [String] { [] }
  package var hasTags: Bool { true }
  package var hasSeveralTags: Bool { false }
  package var hasTokens: Bool { true }
  package var hasNotes: Bool { false }

  package func title(of column: TagColumn) -> String { "the \(column.rawValue) column" }

  package func recognizes(_ line: ArraySlice<UInt8>) -> Bool { false }

  package func tagged(
    _ sentence: TaggedSentence, _ tags: [[String]], notes: [TagNote]?, in columns: [TagColumn]
  ) -> [UInt8] {
    sentence.replacing(columns, with: tags, notes: notes)
  }

  /// The words as tokens, whatever the tokenization.
  package func read(
    _ paths: [String], _ tokenization: Tokenization, _ reading: CorpusReading
  ) throws(CorpusError) -> RecordedText {
    try read(
      CorpusRecord(of: paths, specialTokens: Vocabulary.specialTokens(tokenization), pruning: reading.pruning),
      tags: [], chunkSize: reading.chunkSize)
  }

  package func isEqual(to other: any CorpusFormat) -> Bool { (other as? Self) == self }
}

extension CorpusFormat {
  /// Reads the words of files and their tags in some columns.
  ///
  /// - Parameter tagSets: the columns, with tags of what goes with these files: none of theirs may look like one of them and
  ///   be another.
  package func readTagged(
    _ paths: [String], tags tagSets: [TagSet], chunkSize: Int = TextReader.defaultChunkSize
  ) throws(CorpusError) -> RecordedText {
    let text = try read(
      CorpusRecord(of: paths, specialTokens: [Vocabulary.unknownToken], tagColumns: tagSets.count), tags: tagSets,
      chunkSize: chunkSize)
    for (set, tags) in zip(tagSets, text.tags) where tags.hasNone(in: set.column) {
      throw .noTags(
        column: title(of: set.column), paths: paths, others: taggedColumns(of: paths, chunkSize: chunkSize))
    }
    return text
  }

  /// The columns in which files have tags, as far as they can be read once more; none where a word has one tag in any case.
  private func taggedColumns(of paths: [String], chunkSize: Int) -> [TagColumn] {
    if !hasSeveralTags { return [] }
    return TagColumn.allCases.filter { column in
      let text = try? read(
        CorpusRecord(of: paths, specialTokens: [], tagColumns: 1), tags: [TagSet(column)], chunkSize: chunkSize)
      return text?.tags[0].hasNone(in: column) == false
    }
  }

  private func read(
    _ empty: CorpusRecord, tags tagSets: [TagSet], chunkSize: Int
  ) throws(CorpusError) -> RecordedText {
    var record = empty
    let paths = record.paths
    var checks = tagSets.map { TagCheck(known: $0.tags) }
    var reader = SentenceReader(self, chunkSize: chunkSize)
    for path in paths {
      try reader.read(path) { (sentence) throws(CorpusError) in
        for word in sentence.words {
          let form = sentence.bytes[word.form]
          record.append(word: form)
          do throws(TagProblem) {
            for (index, set) in tagSets.enumerated() {
              record.tags[index].append(sentence.tag(of: word, in: set.column))
              try checks[index].check(record.tags[index].table)
            }
          } catch {
            throw .malformedLine(MalformedLine(path: path, line: word.line, problem: error))
          }
        }
        record.endSentence()
        if record.run.tokens.count > chunkSize { try record.settle() }
      }
    }
    record.sourceSHA256 = reader.sourceSHA256
    let text = try record.finish()
    if text.tokens.count == 0 { throw .empty(paths: paths) }
    return text
  }
}
