import Foundation
import Testing

/// Making a dataset of a treebank.
@Suite struct TreebankTests {
  private static func sentence(_ words: (form: String, upos: String, xpos: String)...) -> String {
    words.enumerated()
      .map { "\($0 + 1)\t\($1.form)\t_\t\($1.upos)\t\($1.xpos)\t_\t_\t_\t_\t_\n" }
      .joined() + "\n"
  }

  @Test func theTagsOfOneColumnArePrepared() throws {
    let workspace = try Workspace()
    let text = Self.sentence(("we", "PRON", "PRP"), ("fish", "VERB", "VBP"), ("fish", "NOUN", "NNS"))
    try workspace.write(text + Self.sentence(("we", "PRON", "PRP"), ("run", "VERB", "VBP")), to: "train.conllu")
    try workspace.write(Self.sentence(("boats", "NOUN", "NNS"), ("?", "_", "_")), to: "dev.conllu")
    try workspace.write("task: tagging\ndata: {train: train.conllu, validation: dev.conllu}\n", to: "tagger.cfg")
    let prepare = ["prepare", "--config", "tagger.cfg"]

    let summary = try workspace.succeed(prepare + ["--output", "upos.h5"]).output
    #expect(
      summary.contains("\ntrain              2      5    0.0%\nvalidation         1      2  100.0%\n"), "\(summary)")
    #expect(summary.contains("\nvocabulary  4 tokens (word)\ntags        3\n"), "\(summary)")
    try workspace.succeed(prepare + ["--output", "xpos.h5", "data.tags=xpos"])
    #expect(try tags(of: "upos.h5", in: workspace) == ["NOUN", "PRON", "VERB"])
    #expect(try tags(of: "xpos.h5", in: workspace) == ["NNS", "PRP", "VBP"])
    #expect(try workspace.succeed(["inspect", "upos.h5"]).output.contains("\ntags        3: NOUN, PRON, VERB\n"))

    // A dataset of one column isn't taken for that of the other.
    try workspace.succeed(prepare)
    try workspace.succeed(prepare + ["data.tags=xpos"])
    #expect(try workspace.names(in: "cache/rnn-train").count == 2)
  }

  private func tags(of dataset: String, in workspace: Workspace) throws -> [String]? {
    let json = Data(try workspace.succeed(["inspect", dataset, "--json"]).output.utf8)
    return (try JSONSerialization.jsonObject(with: json) as? [String: Any])?["tags"] as? [String]
  }
}
