import Datasets
import Testing

/// A CoNLL-U line of a word.
func row(_ id: String, _ form: String, _ upos: String, _ xpos: String = "_") -> String {
  "\(id)\t\(form)\t_\t\(upos)\t\(xpos)\t_\t_\t_\t_\t_\n"
}

private let treebank =
  "# text = It doesn't.\n" + row("1", "It", "PRON", "PRP") + row("2-3", "doesn't", "_") + row("2", "does", "AUX", "VBZ")
  + row("3", "n't", "PART", "RB") + row("3.1", "go", "VERB") + row("4", ".", "PUNCT", ".") + "\n\n# alone\n\n"
  + row("1", "10 000", "NUM", "CD") + row("2", "it", "PRON", "PRP")

private func sentences(_ text: String, chunkSize: Int = 64) throws -> [TaggedSentence] {
  let files = try TemporaryFiles()
  var reader = SentenceReader(CoNLLU(), chunkSize: chunkSize)
  var sentences: [TaggedSentence] = []
  try reader.read(files.write("t.conllu", text)) { sentences.append($0) }
  return sentences
}

@Suite struct TreebankTests {
  @Test func wordsAreTheLinesWithWholeNumbers() throws {
    for chunkSize in [8, 9, 10, 11, 1000] {
      let read = try sentences(treebank, chunkSize: chunkSize)
      #expect(read.map(\.forms) == [["It", "does", "n't", "."], [], ["10 000", "it"]])
      #expect(read.first?.words.map(\.line) == [2, 4, 5, 7])
      #expect(read.last?.words.map(\.line) == [12, 13])
    }
  }

  @Test func bytesAreKept() throws {
    let read = try sentences(treebank)
    #expect(read.map { String(decoding: $0.bytes, as: UTF8.self) }.joined() == treebank)
  }

  @Test(arguments: [
    treebank, treebank.replacing("\n", with: "\r\n"), "\u{FEFF}" + treebank, "\n\r\n" + treebank + "\n\n\n",
    String(treebank.dropLast()), "\u{FEFF}\r\n# no words", "\n", "",
  ])
  func bytesOfAllSentencesAreThoseOfTheFile(text: String) throws {
    for chunkSize in [8, 9, 10, 11, 1000] {
      let read = try sentences(text, chunkSize: chunkSize)
      #expect(read.flatMap(\.bytes) == Array(text.utf8))
      let words = read.flatMap(\.forms)
      #expect(words == (text.contains("PRON") ? ["It", "does", "n't", ".", "10 000", "it"] : []))
    }
  }

  @Test func tagsAreReplaced() throws {
    let sentence = try #require(try sentences(treebank).last)
    let upos = String(decoding: sentence.replacing([.upos], with: [["X"], [""]]), as: UTF8.self)
    #expect(upos == row("1", "10 000", "X", "CD") + row("2", "it", "", "PRP"))
    let xpos = String(decoding: sentence.replacing([.xpos], with: [["A"], ["LONGER"]]), as: UTF8.self)
    #expect(xpos == row("1", "10 000", "NUM", "A") + row("2", "it", "PRON", "LONGER"))
    let both = String(decoding: sentence.replacing([.xpos, .upos], with: [["A", "X"], ["B", ""]]), as: UTF8.self)
    #expect(both == row("1", "10 000", "X", "A") + row("2", "it", "", "B"), "columns in any order")
  }

