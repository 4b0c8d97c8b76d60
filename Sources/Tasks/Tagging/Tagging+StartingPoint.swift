import Configuration

extension Tagging {
  /// The template's network, but a smaller one for what is hardly a treebank yet. CoNLL-U has some 65 bytes a word.
  package func startingPoint(bytes: Int) -> StartingPoint {
    let heldOut = ["data.validation={split: 0.1}", "data.test={split: 0.1}"]
    guard bytes < 500_000 else {
      return StartingPoint(
        heldOut + (bytes < 50_000_000 ? [] : ["training.epochs=5"]),
        expectation: "the last tenth but one decides which epoch is best, the last tenth is the test")
    }
    return StartingPoint(
      heldOut + [
        "data.vocabulary.min_count=1", "model.embedding=50", "model.hidden=100", "model.layers=1",
        "model.characters={embedding: 32, hidden: 50}", "training.epochs=30", "training.batch_size=8",
      ],
      expectation:
        "that is little for a tagger: expect it to be right on frequent words; some 50,000 words make it usable")
  }
}
