import Foundation

/// Text for the tests: made once for the process, in a place that stays the same.
enum SampleText {
  /// Where `train.txt`, `validation.txt` and `test.txt` are.
  static let directory: String = {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("rnn-train-sample-\(getpid())")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      for (name, sentences, seed) in [("train", 450, 1), ("validation", 60, 2), ("test", 50, 3)] {
        let text = sentenceList(sentences, seed: UInt64(seed))
        try Data(text.utf8).write(to: directory.appendingPathComponent("\(name).txt"))
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
}
