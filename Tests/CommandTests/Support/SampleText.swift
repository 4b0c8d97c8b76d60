import Foundation

/// Text and treebanks for the tests: made once for the process, in a place that stays the same.
enum SampleText {
  /// Where `train.txt`, `validation.txt` and `test.txt` are, and the same with `.conllu`.
  static let directory: String = {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("rnn-train-sample-\(getpid())")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      for (name, sentences, seed) in [("train", 450, 1), ("validation", 60, 2), ("test", 50, 3)] {
        let text = sentenceList(sentences, seed: UInt64(seed))
        try Data(text.utf8).write(to: directory.appendingPathComponent("\(name).txt"))
        let treebank = treebank(sentences / 3, seed: UInt64(seed))
        try Data(treebank.utf8).write(to: directory.appendingPathComponent("\(name).conllu"))
      }
    } catch {
      preconditionFailure("\(directory.path): \(error)")
    }
    atexit { try? FileManager.default.removeItem(atPath: SampleText.directory) }
    return directory.path
  }()

  private static let slots = [
    ["the", "a", "this", "every"], ["old", "small", "red", "quiet", "young"],
    ["cat", "dog", "farmer", "queen", "river", "house"], ["sees", "likes", "follows", "remembers"],
    ["the", "a", "no", "some"], ["mouse", "bird", "king", "garden", "song"], [".", ".", "!"],
  ]

  private static func sentenceList(_ count: Int, seed: UInt64) -> String {
    var state = seed
    func choose<T>(_ list: [T]) -> T {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return list[Int(state >> 33) % list.count]
    }
    return (0..<count).map { _ in slots.map { choose($0) }.joined(separator: " ") + "\n" }.joined()
  }

  private static let tags = ["DET", "ADJ", "NOUN", "VERB", "DET", "NOUN", "PUNCT"]

  /// Sentences of 1 to 21 words; every ninth sentence has a word of its own.
  private static func treebank(_ count: Int, seed: UInt64) -> String {
    let lines = sentenceList(3 * count, seed: seed).split(separator: "\n").map { $0.split(separator: " ") }
    return (0..<count).map { sentence in
      var words = zip(lines[3 * sentence], tags).map { ($0, $1) }
      for clause in 1..<1 + sentence % 3 { words += zip(lines[3 * sentence + clause], tags).map { ($0, $1) } }
      if sentence % 5 == 0 { words.removeFirst(words.count / 2) }
      if sentence % 9 == 0 { words[0] = ("quux\(seed)x\(sentence)", "X") }
      if sentence % 11 == 0 { words = [words[0]] }
      return "# sent_id = \(seed)-\(sentence)\n"
        + words.enumerated().map { "\($0 + 1)\t\($1.0)\t_\t\($1.1)\t\($1.1.lowercased())\t_\t_\t_\t_\t_\n" }.joined()
        + "\n"
    }.joined()
  }
}
