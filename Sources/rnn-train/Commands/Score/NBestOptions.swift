import ArgumentParser
import Datasets
import Inference
import Presentation

/// Whether a text is an n-best list, and what is made of it.
struct NBestOptions: ParsableArguments {
  @Flag(
    name: .customLong("n-best"),
    help: "The text is an n-best list, `utterance-id text` a line; print the best hypothesis of each utterance.")
  var isList = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The list's lines are `utterance-id score text`: rank by score + x * log-probability, the higher the better.",
      valueName: "x"))
  var weight: Double?

  @Flag(help: "Print all hypotheses, the best of each utterance first, with what they are ranked by behind their id.")
  var all = false

  func validate() throws {
    if !isList, weight != nil || all {
      throw ValidationError("\(all ? "--all" : "--weight"): expected --n-best with it")
    }
    if let weight, !weight.isFinite { throw ValidationError("--weight \(weight): expected a finite number") }
  }

  /// Reads a list.
  ///
  /// - Parameter base: of the logarithms.
  /// - Returns: the list, with its hypotheses as a model's tokens.
  func read(
    _ source: TextSource, _ model: TrainedModel, _ base: LogarithmBase, _ console: Console
  ) throws(CorpusError) -> (list: NBestList, lines: [TokenLine], normalization: NormalizationCheck) {
    let list = try NBestList(source, scored: weight != nil)
    let factor = weight.map { "score + \($0) * " } ?? ""
    console.say(
      "\(Format.count(list.hypotheses.count, "line")), \(Format.count(list.utterances.count, "utterance")); "
        + "ranked by \(factor)\(base.title)")
    if weight == nil && list.hypotheses.allSatisfy(\.beginsWithNumber) {
      console.warn("a number follows each id, and is taken for a word; --weight takes it for the recogniser's score")
    }
    var encoder = LineEncoder(model.vocabulary, model.tokenization, file: list.name)
    var lines: [TokenLine] = []
    for hypothesis in list.hypotheses { lines.append(try encoder.encode(Array(hypothesis.text.utf8))) }
    return (list, lines, encoder.normalization)
  }

  /// The hypotheses that are printed.
  func chosen(of rescoring: Rescoring, _ utterance: NBestList.Utterance) -> ArraySlice<Int> {
    let ranking = rescoring.ranking(of: utterance)
    return all ? ranking[...] : ranking.prefix(1)
  }
}
