import Foundation
import Testing

/// What texts mean to the program.
struct ReadingTests {
  private static func sentences(_ name: String) throws -> [Substring] {
    try String(contentsOfFile: "\(SampleText.directory)/\(name).txt", encoding: .utf8).split(separator: "\n")
  }

  @Test(arguments: ["word", "whitespace"])
  func aCorpusWithMarkedLineEndsIsTheSameCorpus(tokens: String) throws {
    let workspace = try Workspace()
    for name in ["train", "validation", "test"] {
      let text = try Self.sentences(name).map { "\($0) </s>\n" }.joined()
      try workspace.write(text, to: "\(name).txt")
    }
    let settings = ["data.tokens=\(tokens)", "training.epochs=1"]
    try workspace.succeed(["--config", "lm.cfg", "output.directory=plain"] + settings)
    let marked = ["train", "validation", "test"].map { "data.\($0)=\($0).txt" }
    try workspace.succeed(["--config", "lm.cfg", "output.directory=marked"] + settings + marked)
    #expect(try workspace.metrics(of: "marked") == workspace.metrics(of: "plain"))
  }
}
