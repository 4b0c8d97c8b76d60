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
    return try #require(
      SequenceDataset.prepareTagged(
        sources, format: CoNLLU(), tags: tags, vocabulary: settings,
        known: known.map { KnownVocabulary(words: Vocabulary(tokens: ["<unk>"]), tagging: $0) }
      ).tagging)
  }

  private static let train = treebank([
    ("VERB", "V", "B=2"), ("NOUN", "N", "A=1"), ("VERB", "V", "_"), ("NOUN", "N", "A=1"), ("NOUN", "_", "B=2"),
    ("_", "N", "_"),
  ])

  /// [combination] the tags, as they are written.
  private func written(_ tagging: TaggingVocabulary) -> [[String]] {
    tagging.combinations.map { zip(tagging.columns, $0).map { $0.tags[Int($1)] } }
  }

  @Test func theyAreThoseOfTrainingWordsWithATagInEachColumn() throws {
    let tagging = try tagging(Self.train)
    #expect(tagging.columns.map(\.tags) == [["NOUN", "VERB"], ["N", "V"], ["A=1", "B=2", "_"]])
    #expect(tagging.combinations == [[0, 0, 0], [1, 1, 1], [1, 1, 2]])
    #expect(try self.tagging(Self.train, tags: [.feats, .upos]).combinations == [[0, 0], [1, 0], [1, 1], [2, 1]])
    #expect(try self.tagging(Self.train, tags: [.upos]).combinations.isEmpty)
  }

  @Test func whatAModelKnowsIsKept() throws {
    let parent = try tagging(Self.train)
    let text = Self.treebank([("ADJ", "J", "_"), ("NOUN", "N", "A=1")])
    let child = try tagging(text, known: parent)
    #expect(written(child) == written(parent) + [["ADJ", "J", "_"]])
    // Of a model whose columns are others, or in another order.
    let fewer = try tagging(text, tags: [.feats, .upos], known: parent)
    let expected: Set = [["A=1", "NOUN"], ["B=2", "VERB"], ["_", "VERB"], ["_", "ADJ"]]
    #expect(Set(written(fewer)) == expected && fewer.combinations.count == 4)
    let more = try tagging(text, known: try tagging(Self.train, tags: [.upos]))
    #expect(Set(written(more)) == [["ADJ", "J", "_"], ["NOUN", "N", "A=1"]])
    // Nobody has counted those of a model from before they were counted: it isn't kept from any.
    var old = parent
    old.combinations = []
    #expect(try tagging(text, known: old).combinations.isEmpty)
  }

  @Test func theyTellWhatIsKnownFromWhatIsKnown() throws {
    let parent = try tagging(Self.train)
    var other = parent
    other.combinations.removeLast()
    #expect(other != parent && other.hasIds(of: parent))
    let hashes = [parent, other].map {
      KnownVocabulary(words: Vocabulary(tokens: ["<unk>"]), tagging: $0).contentHash
    }
    #expect(hashes[0] != hashes[1])
  }
}
