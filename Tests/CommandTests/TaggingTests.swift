import Foundation
import Testing

/// What a tagger does for its user.
struct TaggingTests {
  /// A trained tagger, for tests that only look at it.
  static func trained(_ arguments: [String] = []) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=6"] + arguments)
    return workspace
  }

  func tag(_ workspace: Workspace, _ arguments: [String] = [], input: String) throws -> String {
    try workspace.succeed(["tag", "--checkpoint", "run"] + arguments, input: input).output
  }

  // MARK: learning

  @Test func learnsADozenSentencesByHeart() throws {
    let workspace = try Workspace()
    let sentences = try String(contentsOfFile: "\(SampleText.directory)/train.conllu", encoding: .utf8)
      .components(separatedBy: "\n\n").prefix(12).joined(separator: "\n\n")
    try workspace.write(sentences + "\n\n", to: "dozen.conllu")
    let outcome = try workspace.succeed([
      "--config", "tagger.cfg", "data.train=dozen.conllu", "data.validation=dozen.conllu", "training.epochs=60",
      "model.dropout=0", "model.embedding_dropout=0", "model.word_dropout=0", "data.vocabulary.min_count=1",
    ])
    #expect(outcome.output.contains("validation accuracy  100.00%"), "\(outcome)")
    #expect(outcome.output.contains("A sentence as it tags it:"), "\(outcome)")
    #expect(!outcome.errors.contains("perplexity"), "\(outcome)")
  }

  // MARK: tag

  /// Everything that CoNLL-U can hold beside words: only one column may change.
  private static let odd =
    "\u{FEFF}# text = it's\r\n1-2\tit's\t_\t_\t_\t_\t_\t_\t_\t_\r\n1\tit\t_\tNONE\tnone\t_\t_\t_\t_\tSpaceAfter=No\r\n"
    + "2\t's\t_\t_\t_\t_\t_\t_\t_\tA=\u{fffd}\r\n2.1\tempty\t_\tVERB\tvb\t_\t_\t_\t_\t_\r\n\r\n\n\n"
    + "# a comment\n1\tthe\tthe\tX\tx\tF=1\t0\troot\t_\t_\n2\tcat\t_\tX\tx\t_\t1\tdep\t_\t_"

  /// The fields of all lines. A carriage return stays in the last field: to Swift it is one character with the newline.
  func fields(_ text: String) -> [[String]] {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).components(separatedBy: "\t") }
  }

  private func lines(_ text: String, withoutColumn column: Int) -> [[String]] {
    fields(text).map { fields in
      var fields = fields
      if fields.count == 10, Int(fields[0].trimmingPrefix("\u{FEFF}")) != nil { fields[column] = "*" }
      return fields
    }
  }

  @Test(arguments: [("upos", 3), ("xpos", 4)])
  func onlyOneColumnChanges(name: String, column: Int) throws {
    let workspace = try Self.trained(["data.tags=\(name)"])
    let output = try tag(workspace, input: Self.odd)
    #expect(lines(output, withoutColumn: column) == lines(Self.odd, withoutColumn: column))
    let tags = fields(output).filter { $0.count == 10 && Int($0[0]) != nil }.map { $0[column] }
    #expect(tags.count == 4)
    #expect(tags.allSatisfy { !["NONE", "none", "_", ""].contains($0) }, "\(tags)")
    #expect(try tag(workspace, input: output) == output)
  }

  @Test func textBecomesPairsOrTreebanks() throws {
    let workspace = try Self.trained()
    let pairs = try tag(workspace, input: "the old cat\n\nno  mouse !\n")
    let words = pairs.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.split(separator: " ").map { $0.split(separator: "/").map(String.init) }
    }
    #expect(words.map { $0.map { $0[0] } } == [["the", "old", "cat"], [], ["no", "mouse", "!"], []])
    let treebank = try tag(workspace, ["--output", "conllu"], input: "the old cat\n\nno  mouse !\n")
    let rows = treebank.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.map { $0[0] } == ["1", "2", "3", "1", "2", "3"])
    #expect(rows.map { [$0[1], $0[3]] } == words.joined().map { $0 })
    #expect(try tag(workspace, ["--output", "text"], input: treebank) == pairs.replacing("\n\n", with: "\n"))
    #expect(try tag(workspace, input: "") == "")
  }

  /// What is sure and how sure, beside what MISC has already.
  @Test func probabilitiesGoIntoMISC() throws {
    let workspace = try Self.trained()
    let input =
      "# a | b\n1-2\tthecat\t_\t_\t_\t_\t_\t_\t_\tRange=1\n1\tthe\t_\tX\t_\t_\t_\t_\t_\tSpaceAfter=No|TagProb=1\n"
      + "2\tcat\t_\tX\t_\t_\t_\t_\t_\t_\n\n1\tzebra\t_\tX\t_\t_\t_\t_\t_\tA=b|TagProbs=X:1|flag"
    let plain = try tag(workspace, input: input)
    let one = try tag(workspace, ["--probabilities"], input: input)
    let (was, found) = (fields(plain), fields(one))
    #expect(was.count == found.count && one.contains("Range=1\n"))
    var probabilities: [Double] = []
    for (was, found) in zip(was, found) where was.count == 10 && Int(was[0]) != nil {
      #expect(found.dropLast() == was.dropLast(), "the tags are the same")
      probabilities.append(Double(found[9].split(separator: "TagProb=").last ?? "") ?? -1)
    }
    #expect(probabilities.count == 3 && probabilities.allSatisfy { $0 > 0.2 && $0 <= 1 }, "\(one)")
    #expect(one.contains("\tSpaceAfter=No|TagProb=0.") && one.contains("\tA=b|flag|TagProb=0."), "\(one)")
    #expect(one.hasPrefix("# a | b\n"))
    let windows = try tag(workspace, ["--probabilities"], input: input.replacing("\n", with: "\r\n"))
    #expect(windows == one.replacing("\n", with: "\r\n"))
    #expect(try tag(workspace, ["--probabilities"], input: one) == one)

    let tags = try workspace.lastCheckpoint().tagging?.columns[0].tags ?? []
    let all = try tag(workspace, ["--probabilities", "-k", "\(tags.count)"], input: one)
    for (line, probability) in zip(fields(all).filter { $0.count == 10 && Int($0[0]) != nil }, probabilities) {
      let list = try #require(line[9].split(separator: "TagProbs=").last).split(separator: ",")
      let pairs = list.map { $0.split(separator: ":") }
      #expect(Set(pairs.map { String($0[0]) }) == Set(tags) && String(pairs[0][0]) == line[3])
      let numbers = pairs.compactMap { Double($0[1]) }
      #expect(numbers[0] == probability && abs(numbers.reduce(0, +) - 1) < 1e-5)
    }
    #expect(!all.contains("TagProb="), "one note makes way for the other")

    let treebank = try tag(workspace, ["--probabilities", "--output", "conllu"], input: "the cat\n")
    #expect(treebank.hasPrefix("1\tthe\t_\tDET\t_\t_\t_\t_\t_\tTagProb=0."), "\(treebank)")
    for arguments in [
      ["--probabilities"], ["-k", "2"], ["--probabilities", "-k", "0"], ["--probabilities", "-k", "99"],
    ] {
      let refused = try workspace.run(["tag", "run"] + arguments, input: "the cat\n")
      #expect(refused.code == 64 && refused.output.isEmpty, "\(refused)")
    }
  }

  /// -log of a right tag's probability, on average, is the loss that `evaluate` has.
  @Test func probabilitiesAreThoseOfTheLoss() throws {
    let workspace = try Self.trained()
    let test = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let json = try workspace.succeed(["evaluate", "--checkpoint", "run", "--json"]).output
    struct Loss: Decodable { let natsPerTarget: Double }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let expected = try decoder.decode(Loss.self, from: Data(json.utf8)).natsPerTarget
    let count = try workspace.lastCheckpoint().tagging?.columns[0].tags.count ?? 0
    let tagged = fields(try tag(workspace, ["--probabilities", "-k", "\(count)"], input: test))
    let losses = try zip(fields(test), tagged).filter { $0.0.count == 10 }.map { gold, line in
      let entry = try #require(line[9].firstMatch(of: try Regex("[=,]\(gold[3]):([0-9.e-]+)")))
      return -log(try #require(Double(entry[1].substring ?? "")))
    }
    #expect(abs(losses.reduce(0, +) / Double(losses.count) - expected) < 1e-5 * expected + 1e-6)
  }

  /// Files of columns, which the run says the settings of: only one column changes.
  @Test func aFileOfColumnsIsLearnedAndTagged() throws {
    let workspace = try Workspace()
    func columns(_ split: String) throws -> String {
      fields(try String(contentsOfFile: "\(SampleText.directory)/\(split).conllu", encoding: .utf8))
        .map { $0.count == 10 ? "\($0[1]) O \($0[3])\r\n" : "\r\n" }.joined()
    }
    for split in ["train", "validation", "test"] { try workspace.write(try columns(split), to: "\(split).columns") }
    let settings = ["data.format=columns", "data.separator=space", "data.tag_column=3"]
    let files = ["train", "validation", "test"].map { "data.\($0)=\($0).columns" }
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=6"] + files + settings)

    // What the words and tags of the same corpus in CoNLL-U make.
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=6", "output.directory=conllu"])
    #expect(try workspace.metrics() == workspace.metrics(of: "conllu"))

    let odd = "\u{FEFF}the O NONE\r\ncat  O  _ more\r\n\r\n\n\nno O X\nmouse O X"
    let output = try tag(workspace, input: odd)
    let tags = output.split { " \r\n".unicodeScalars.contains($0.unicodeScalars.first ?? "x") }
    #expect(tags.count == 13, "\(output)")
    var expected = odd
    for (old, index) in [("NONE", 2), ("_", 5)] { expected = expected.replacing(old, with: String(tags[index])) }
    expected = expected.replacing("no O X", with: "no O \(tags[9])").replacing("mouse O X", with: "mouse O \(tags[12])")
    #expect(output == expected)
    #expect(try tag(workspace, ["--format", "columns"], input: output) == output)
    #expect(
      try tag(workspace, ["--format", "text", "--output", "columns"], input: "no mouse\n")
        == "no _ \(tags[9])\nmouse _ \(tags[12])\n\n")

    let refused = try workspace.run(["tag", "--checkpoint", "run"], input: "the O X\n\ncat\n")
    #expect(
      refused.code == 65 && refused.errors.contains(":3: expected at least 3 columns, separated by spaces, found 1"))
  }

  @Test func sentencesAreTaggedTheSameInAnyCompany() throws {
    let workspace = try Self.trained()
    let all = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let alone = try all.components(separatedBy: "\n\n").dropLast().prefix(7).map { sentence in
      try tag(workspace, ["--threads", "1"], input: sentence + "\n\n")
    }
    #expect(try tag(workspace, ["--threads", "2"], input: all).hasPrefix(alone.joined()))
  }

  @Test func aPipeIsAnsweredSentenceBySentence() throws {
    let workspace = try Self.trained()
    let pipe = Pipe()
    let program = try workspace.start(["tag", "--checkpoint", "run"], input: pipe.fileHandleForReading)
    var lines = 0
    for sentence in ["the cat\n", "a mouse\n", "\n", "no river !\n"] {
      try pipe.fileHandleForWriting.write(contentsOf: Data(sentence.utf8))
      lines += 1
      // Nothing but the answer ends this wait, or the program's end.
      while try program.output().split(separator: "\n", omittingEmptySubsequences: false).count <= lines,
        program.isRunning
      { usleep(1000) }
      #expect(program.isRunning)
    }
    try pipe.fileHandleForWriting.close()
    #expect(try program.wait().code == 0)
  }

  @Test func aVeryLongSentence() throws {
    let workspace = try Self.trained()
    let words = String(repeating: "the old cat sees a mouse ", count: 4000)
    let output = try tag(workspace, input: words + "\n")
    #expect(output.split(separator: " ").count == 24_000)
  }

  // MARK: what goes wrong

  private func refusal(_ workspace: Workspace, _ arguments: [String], input: String? = nil) throws -> String {
    let outcome = try workspace.run(arguments, input: input)
    #expect([64, 65, 74].contains(outcome.code) && !outcome.wasKilled, "\(arguments): \(outcome)")
    #expect(outcome.output.isEmpty)
    return outcome.errors
  }

  @Test func commandsForTheOtherTask() throws {
    let tagger = try Self.trained()
    #expect(
      try refusal(tagger, ["generate", "--checkpoint", "run"]).contains("expected the checkpoint of a language model"))
    #expect(try refusal(tagger, ["evaluate", "--checkpoint", "run", "--streams", "2"]).contains("--streams"))
    try tagger.succeed(["--config", "lm.cfg", "output.directory=lm"])
    #expect(
      try refusal(tagger, ["tag", "--checkpoint", "lm"], input: "a\n").contains("expected the checkpoint of a tagger"))
  }

  @Test func corporaThatAreNone() throws {
    let workspace = try Self.trained()
    let text = "\(SampleText.directory)/train.txt"
    let plain = try refusal(workspace, ["--config", "tagger.cfg", "data.train=\(text)", "output.directory=other"])
    #expect(plain.contains("train.txt:1: "), "\(plain)")
    try workspace.write("1\tthe\t_\tDET\t_\t_\t_\t_\t_\t_\n3\tcat\t_\tNOUN\t_\t_\t_\t_\t_\t_\n\n", to: "bad.conllu")
    #expect(try refusal(workspace, ["tag", "--checkpoint", "run", "bad.conllu"]).contains("bad.conllu:2: "))
    #expect(try refusal(workspace, ["tag", "--checkpoint", "run", "nowhere.conllu"]).contains("nowhere.conllu"))
    try (Data("1\tthe\t_\t_\t_\t_\t_\t_\t_\t".utf8) + Data([0xFF, 0xFE]))
      .write(to: workspace.directory.appendingPathComponent("bytes.conllu"))
    #expect(try refusal(workspace, ["tag", "--checkpoint", "run", "bytes.conllu"]).contains("not UTF-8"))
  }

  /// What was to be a treebank must not come out as text.
  @Test(arguments: [
    ("1\tthe\t_\t_\t_\t_\t_\t_\t_\n\n", "found 9"), ("1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\t_\n\n", "found 11"),
    ("1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\r1\tcat\t_\t_\t_\t_\t_\t_\t_\t_\r", "found CR alone"),
    ("# text = the\r1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\r\r", "found CR alone"),
  ])
  func treebanksThatAreAlmostOne(input: String, expected: String) throws {
    let workspace = try Self.trained()
    let error = try refusal(workspace, ["tag", "--checkpoint", "run"], input: input)
    #expect(error.contains(":1: ") && error.contains(expected), "\(error)")
  }

  @Test func aLineOfWhiteSpaceIsBlank() throws {
    let workspace = try Self.trained()
    let word = "1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\n"
    let output = try tag(workspace, input: word + " \t\n" + word + "\n")
    #expect(lines(output, withoutColumn: 3) == lines(word + " \t\n" + word + "\n", withoutColumn: 3))
  }

  /// However much is read at once.
  @Test func sentencesBeforeAMalformedLineAreWritten() throws {
    let workspace = try Self.trained()
    let good = String(repeating: "1\tthe\t_\t_\t_\t_\t_\t_\t_\t_\n\n", count: 100)
    let outcome = try workspace.run(["tag", "--checkpoint", "run"], input: good + "7\tbad\n")
    #expect(outcome.code == 65 && outcome.errors.contains(":201: "), "\(outcome.errors)")
    #expect(lines(outcome.output, withoutColumn: 3) == lines(good, withoutColumn: 3))
  }

  @Test func tagsThatLookTheSame() throws {
    let workspace = try Workspace()
    try workspace.write(
      ["\u{E9}", "e\u{301}"].map { "1\ta\t_\t\($0)\t_\t_\t_\t_\t_\t_\n\n" }.joined(), to: "forms.conllu")
    let error = try refusal(workspace, ["--config", "tagger.cfg", "data.train=forms.conllu"])
    #expect(error.contains("forms.conllu:3: "), "\(error)")
    #expect(error.contains("normalization form"), "\(error)")
  }

  /// What one file writes so, and another, or a model, otherwise.
  @Test func tagsThatLookTheSameInTwoFiles() throws {
    let workspace = try Workspace()
    func treebank(_ split: String, tag: String) throws -> String {
      let text = try String(contentsOfFile: "\(SampleText.directory)/\(split).conllu", encoding: .utf8)
      try workspace.write(text.replacing("\tADJ\t", with: "\t\(tag)\t"), to: "\(split).conllu")
      return "data.\(split)=\(split).conllu"
    }
    let (composed, decomposed) = ("ADJ\u{E9}", "ADJe\u{301}")
    let train = try treebank("train", tag: composed)
    let settings = ["--config", "tagger.cfg", "training.epochs=1", train]
    for (split, other) in [("validation", "test"), ("test", "validation")] {
      let files = [try treebank(split, tag: decomposed), try treebank(other, tag: composed)]
      let error = try refusal(workspace, settings + files)
      #expect(error.contains(try Regex("\(split)\\.conllu:[0-9]+: expected the tag \"\(composed)\"")), "\(error)")
    }
    try workspace.succeed(settings + [try treebank("validation", tag: composed), try treebank("test", tag: composed)])
    _ = try treebank("test", tag: decomposed)
    let error = try refusal(workspace, ["evaluate", "--checkpoint", "run", "--data", "test.conllu"])
    #expect(error.contains("expected the tag \"\(composed)\""), "\(error)")
  }

  @Test(arguments: ["NOUN ", " NOUN", "NO UN", "\u{A0}NOUN"])
  func whiteSpaceInATag(tag: String) throws {
    let workspace = try Workspace()
    let lines = ["NOUN", tag].enumerated().map { "\($0 + 1)\ta\t_\t\($1)\t_\t_\t_\t_\t_\t_\n" }
    try workspace.write(lines.joined() + "\n", to: "spaces.conllu")
    let error = try refusal(workspace, ["--config", "tagger.cfg", "data.train=spaces.conllu"])
    #expect(error.contains("spaces.conllu:2: expected a tag without white space, found \"\(tag)\""), "\(error)")
    // The other column is none of this tagger's business.
    try workspace.succeed(
      ["--config", "tagger.cfg", "data.tags=xpos", "training.epochs=1"]
        + ["train", "validation", "test"].map { name in
          let text = try String(contentsOfFile: "\(SampleText.directory)/\(name).conllu", encoding: .utf8)
          try workspace.write(text.replacing("\tADJ\t", with: "\t\(tag)\t"), to: "\(name).conllu")
          return "data.\(name)=\(name).conllu"
        })
  }

  /// Nobody sees that a text is in another normalization form than the model's.
  @Test func wordsInAnotherNormalizationForm() throws {
    let workspace = try Workspace()
    let train = try String(contentsOfFile: "\(SampleText.directory)/train.conllu", encoding: .utf8)
    try workspace.write(train.replacing("\tthe\t", with: "\tth\u{E9}\t"), to: "composed.conllu")
    try workspace.succeed(["--config", "tagger.cfg", "data.train=composed.conllu"])
    let text = try String(contentsOfFile: "\(SampleText.directory)/test.conllu", encoding: .utf8)
    let count = text.split(separator: "\tthe\t").count - 1
    let words = words(text).count
    for (form, isKnown) in [("th\u{E9}", true), ("the\u{301}", false)] {
      try workspace.write(text.replacing("\tthe\t", with: "\t\(form)\t"), to: "test.conllu")
      for command in [["evaluate", "--data", "test.conllu"], ["tag", "test.conllu"]] {
        let errors = try workspace.succeed(command + ["--checkpoint", "run"]).errors
        #expect(
          errors.contains("% of the words (\(count) of \(words)) are unknown to the model only because") != isKnown)
        #expect(errors.isEmpty == isKnown, "\(errors)")
      }
    }
  }

  /// In a run's own splits, where they are read and where they come from the cache.
  @Test(arguments: ["tagger.cfg", "lm.cfg"])
  func splitsInAnotherNormalizationForm(configuration: String) throws {
    let workspace = try Workspace()
    let ending = configuration == "lm.cfg" ? "txt" : "conllu"
    var count = 0
    let files = try ["train", "validation", "test"].map { split in
      let text = try String(contentsOfFile: "\(SampleText.directory)/\(split).\(ending)", encoding: .utf8)
      if split == "validation" { count = text.split { !$0.isLetter }.count { $0 == "the" } }
      let form = split == "validation" ? "the\u{301}" : "th\u{E9}"
      try workspace.write(text.replacing(/\bthe\b/, with: form), to: "\(split).\(ending)")
      return "data.\(split)=\(split).\(ending)"
    }
    for directory in ["read", "cached"] {
      let settings = ["output.directory=\(directory)", "training.epochs=1"] + files
      let errors = try workspace.succeed(["--config", configuration] + settings).errors
      #expect(errors.contains(try Regex("validation split: [0-9.]+% of the words \\(\(count) of ")), "\(errors)")
      #expect(!errors.contains("test split: "), "\(errors)")
    }
    let evaluate = ["evaluate", "--checkpoint", "cached", "--split"]
    #expect(try workspace.succeed(evaluate + ["validation"]).errors.contains("% of the words (\(count) of "))
    #expect(try !workspace.succeed(evaluate + ["test"]).errors.contains("% of the words"))
  }

  // MARK: prepared datasets

  /// The dataset knows which column its tags are from; the configuration that names the dataset doesn't.
  @Test func aPreparedDatasetsColumnIsKept() throws {
    let workspace = try Workspace()
    try workspace.succeed(["prepare", "--config", "tagger.cfg", "--output", "tags.h5", "data.tags=xpos"])
    let model = "model: {embedding: 4, hidden: 4, characters: {embedding: 4, hidden: 4}}\n"
    try workspace.write("task: tagging\ndata: {dataset: tags.h5}\n" + model + "output: {directory: run}\n", to: "x.cfg")
    try workspace.succeed(["--config", "x.cfg", "training.epochs=1"])
    let output = fields(try tag(workspace, input: "1\tthe\t_\tU\tX\t_\t_\t_\t_\t_\n\n"))
    #expect(output[0][3] == "U" && output[0][4] != "X", "\(output)")
    let test = "\(SampleText.directory)/test.conllu"
    try workspace.succeed(["evaluate", "--checkpoint", "run", "--data", test])
    #expect(try workspace.succeed(["inspect", "run"]).output.contains("%"))
  }

  // MARK: word vectors

  @Test func vectorsThatAreNoneLeaveNoDirectory() throws {
    let workspace = try Workspace()
    try workspace.write("the 1 2 3\n", to: "vectors.txt")
    let error = try refusal(workspace, ["--config", "tagger.cfg", "model.vectors=vectors.txt"])
    #expect(error.contains("vectors.txt:1: "), "\(error)")
    #expect(!FileManager.default.fileExists(atPath: workspace.path("run")))
  }

  @Test func vectorsAreNeededAtTheBeginningOnly() throws {
    let workspace = try Workspace()
    let vector = (1...9).map { "0.\($0)" }.joined(separator: " ")
    try workspace.write("the \(vector)\ncat \(vector)\nzzz \(vector)\n", to: "vectors.txt")
    let begun = try workspace.succeed(["--config", "tagger.cfg", "model.vectors=vectors.txt"])
    #expect(begun.errors.contains("vectors    of 2 of "), "\(begun.errors)")
    try FileManager.default.removeItem(atPath: workspace.path("vectors.txt"))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=3"])
    try workspace.succeed(["evaluate", "--checkpoint", "run"])
    #expect(try tag(workspace, input: "the cat\n").hasPrefix("the/"))
    #expect(try refusal(workspace, ["--config", "tagger.cfg", "model.vectors=vectors.txt"]).contains("vectors.txt"))
  }
}
