import Configuration

extension LanguageModel {
  /// Small texts are read by characters, for nearly all their words are rare; with little to learn from, much dropout and
  /// small minibatches. Large ones are read by words, and fewer times.
  ///
  /// Sizes are those that did best on the first 8 kB, 100 kB and 1 MB of plays, of a few widths, dropouts and minibatches
  /// each.
  package func startingPoint(bytes: Int) -> StartingPoint {
    let epochs = { (bytesTrainedOn: Int, range: ClosedRange<Int>) in
      min(max(bytesTrainedOn / max(bytes, 1), range.lowerBound), range.upperBound)
    }
    func characters(embedding: Int, hidden: Int, layers: Int = 1, dropout: Double, _ training: [String]) -> [String] {
      [
        "data.tokens=character", "model.embedding=\(embedding)", "model.hidden=\(hidden)", "model.layers=\(layers)",
        "model.dropout=\(dropout)",
      ] + training.map { "training.\($0)" }
    }
    switch bytes {
    case ..<30_000:
      return StartingPoint(
        characters(
          embedding: 32, hidden: 96, dropout: 0.5,
          ["batch_size=4", "bptt=32", "epochs=40", "optimizer.learning_rate=0.005", "early_stopping.patience=8"]),
        expectation: "that is little: expect letters in a likely order and the most frequent words; "
          + "some 100 kB bring phrases, a megabyte sentences")
    case ..<300_000:
      return StartingPoint(
        characters(
          embedding: 32, hidden: 192, dropout: 0.5,
          ["batch_size=8", "bptt=50", "epochs=30", "optimizer.learning_rate=0.004", "early_stopping.patience=5"]),
        expectation: "expect words and the layout of the text, hardly a sentence; a megabyte brings those")
    case ..<6_000_000:
      return StartingPoint(
        characters(
          embedding: 64, hidden: 256, layers: 2, dropout: 0.3,
          [
            "batch_size=64", "bptt=64", "epochs=\(epochs(20_000_000, 6...20))", "optimizer.learning_rate=0.003",
            "early_stopping.patience=3",
          ]),
        expectation: "expect the text's manner, and sentences that are right in parts")
    default:
      return StartingPoint(
        [
          "data.tokens=word", "data.vocabulary.size=20000", "model.embedding=256", "model.hidden=256",
          "model.dropout=0.2", "model.output.kind=adaptive", "training.batch_size=32", "training.bptt=35",
          "training.epochs=\(epochs(40_000_000, 1...6))",
        ],
        expectation: "expect sentences that are right in parts, of its 20,000 most frequent words")
    }
  }
}
