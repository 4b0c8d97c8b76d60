import Configuration
import ConfigurationFiles
import Testing

/// What is wrong with `data`, and what of it doesn't go with the task.
extension ProblemTests {
  @Test(arguments: [
    ("", "1:1: data: missing; give train, dataset or synthetic"),
    ("# nothing\n", "1:1: data: missing; give train, dataset or synthetic"),
    ("data: {}\n", "1:7: data: missing; give train, dataset or synthetic"),
    ("data: {tokens: word}\n", "1:7: data: missing; give train, dataset or synthetic"),
    ("data: {train: a, dataset: b}\n", "1:18: data.dataset: can't be combined with train"),
    (
      "data: {dataset: b, vocabulary: {size: 9}}\n",
      "1:20: data.vocabulary: can't be combined with dataset; the dataset's own is used, as it was prepared"
    ),
    ("data: {dataset: b, synthetic: {}}\n", "1:20: data.synthetic: can't be combined with dataset"),
    ("data: {synthetic: {}, test: x}\n", "1:23: data.test: can't be combined with synthetic"),
    ("data: {train: []}\n", "1:15: data.train: expected a path or a list of paths, found an empty list"),
    ("data: {train: [a, [b]]}\n", "1:19: data.train: expected a path, found a list"),
    ("data: {train: \"a\\0b\"}\n", "1:15: data.train: expected a path or a list of paths, found the string 'a\\0b'"),
    (
      "data: {train: a, test: {split: 0.5}}\n",
      "1:32: data.test.split: expected a number above 0 and below 0.5, found '0.5'"
    ),
    (
      "data: {train: a, test: {split: 0.1, spilt: 1}}\n",
      "1:37: data.test.spilt: unknown key; did you mean split?"
    ),
    (
      "data: {train: a, test: {fraction: 1}}\n",
      "1:24: data.test: expected a path or {split: FRACTION}, found a mapping"
    ),
    (
      "data: {train: a, tokens: character}\nmodel: {vectors: v.txt}\n",
      "2:9: model.vectors: has vectors of words; the tokens are characters"
    ),
    (
      "data: {train: a, tags: xpos}\n",
      "1:18: data.tags: is for tagging; a language model has no tags"
    ),
    (
      "data: {train: a, direction: backwards}\n",
      "1:29: data.direction: expected forward or backward, found 'backwards'; did you mean backward?"
    ),
    (
      "data: {train: a, tags: pos}\n",
      "1:24: data.tags: expected upos, xpos or feats, found 'pos'; did you mean upos?"
    ),
    (
      "data: {train: a}\ntraining: {early_stopping: {}}\n",
      "2:12: training.early_stopping: follows the validation loss; give data.validation"
    ),
    (
      "data: {train: a}\ntraining: {schedule: {name: halving}}\n",
      "2:23: training.schedule.name: follows the validation loss; give data.validation"
    ),
    (
      "data: {train: a}\ntraining: {averaging: {name: nt-asgd}}\n",
      "2:24: training.averaging.name: follows the validation loss; give data.validation"
    ),
    ("- a\n", "1:1: expected a mapping of keys, found a list"),
    ("hello\n", "1:1: expected a mapping of keys, found 'hello'"),
  ])
  func oneProblemOfData(text: String, expected: String) {
    #expect(complaints(text) == ["lm.cfg:\(expected)"])
  }

  @Test func taggingTakesTokensFromCoNLLU() {
    #expect(
      complaints("task: tagging\ndata: {train: a.conllu, tokens: character}\n") == [
        "lm.cfg:2:25: data.tokens: CoNLL-U says itself what a token is"
      ])
    #expect(complaints("task: tagging\ndata: {train: a.conllu, tags: xpos}\n") == [])
    let model = "model: {character_model: {backward: runs/lm}}\n"
    #expect(complaints("task: tagging\ndata: {train: a.conllu}\n" + model) == [])
  }

  @Test func textAndDatasetsAreReadInADirection() {
    for source in ["train: a", "dataset: a.h5", "synthetic: {}"] {
      #expect(complaints("data: {\(source), direction: backward}\n") == [])
    }
    #expect(
      complaints("task: tagging\ndata: {train: a.conllu, direction: backward}\n") == [
        "lm.cfg:2:25: data.direction: is for language models; a tagger reads sentences whole"
      ])
  }

  /// The format is a choice of its own; what doesn't go with it or the task is said.
  @Test func formatsAreForSomeTasksAndTokens() {
    #expect(complaints("data: {train: a.conllu, format: conllu}\n") == [])
    #expect(complaints("task: tagging\ndata: {train: a, format: conllu}\n") == [])
    #expect(
      complaints("data: {train: a.conllu, format: conllu, tokens: character}\n") == [
        "lm.cfg:1:41: data.tokens: CoNLL-U says itself what a token is"
      ])
    #expect(
      complaints("task: tagging\ndata: {train: a, format: text}\n") == [
        "lm.cfg:2:18: data.format: plain text has no tags, which a tagger learns"
      ])
    #expect(
      complaints("data: {train: a, format: conll}\n") == [
        "lm.cfg:1:26: data.format: expected auto, conllu, columns or text, found 'conll'; did you mean conllu?"
      ])
    #expect(complaints("task: tagging\ndata: {train: a, format: columns, separator: space, tag_column: 3}\n") == [])
    #expect(
      complaints("task: tagging\ndata: {train: a, format: columns, word_column: 2, tag_column: 2}\n") == [
        "lm.cfg:2:51: data.tag_column: is the column of the words"
      ])
    #expect(
      complaints("task: tagging\ndata: {train: a, separator: space}\n") == [
        "lm.cfg:2:18: data.separator: belongs to columns; the format is auto"
      ])
  }
}