  @Test func datasetHasFormsAndTags() throws {
    let files = try TemporaryFiles()
    let sources = CorpusSources(train: [try files.write("t.conllu", treebank + "\n" + treebank)])
    let dataset = try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: [.upos], vocabulary: VocabularySettings())
    #expect(dataset.tagging?.columns[0].tags == ["AUX", "NUM", "PART", "PRON", "PUNCT"])
    #expect(dataset.tagging?.characters.tokens.joined() == "<unk> '.01Ideinost")
    #expect(dataset.forms == ["It", "does", "n't", ".", "10 000", "it"])
    #expect(dataset.tagging?.trainingWords.tokens == dataset.forms)
    #expect(dataset.vocabulary.tokens == ["<unk>", ".", "10 000", "It", "does", "it", "n't"])
    let train = try #require(dataset.splits[.train])
    #expect(train.tokens == [3, 4, 6, 1, 2, 5, 3, 4, 6, 1, 2, 5])
    #expect(train.tags == [[3, 0, 2, 4, 1, 3, 3, 0, 2, 4, 1, 3]])
    #expect(train.forms == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(train.offsets == [0, 4, 6, 10, 12])
    #expect(train.extent.characters == 2 * (2 + 4 + 3 + 1 + 6 + 2))
  }

  @Test func tagsAreThoseOfAllSplits() throws {
    let files = try TemporaryFiles()
    let sources = CorpusSources(
      train: [try files.write("t", row("1", "a", "X"))], validation: .files([try files.write("v", row("1", "b", "B"))]))
    let dataset = try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: [.upos], vocabulary: VocabularySettings())
    #expect(dataset.tagging?.columns[0].tags == ["B", "X"])
    #expect(dataset.splits[.validation]?.tags == [[0]] && dataset.splits[.validation]?.tokens == [0])
  }

  @Test func aFractionOfSentencesTakesItsTagsAlong() throws {
    let files = try TemporaryFiles()
    let text = (0..<4).map { row("1", "w\($0)", "T\($0)") + row("2", "x", "X") }.joined(separator: "\n")
    let sources = CorpusSources(train: [try files.write("t", text)], test: .fraction(0.25))
    let dataset = try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: [.upos], vocabulary: VocabularySettings())
    #expect(dataset.splits[.train]?.tags == [[0, 4, 1, 4, 2, 4]])
    #expect(dataset.splits[.test]?.tags == [[3, 4]] && dataset.splits[.test]?.extent.characters == 3)
  }

  @Test func formsOutsideTheTrainingSplitComeBehindTheTrainingWords() throws {
    let files = try TemporaryFiles()
    let train = ["a", "<unk>", "é", "a"].enumerated().map { row("\($0 + 1)", $1, "X") }.joined()
    let other = ["e\u{301}", "é", "v", "ß"].enumerated().map { row("\($0 + 1)", $1, "X") }.joined()
    var sources = CorpusSources(
      train: [try files.write("t", train)], validation: .files([try files.write("v", other)]),
      test: .files([try files.write("w", row("1", "w", "X") + row("2", "v", "X"))]))
    let settings = VocabularySettings(minimumCount: 2)
    let dataset = try SequenceDataset.prepareTagged(sources, format: CoNLLU(), tags: [.upos], vocabulary: settings)
    #expect(dataset.vocabulary.tokens == ["<unk>", "a"])
    #expect(dataset.splits[.train]?.tokens == [1, 0, 0, 1])
    #expect(dataset.forms.map(\.scalarValues) == ["a", "<unk>", "é", "e\u{301}", "v", "ß", "w"].map(\.scalarValues))
    #expect(dataset.tagging?.trainingWords.tokens.count == 3)
    #expect(dataset.tagging?.characters.tokens == ["<unk>", "<", ">", "a", "k", "n", "u", "é"])
    #expect(Split.allCases.map { dataset.splits[$0]?.forms } == [[0, 1, 2, 0], [3, 2, 4, 5], [6, 4]])

    // The tail of the training text has none of the training words' rights.
    sources = CorpusSources(
      train: [try files.write("s", row("1", "b", "X") + "\n" + row("1", "c", "X"))], test: .fraction(0.5))
    let parts = try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: [.upos], vocabulary: VocabularySettings())
    #expect(parts.tagging?.trainingWords.tokens == ["b"] && parts.forms == ["b", "c"])
    #expect(parts.vocabulary.tokens == ["<unk>", "b"])
  }

  @Test func aWordWithoutATagIsNoTarget() throws {
    let files = try TemporaryFiles()
    let path = try files.write("t", row("1", "a", "_") + row("2", "b", "X") + row("3", "c", ""))
    let dataset = try SequenceDataset.prepareTagged(
      CorpusSources(train: [path]), format: CoNLLU(), tags: [.upos], vocabulary: VocabularySettings())
    #expect(dataset.tagging?.columns[0].tags == ["X"])
    #expect(dataset.splits[.train]?.tags == [[-1, 0, -1]])
    let error = #expect(throws: CorpusError.self) { try CoNLLU().readTagged([path], tags: [TagSet(.xpos)]) }
    #expect(
      error?.description
        == "\(path): expected tags in the XPOS column, found none (there are some in UPOS; to learn those, write data.tags=upos)"
    )
    #expect(error == .noTags(column: "the XPOS column", paths: [path], others: [.upos]))
  }

  /// A language model reads its words as they are, whatever they would be in plain text.
  @Test func wordsAreTokensOfATextToo() throws {
    let files = try TemporaryFiles()
    let sources = CorpusSources(train: [try files.write("t.conllu", treebank)])
    let dataset = try SequenceDataset.prepare(
      sources, format: CoNLLU(), tokenization: .word, vocabulary: VocabularySettings())
    let train = try #require(dataset.splits[.train])
    #expect(
      try train.tokens.all().map { dataset.vocabulary.tokens[Int($0)] }
        == ["It", "does", "n't", ".", "</s>", "10 000", "it", "</s>"])
    #expect(train.tags.isEmpty && train.forms == nil && dataset.tagging == nil)
    #expect(train.extent.characters == 2 + 4 + 3 + 1 + 6 + 2)
  }

  @Test func aTaggerIsMeasuredWithWhatItKnows() throws {
    let files = try TemporaryFiles()
    let path = try files.write("t", row("1", "a", "VERB") + row("2", "b", "_") + row("3", "c", "NOUN"))
    let vocabulary = Vocabulary(tokens: ["<unk>", "c"])
    let tagging = TaggingVocabulary(columns: [TagSet(.upos, ["NOUN", "VERB"])], trainingWords: TokenTable(["b", "c"]))
    let (sequence, forms) = try TokenSequence.readTagged(
      [path], format: CoNLLU(), vocabulary: vocabulary, tagging: tagging)
    #expect(sequence.tokens == [0, 0, 1] && sequence.tags == [[1, -1, 0]])
    #expect(sequence.forms == [2, 0, 1] && forms == ["b", "c", "a"])

    let other = try files.write(
      "u",
      row("1", "a", "NOUM") + row("2", "b", "VERB") + row("3", "c", "_") + row("4", "d", "X") + row("5", "e", "NOUM"))
    let foreign = try TokenSequence.readTagged(
      [other], format: CoNLLU(), vocabulary: vocabulary, tagging: tagging
    ).sequence
    #expect(foreign.foreignTags == [["NOUM", "X"]])
    #expect(foreign.tags == [[-2, 1, -1, -3, -2]])
    #expect(foreign.tags[0].mapped(TaggingVocabulary.foreign) == [0, -3, -1, 1, 0])
  }

  @Test(
    arguments: [
      ("1\ta\t_\n", 1, .columns(found: 3)),
      (row("1", "a", "X") + "# ok\nno tabs\n", 3, .columns(found: 1)),
      (row("1", "a", "X").replacing("\n", with: "\t_\n"), 1, .columns(found: 11)),
      (row("1", "a", "X") + row("1", "b", "X"), 2, .id(found: "1", expected: 2)),
      (row("2", "a", "X"), 1, .id(found: "2", expected: 1)),
      (row("+1", "a", "X"), 1, .id(found: "+1", expected: 1)),
      (row("1-", "a", "X"), 1, .id(found: "1-", expected: 1)),
      (row("1-2-3", "a", "X"), 1, .id(found: "1-2-3", expected: 1)),
      (row("", "a", "X"), 1, .id(found: "", expected: 1)),
      ("\n\n" + row("1", "", "X"), 3, .emptyForm),
      ("\u{FEFF}" + row("2", "a", "X"), 1, .id(found: "2", expected: 1)),
      ("# a\r\n\r\n\r\nx\r\n", 4, .columns(found: 1)),
    ] as [(String, Int, TreebankProblem)])
  func malformedLinesAreNamed(text: String, line: Int, problem: TreebankProblem) throws {
    let files = try TemporaryFiles()
    let path = try files.write("bad.conllu", text)
    let error = #expect(throws: CorpusError.self) { try CoNLLU().readTagged([path], tags: [TagSet(.upos)]) }
    #expect(error == .malformedLine(MalformedLine(path: path, line: line, problem: problem)))
    #expect(error?.description.hasPrefix("\(path):\(line): expected") == true)
  }
}
