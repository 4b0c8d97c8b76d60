import Datasets
import Testing

/// Which tags words have together.
@Suite struct TagCombinationsTests {
  private static func treebank(_ tags: [(upos: String, xpos: String, feats: String)]) -> String {
    tags.enumerated().map { "\($0 + 1)\tw\($0)\t_\t\($1.upos)\t\($1.xpos)\t\($1.feats)\t_\t_\t_\t_\n" }.joined() + "\n"
  }

  private func tagging(
    _ train: String, tags: [TagColumn] = [.upos, .xpos, .feats], known: TaggingVocabulary? = nil
  ) throws -> TaggingVocabulary {
    let files = try TemporaryFiles()
    // What only a text has that nothing is learnt from.
    let other = Self.treebank([("VERB", "V", "B=2"), ("NOUN", "V", "_")])
    let sources = CorpusSources(
      train: [try files.write("t", train)], validation: .files([try files.write("v", other)]))
    var settings = VocabularySettings()
    settings.extends = true
    var dataset = try SequenceDataset.prepareTagged(
      sources, format: CoNLLU(), tags: tags, vocabulary: settings,
      known: known.map { KnownVocabulary(words: Vocabulary(tokens: ["<unk>"]), tagging: $0) })
    #expect(dataset.tagging?.combinations == [], "they are looked for where they are needed")
    try dataset.findTagCombinations(and: known)
    return try #require(dataset.tagging)
  }

  private static let train = treebank([
    ("VERB", "V", "B=2"), ("NOUN", "N", "A=1"), ("VERB", "V", "_"), ("NOUN", "N", "A=1"), ("PUNCT", "_", "B=2"),
    ("_", "N", "_"),
  ])

  /// [combination] the tags, as they are written, and - for none.
  private func written(_ tagging: TaggingVocabulary) -> Set<[String]> {
    Set(tagging.combinations.map { zip(tagging.columns, $0).map { $1 < 0 ? "-" : $0.tags[Int($1)] } })
  }

  @Test func theyAreThoseOfTrainingWords() throws {
    let tagging = try tagging(Self.train)
    #expect(tagging.columns.map(\.tags) == [["NOUN", "PUNCT", "VERB"], ["N", "V"], ["A=1", "B=2", "_"]])
    #expect(tagging.combinations == [[-1, 0, 2], [0, 0, 0], [1, -1, 1], [2, 1, 1], [2, 1, 2]])
    #expect(
      try written(self.tagging(Self.train, tags: [.feats, .upos]))
        == [["A=1", "NOUN"], ["B=2", "VERB"], ["_", "VERB"], ["B=2", "PUNCT"], ["_", "-"]])
    #expect(try self.tagging(Self.train, tags: [.upos]).combinations.isEmpty)
    let bare = try self.tagging(Self.treebank([("NOUN", "N", "_"), ("_", "_", "_")]), tags: [.upos, .xpos])
    #expect(bare.combinations == [[0, 0]], "a word without tags says nothing")
  }

  @Test func whatAModelKnowsIsKept() throws {
    let parent = try tagging(Self.train)
    let text = Self.treebank([("ADJ", "J", "_"), ("NOUN", "N", "A=1")])
    let child = try tagging(text, known: parent)
    #expect(written(child) == written(parent).union([["ADJ", "J", "_"]]))
    #expect(child.combinations.count == parent.combinations.count + 1)
    // Of a model whose columns are others, or in another order.
    let fewer = try tagging(text, tags: [.feats, .upos], known: parent)
    let expected: Set = [
      ["A=1", "NOUN"], ["B=2", "VERB"], ["_", "VERB"], ["B=2", "PUNCT"], ["_", "-"], ["_", "ADJ"],
    ]
    #expect(written(fewer) == expected)
    let more = try tagging(text, known: tagging(Self.train, tags: [.upos]))
    #expect(written(more) == [["ADJ", "J", "_"], ["NOUN", "N", "A=1"]])
  }

  @Test func idsAreTheSameWithOthers() throws {
    let tagging = try tagging(Self.train)
    var other = tagging
    other.combinations.removeLast()
    #expect(other != tagging && other.hasIds(of: tagging))
  }
}
