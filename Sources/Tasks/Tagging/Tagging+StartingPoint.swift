import Configuration

extension Tagging {
  /// The template's network for treebanks of any size: what a small one needs is more steps, that is small minibatches and many
  /// epochs, and no mean of parameters that reaches back to where little was learnt. CoNLL-U has some 65 bytes a word.
  ///
  /// Minibatches and epochs are those that did best, of a few, on 1,000 and 10,000 words of English (EWT), 6,000 of Tamil (TTB)
  /// and 38,000 of Turkish (IMST).
  package func startingPoint(bytes: Int) -> StartingPoint {
    let heldOut = ["data.validation={split: 0.1}", "data.test={split: 0.1}"]
    func small(_ training: [String]) -> StartingPoint {
      StartingPoint(
        heldOut
          + (training + ["optimizer.learning_rate=0.003", "averaging=null", "early_stopping.patience=20"]).map {
            "training.\($0)"
          },
        expectation:
          "that is little for a tagger: expect it to be right on frequent words; some 50,000 words make it usable")
    }
    switch bytes {
    case ..<200_000: return small(["batch_size=4", "epochs=60"])
    case ..<2_000_000: return small(["batch_size=8", "epochs=30"])
    default:
      return StartingPoint(
        heldOut + (bytes < 50_000_000 ? [] : ["training.epochs=5"]),
        expectation: "the last tenth but one decides which epoch is best, the last tenth is the test")
    }
  }
}
