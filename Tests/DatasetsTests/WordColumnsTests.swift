import Datasets
import Testing

private let chunks = "He PRP B-NP\nreckons VBZ B-VP\n\n# # B-NP\n1.8  CD  I-NP\n"

private func sentences(_ text: String, _ format: WordColumns, chunkSize: Int = 64) throws -> [TaggedSentence] {
  let files = try TemporaryFiles()
  var reader = SentenceReader(format, chunkSize: chunkSize)
  var sentences: [TaggedSentence] = []
  try reader.read(files.write("t.txt", text)) { sentences.append($0) }
  return sentences
}

private func format(
  word: Int = 1, tag: Int = 2, _ separator: WordColumns.Separator = .tab, comments: Bool = false
) -> WordColumns {
  var format = WordColumns()
  (format.wordColumn, format.tagColumn, format.separator, format.comments) = (word, tag, separator, comments)
  return format
}

@Suite struct WordColumnsTests {
  /// The tags of a file's words, `-` for a word without.
  private func tags(_ text: String, _ format: WordColumns) throws -> [String] {
    let files = try TemporaryFiles()
    let record = try format.readTagged([files.write("t", text)], tags: [TagSet(.upos)])
    return try record.tags[0].numbers.all().map {
      $0 == TaggingVocabulary.noTag ? "-" : record.tags[0].table[Int($0)]
    }
  }

  @Test func wordsAndTagsAreInTheirColumns() throws {
    #expect(try sentences(chunks, format(.space)).map(\.forms) == [["He", "reckons"], ["#", "1.8"]])
    #expect(try tags(chunks, format(.space)) == ["PRP", "VBZ", "#", "CD"])
    #expect(try tags(chunks, format(tag: 3, .space)) == ["B-NP", "B-VP", "B-NP", "I-NP"])
    #expect(try sentences(chunks, format(word: 3, tag: 1, .space)).first?.forms == ["B-NP", "B-VP"])
    #expect(try sentences("10 000\tNUM\nnew york\tPROPN\n", format()).map(\.forms) == [["10 000", "new york"]])
    // As in CoNLL-U, `_` and nothing are no tags.
    #expect(try tags("a\tX\nb\t_\nc\t\n", format()) == ["X", "-", "-"])
    let tagless = #expect(throws: CorpusError.self) { try tags("a\t_\tX\n", format()) }
    #expect(tagless?.description.hasSuffix(": expected tags in column 2, found none") == true)
  }

  @Test func commentsAreWordsUnlessTheyAreAskedFor() throws {
    let plus = "# global.columns = ID FORM UPOS\n# text = we run\n1\twe\tPRON\n# within\n2\trun\tVERB\n\n#tag\n"
    let read = try sentences(plus, format(word: 2, tag: 3, comments: true))
    #expect(read.map(\.forms) == [["we", "run"], []])
    #expect(read.first?.words.map(\.line) == [3, 5])
    #expect(try sentences("#tag\tX\n", format()).map(\.forms) == [["#tag"]])
  }

  @Test(arguments: [
    chunks, chunks.replacing("\n", with: "\r\n"), "\u{FEFF}" + chunks, "\n\r\n" + chunks + "\n\n\n",
    String(chunks.dropLast()), "\u{FEFF}\r\n", "\n", "",
  ])
  func bytesOfAllSentencesAreThoseOfTheFile(text: String) throws {
    for chunkSize in [8, 9, 10, 11, 1000] {
      let read = try sentences(text, format(.space), chunkSize: chunkSize)
      #expect(read.flatMap(\.bytes) == Array(text.utf8))
      #expect(read.flatMap(\.forms) == (text.contains("He") ? ["He", "reckons", "#", "1.8"] : []))
    }
  }

  @Test func replacedTagsAreAllThatChanges() throws {
    let text = "\u{FEFF}He PRP B-NP\r\nreckons  VBZ  B-VP \r\n\r\n\nso RB O"
    let format = format(.space)
    let read = try sentences(text, format)
    let tagged = read.flatMap { format.tagged($0, $0.forms.map { [$0.uppercased()] }, notes: nil, in: [.upos]) }
    let expected = text.replacing("PRP", with: "HE").replacing("VBZ", with: "RECKONS").replacing("RB", with: "SO")
    #expect(String(decoding: tagged, as: UTF8.self) == expected)
  }

  @Test func textOfWordsAndTagsReadsBack() throws {
    for format in [format(), format(word: 4, tag: 2), format(tag: 3, .space)] {
      let text = String(
        decoding: format.text(of: ["we", "run"], [["PRON"], ["VERB"]], notes: nil, in: [.xpos]), as: UTF8.self)
      #expect(try sentences(text, format).map(\.forms) == [["we", "run"]] && text.hasSuffix("\n\n"))
      #expect(try tags(text, format) == ["PRON", "VERB"])
    }
    #expect(format(word: 3).text(of: ["we"], [["PRON"]], notes: nil, in: [.upos]) == Array("_\tPRON\twe\n\n".utf8))
    #expect(format().text(of: [], [], notes: nil, in: [.upos]).isEmpty)
  }

  @Test(
    arguments: [
      ("a\n", 1, format(), .tooFew(found: 1, needed: 2, .tab, mayBeComment: false)),
      ("a X\n", 1, format(), .tooFew(found: 1, needed: 2, .tab, mayBeComment: false)),
      ("a\tX\n\n# b\r\n", 3, format(), .tooFew(found: 1, needed: 2, .tab, mayBeComment: true)),
      ("\u{FEFF}a X Y\na X", 2, format(tag: 3, .space), .tooFew(found: 2, needed: 3, .space, mayBeComment: false)),
      ("a\tX\n\tX\n", 2, format(), .noWord(column: 1)),
      ("# a\n1\t\tX\n", 2, format(word: 2, tag: 3, comments: true), .noWord(column: 2)),
    ] as [(String, Int, WordColumns, ColumnsProblem)])
  func malformedLinesAreNamed(text: String, line: Int, format: WordColumns, problem: ColumnsProblem) throws {
    let files = try TemporaryFiles()
    let path = try files.write("bad.txt", text)
    for chunkSize in [8, 1000] {
      let error = #expect(throws: CorpusError.self) {
        try format.readTagged([path], tags: [TagSet(.upos)], chunkSize: chunkSize)
      }
      #expect(error == .malformedLine(MalformedLine(path: path, line: line, problem: problem)))
      #expect(error?.description.hasPrefix("\(path):\(line): expected") == true)
      #expect(error?.exitCode == .badInput)
    }
  }

  /// As editors leave it.
  @Test func aLineOfWhiteSpaceEndsASentence() throws {
    for format in [format(), format(.space)] {
      let columns = format.separator == .tab ? "\t" : " "
      let text = "a\(columns)X\n \t \nb\(columns)Y\n"
      #expect(try sentences(text, format).map(\.forms) == [["a"], ["b"]])
    }
  }

  /// A language model reads the words alone.
  @Test func wordsAreTokensOfATextToo() throws {
    let files = try TemporaryFiles()
    let sources = CorpusSources(train: [try files.write("t", chunks)])
    let dataset = try SequenceDataset.prepare(
      sources, format: format(.space), tokenization: .word, vocabulary: VocabularySettings())
    let train = try #require(dataset.splits[.train])
    #expect(
      try train.tokens.all().map { dataset.vocabulary.tokens[Int($0)] } == [
        "He", "reckons", "</s>", "#", "1.8", "</s>",
      ])
  }
}
