import Foundation
import Testing

/// Pages of runs and sweeps.
struct ReportTests {
  /// - Parameter links: those that the page has beside its numbers.
  private func page(_ workspace: Workspace, of directory: String = "run", links: [String] = []) throws -> Page {
    let outcome = try workspace.succeed(["report", directory])
    #expect(outcome.output == "\(directory)/report.html\n" && outcome.errors.isEmpty, "\(outcome)")
    let html = try workspace.text("\(directory)/report.html")
    let page = try Page(html)
    #expect(page.links.allSatisfy { $0.hasPrefix("data:text/csv") || links.contains($0) }, "\(page.links)")
    for outside in ["@import", "url(", "https:"] { #expect(!html.contains(outside)) }
    return page
  }

  /// Every file of a directory but the page, by its name.
  private func files(_ workspace: Workspace, in directory: String) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: workspace.path(directory))
    return Dictionary(
      uniqueKeysWithValues: names.filter { $0 != "report.html" }.map { name in
        (name, (try? workspace.bytes("\(directory)/\(name)")) ?? Data())
      })
  }

  private static let curves = [
    "Result", "Curves", "Loss", "Perplexity", "Learning rate", "Gradient norm", "Throughput",
  ]
  private static let configuration = ["Configuration", "Other than by default"]

  // MARK: runs

  @Test func aRunsPageHasItsCurvesAndIsMadeWithoutTouchingIt() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=4"])
    let before = try files(workspace, in: "run")
    let page = try page(workspace)
    #expect(try files(workspace, in: "run") == before)
    let lecture = ["Three timesteps", "Its weights", "What it computes", "What it learns by"]
    let flow = ["Gradient by distance in time", "From t back to k: h_l0"]
    let weights = ["What (t, k) adds to ∂L/∂W: rnn.weight_hh_l0", "What (t, k) adds to ∂L/∂V: rnn.weight_ih_l0"]
    #expect(
      page.headings == Self.curves
        + ["What it writes", "Temperature 0.5", "Temperature 0.8", "Temperature 1.0", "The network, unfolded in time"]
        + lecture + ["How far gradients reach"] + flow + weights + Self.configuration)
    #expect(page.blocks.last == (try workspace.text("run/config.cfg")))
    // Three samples, the last of which is what `generate` writes.
    let sample = try workspace.succeed(["generate", "--checkpoint", "run", "--length", "80"]).output
    #expect(page.blocks.count == 4)
    #expect(page.blocks[2].hasPrefix(sample.trimmingCharacters(in: .newlines)), "\(page.blocks[2]) \(sample)")
    #expect(page.elements["script"] == 1)

    let printed = try workspace.succeed(["report", "run", "--output", "-"]).output
    #expect(try Page(printed).headings == page.headings)
  }

  /// The drawing, the names and the formulas are this network's.
  @Test(arguments: [
    (["model.hidden=23"], ["23 × 9", "23 × 23"], ["V", "W"], "zt=Vxt+Wht−1+b"),
    (["model.cell=lstm", "model.hidden=23"], ["92 × 9", "92 × 23"], ["V", "W"], "ct=ft⊙ct−1+it⊙gt"),
    (["model.cell=gru", "model.hidden=[23, 19]"], ["69 × 9", "57 × 19"], ["V⁽¹⁾", "W⁽²⁾"], "ht=(1−zt)⊙nt+zt⊙ht−1"),
  ])
  func theLectureFollowsTheModel(overrides: [String], shapes: [String], symbols: [String], formula: String) throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"] + overrides)
    let page = try page(workspace)
    for cell in shapes + symbols + ["rnn.weight_hh_l0", "decoder.weight"] {
      #expect(page.cells.contains(cell), "\(cell)")
    }
    #expect(page.elements["math"] ?? 0 >= 7)
    #expect(page.text.contains(formula), "\(page.text)")
    #expect(page.text.contains("∂L∂U=∑t=1T"))
  }

  @Test func aRunInProgressIsReportedOn() throws {
    let workspace = try Workspace()
    let run = try workspace.start(["--config", "lm.cfg", "training.epochs=100000"])
    while !workspace.exists("run/checkpoints/last.h5"), run.isRunning { usleep(10_000) }
    for _ in 0..<5 { #expect(try page(workspace).text.contains("Stateunder way")) }
    #expect(run.isRunning)
    run.send(SIGINT)
    #expect(try run.wait().code == 130)
    #expect(try page(workspace).text.contains("Stateinterrupted"))
  }

  @Test func aRunThatHasHardlyBegunHasAPageToo() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "output.keep=100"])
    // As it was right after its first checkpoint.
    #expect(
      try workspace.shell(
        "cd run && rm metrics.jsonl && cd checkpoints && rm best.h5 && ls step-* | grep -v step-00000000 | xargs rm "
          + "&& ln -sf step-00000000.h5 last.h5") == 0)
    var page = try page(workspace)
    #expect(page.text.contains("not trained yet") && page.text.contains("There are no metrics yet"))
    #expect(page.headings == ["Result", "Curves"] + Self.configuration)
    #expect(try workspace.shell("rm -r run/checkpoints") == 0)
    page = try self.page(workspace)
    #expect(page.headings == ["Result", "Curves"] + Self.configuration)
  }

  @Test func metricsMayHaveGapsAndTornLines() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=4"])
    let lines = try workspace.text("run/metrics.jsonl")
      .replacing(/"loss":[^,]*/, with: "\"loss\":null", maxReplacements: 1)
      .replacing(/"tokens_per_second":[0-9]*/, with: "\"tokens_per_second\":null")
    try workspace.write(lines + "nonsense\n{\"step\":99", to: "run/metrics.jsonl")
    let page = try page(workspace)
    #expect(page.text.contains("1 line of metrics has a value that isn’t a number"))
    #expect(page.text.contains("Left out of metrics.jsonl, being no lines of a run’s: 1."))
    #expect(!page.headings.contains("Throughput") && page.headings.contains("Loss"))
  }

  @Test func aPauseBetweenTwoProcessesIsNotSlowTraining() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "--pause-after", "1"])
    // The epoch has 90 steps of 40 tokens; the first speed that is written down is of step 100.
    let lines = try workspace.metrics()
    #expect(lines.count == 1 && lines[0].hasPrefix("{\"step\":90,"))
    sleep(4)
    try workspace.succeed(["train", "--resume", "run"])
    let speed = try #require(try workspace.text("run/metrics.jsonl").firstMatch(of: /"tokens_per_second":([0-9]+)/)).1
    // What it would be, were the pause a part of it.
    #expect(try #require(Int(speed)) > 100 * 40 / 4)
  }

  @Test func aRunWithoutValidationHasTrainingCurvesAlone() throws {
    let workspace = try Workspace()
    try workspace.write(
      "data: {train: \(SampleText.directory)/train.txt}\noutput: {directory: run}\n"
        + "training: {epochs: 3, batch_size: 5, bptt: 8}\nmodel: {embedding: 4, hidden: 6}\n", to: "alone.cfg")
    try workspace.succeed(["--config", "alone.cfg"])
    let page = try page(workspace)
    #expect(Array(page.headings.prefix(7)) == Self.curves)
    #expect(!page.text.contains("best: epoch") && !page.text.contains("Validation perplexity"))
  }

  @Test func aDamagedCheckpointIsSaidOnThePage() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    #expect(try workspace.shell("cd run/checkpoints && truncate -s 1000 \"$(readlink best.h5)\"") == 0)
    let page = try page(workspace)
    #expect(page.text.contains("The checkpoint can’t be read: "))
    #expect(page.headings.contains("Loss") && !page.headings.contains("What it writes"))
  }

  @Test func textIsOnlyText() throws {
    let workspace = try Workspace()
    // U+0600 makes one character of itself and what follows.
    let words = [
      "</pre><script>alert(1)</script>", "\u{600}<script>alert(2)</script>", "{{title}}", "&lt;b", "'\"", "]]>",
    ]
    let line = words.joined(separator: " ") + "\n"
    try workspace.write(String(repeating: line, count: 200), to: "hostile.txt")
    try workspace.succeed([
      "--config", "lm.cfg", "data.train=hostile.txt", "data.validation=hostile.txt", "data.test=hostile.txt",
      "training.epochs=2", "output.directory=<script>alert(3)<\u{2215}script>",
    ])
    let page = try page(workspace, of: "<script>alert(3)<\u{2215}script>")
    #expect(page.elements["script"] == 1 && page.elements["b"] == nil)
    for word in words { #expect(page.blocks.prefix(3).joined().contains(word), "\(word)") }
  }

  @Test func curvesCanBeTakenAwayAsNumbers() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.epochs=4"])
    let csv = try page(workspace).links.compactMap { link in
      link.split(separator: ",", maxSplits: 1).last?.removingPercentEncoding
    }
    let loss = try #require(csv.first { $0.hasPrefix("step,training,validation\n") })
    let lines = try workspace.numbers(ofMetricsOf: "run").filter { $0["test_loss"] == nil }
    // A row for each step that has a loss of either kind; the numbers are the very same.
    let rows = loss.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let expected = lines.map { line in ["loss", "validation_loss"].map { line[$0].map { "\($0)" } ?? "" } }
    #expect(rows.map { $0.dropFirst().map(String.init) } == expected, "\(loss)")
  }

  @Test func whatWasChangedBeforeARunWentOnIsSaid() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "--threads", "1"])
    try workspace.succeed(["train", "--resume", "run", "training.epochs=4", "training.clip_norm=1", "--threads", "2"])
    let sessions = try workspace.text("run/sessions.jsonl").split(separator: "\n")
      .compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    #expect(sessions.compactMap { $0["event"] as? String } == ["begin", "end", "begin", "end"])
    #expect(sessions.compactMap { $0["step"] as? Int } == [0, 180, 180, 360])
    #expect(sessions.compactMap { $0["threads"] as? Int } == [1, 2])
    #expect(sessions.compactMap { $0["outcome"] as? String } == ["finished", "finished"])
    let page = try page(workspace)
    #expect(page.headings.contains("Processes"))
    #expect(page.cells.contains("training.epochs: 2 → 4; training.clip_norm: 5 → 1"))
    #expect(page.text.contains("process 2") && page.text.contains("Threads2, "))
    // Without the file there is a page as well.
    #expect(try workspace.shell("rm run/sessions.jsonl") == 0)
    #expect(try !self.page(workspace).headings.contains("Processes"))
  }

  @Test func onlyWhatIsNotUsualComesFirst() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "training.optimizer={name: adam, learning_rate: 0.001, beta1: 0.8}"])
    let cells = try page(workspace).cells
    let start = try #require(cells.firstIndex(of: "data.tokens"))
    #expect(cells[start...].prefix(3) == ["data.tokens", "whitespace", "word"])
    // Adam's usual learning rate is 0.001.
    #expect(cells.contains("training.optimizer.name") && cells.contains("training.optimizer.beta1"))
    #expect(!cells.contains("training.optimizer.learning_rate") && !cells.contains("training.optimizer.beta2"))
    #expect(!cells.contains { $0.hasPrefix("data.train") || $0.hasPrefix("output.directory") })
  }

  // MARK: runs side by side

  @Test func runsSideBySideShowInWhatTheyDiffer() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "output.directory=a"])
    try workspace.succeed(["--config", "lm.cfg", "output.directory=b", "model.hidden=9", "seed=5", "training.epochs=3"])
    #expect(try workspace.succeed(["report", "a", "b"]).output == "comparison.html\n")
    let page = try Page(workspace.text("comparison.html"))
    #expect(
      page.headings == [
        "Result", "Curves", "Validation loss", "Validation loss over time", "Perplexity", "Perplexity over time",
        "Training loss", "Training loss over time", "In what they differ",
      ])
    let start = try #require(page.cells.firstIndex(of: "Key"))
    #expect(
      Array(page.cells[start...]) == ["Key", "a", "b", "seed", "1", "5", "model.hidden", "21", "9"]
        + ["training.epochs", "2", "3"])
    // Of the same name are told apart by where they are.
    #expect(try workspace.shell("mkdir other && cp -r b other/a") == 0)
    try workspace.succeed(["report", "a", "other/a"])
    #expect(try Page(workspace.text("comparison.html")).cells.contains("other/a"))
    let outcome = try workspace.run(["report", "a", "nowhere"])
    #expect(outcome.code == 65 && outcome.errors.contains("nowhere: expected the directory of a run"))
  }

  // MARK: pictures as files

  @Test func picturesAreFilesOfTheirOwn() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let paths = try workspace.succeed(["report", "run", "--figures", "figures"]).output.split(separator: "\n")
    let names = [
      "loss", "perplexity", "learning-rate", "gradient-norm", "throughput", "three-timesteps",
      "gradient-by-distance-in-time", "from-t-back-to-k-h_l0", "what-t-k-adds-to-l-w-rnn-weight_hh_l0",
      "what-t-k-adds-to-l-v-rnn-weight_ih_l0",
    ]
    #expect(paths.map(String.init) == names.map { "figures/\($0).svg" })
    for path in paths {
      let picture = try workspace.text(String(path))
      #expect(try Page(picture).elements["svg"] == 1)
      // No colours of dark surroundings, no data of pages.
      #expect(picture.contains("<style>") && !picture.contains("prefers-color-scheme") && !picture.contains("data-x"))
    }
    // Nothing but pictures is replaced.
    try workspace.write("mine", to: "figures/loss.svg")
    let outcome = try workspace.run(["report", "run", "--figures", "figures"])
    #expect(outcome.code == 64 && outcome.errors.contains("figures/loss.svg: there is a file that isn't a picture"))
    #expect(try workspace.text("figures/loss.svg") == "mine")
    // Other kinds need a program of the system.
    let pdf = try workspace.run(["report", "run", "--figures", "pdf", "--format", "pdf"])
    if try workspace.shell("command -v rsvg-convert > /dev/null") == 0 {
      #expect(try pdf.code == 0 && workspace.bytes("pdf/loss.pdf").starts(with: Data("%PDF".utf8)))
    } else {
      #expect(pdf.code == 71 && pdf.errors.contains("rsvg-convert, which isn't here"))
      print("rsvg-convert isn't here: PDF files weren't made")
    }
  }

  // MARK: taggers

  @Test func aTaggersPageAgreesWithItsEvaluation() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg", "training.epochs=6"])
    let page = try page(workspace)
    for heading in ["Errors", "Accuracy", "Accuracy by frequency", "Tag by tag", "Which tags it takes for which"] {
      #expect(page.headings.contains(heading))
    }
    let json = try JSONSerialization.jsonObject(
      with: Data(workspace.succeed(["evaluate", "--checkpoint", "run", "--split", "validation", "--json"]).output.utf8))
    let evaluation = try #require(json as? [String: Any])
    let tokens = try #require(evaluation["tokens"] as? Int)
    let accuracy = try #require(evaluation["accuracy"] as? Double)
    let percent = String(format: "%.2f%%", 100 * accuracy)
    #expect(page.text.contains("on the validation split: \(percent) of \(tokens) words tagged right."))
    let unknown = try #require(evaluation["accuracy_unknown"] as? Double)
    #expect(page.text.contains("On unknown words" + String(format: "%.2f%%", 100 * unknown)))
    let scores = try #require(evaluation["per_tag"] as? [String: [String: Any]])
    for (tag, score) in scores {
      let words = try #require(score["tokens"] as? Int)
      let row = try #require(page.cells.firstIndex(of: tag))
      #expect(page.cells[row + 1] == "\(words)")
    }
    // Every confusion that is told in words is one of the matrix, and the first one is the most frequent.
    let matrix = try #require(evaluation["confusion"] as? [String: [String: Int]])
    let told = page.text.matches(of: /(\w+) taken for (\w+): (\d+) words? \(/)
    for match in told { #expect(matrix[String(match.1)]?[String(match.2)] == Int(match.3)) }
    let most = matrix.flatMap { tag, row in row.filter { $0.key != tag }.values }.max()
    #expect(told.first.map { Int($0.3) } ?? most == most)
    // The bars of the frequencies have all words, each in one of them.
    let note = try #require(page.text.firstMatch(of: /Words in each bar: (.*)\./)).1
    let counts = note.split(separator: "; ").compactMap { $0.split(separator: ": ").last }.compactMap { Int($0) }
    #expect(counts.reduce(0, +) == tokens && counts.count > 1)
  }

  @Test func aTaggerWhoseCorpusIsGoneHasItsCurvesStill() throws {
    let workspace = try Workspace()
    #expect(try workspace.shell("cp \(SampleText.directory)/*.conllu .") == 0)
    try workspace.succeed([
      "--config", "tagger.cfg", "data.train=train.conllu", "data.validation=validation.conllu", "data.test=test.conllu",
    ])
    #expect(try workspace.shell("rm -r *.conllu cache") == 0)
    let page = try page(workspace)
    #expect(page.text.contains("How the model tags can’t be shown: "))
    #expect(page.headings.contains("Loss") && !page.headings.contains("Tag by tag"))
  }

  // MARK: sweeps

  @Test func aSweepsPageHasAllTrials() throws {
    let workspace = try SweepTests.workspace(
      """
      base: lm.cfg
      parameters:
        model.hidden: {values: [12, 6]}
        model.cell: {values: [elman, gru]}
        training.optimizer.learning_rate: {values: [0.5, 1e30]}
      output: {directory: sweep}
      """)
    try workspace.succeed(["sweep", "--config", "sweep.cfg", "--jobs", SweepTests.jobs])
    let before = try files(workspace, in: "sweep")
    let page = try page(workspace, of: "sweep")
    #expect(try files(workspace, in: "sweep") == before)
    #expect(
      page.headings.prefix(10) == [
        "Result", "Trials", "What the trials came to", "All trials by epoch", "By cost", "Parameters together",
        "By hidden",
        "By cell", "By learning_rate", "Which parameters matter",
      ])
    let json = try JSONSerialization.jsonObject(
      with: Data(workspace.succeed(["sweep", "show", "sweep", "--json"]).output.utf8))
    let table = try #require(json as? [String: Any])
    let trials = try #require((table["trials"] as? [[String: Any]])?.compactMap { $0["trial"] as? String })
    #expect(trials.count == 8 && page.cells.filter(trials.contains) == trials)
    let failed = (table["trials"] as? [[String: Any]])?.filter { $0["state"] as? String == "failed" } ?? []
    for trial in failed { #expect(page.text.contains("\(trial["trial"] as? String ?? "?") failed: ")) }
    let best = try #require(table["best"] as? String)
    #expect(page.headings.contains("The best trial: \(best)"))
    #expect(page.blocks[0].hasPrefix("rnn-train --config sweep/best.cfg\n"))
    #expect(page.blocks[1] == (try workspace.text("sweep/best.cfg")))
    #expect(page.elements["script"] == 1)
    // The page of a trial is one of a run, and the sweep's has links to those that there are.
    #expect(try self.page(workspace, of: "sweep/trials/\(best)").headings.contains("Loss"))
    let link = "trials/\(best)/report.html"
    #expect(try self.page(workspace, of: "sweep", links: [link]).links.contains(link))
  }

  @Test func aSweepThatHasHardlyBegunHasAPageToo() throws {
    let workspace = try SweepTests.workspace(
      """
      base: lm.cfg
      parameters:
        model.hidden: {values: [12, 6]}
      output: {directory: sweep}
      """)
    try workspace.succeed(["sweep", "--config", "sweep.cfg", "--jobs", SweepTests.jobs])
    // As it was before any trial had begun.
    #expect(
      try workspace.shell(
        "cd sweep && rm best.cfg && sed -i 1q journal.jsonl && cd trials && rm -r */metrics.jsonl */checkpoints") == 0)
    let page = try page(workspace, of: "sweep")
    #expect(page.text.contains("Trials waiting2"))
    #expect(page.headings == ["Result", "Trials", "The sweep"])
    let trial = try #require(try workspace.names(in: "sweep/trials").first)
    #expect(try self.page(workspace, of: "sweep/trials/\(trial)").text.contains("not trained yet"))
  }

  // MARK: what it refuses

  @Test(arguments: ["nowhere", ".", "lm.cfg"])
  func refusesWhatIsNeitherRunNorSweep(directory: String) throws {
    let outcome = try Workspace().run(["report", directory])
    #expect(outcome.code == 65 && outcome.output.isEmpty)
    #expect(
      outcome.errors
        == "rnn-train: \(directory): expected the directory of a run, with config.cfg in it, or of a sweep, with "
        + "journal.jsonl\n")
  }

  @Test func replacesNothingButPages() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    let configuration = try workspace.text("lm.cfg")
    let outcome = try workspace.run(["report", "run", "--output", "lm.cfg"])
    #expect(outcome.code == 64 && outcome.errors.contains("--output lm.cfg: there is a file that isn't a page"))
    #expect(try workspace.text("lm.cfg") == configuration)
    for _ in 0..<2 { try workspace.succeed(["report", "run", "--output", "page.html"]) }
    #expect(try workspace.run(["report", "run", "--output", "no/where.html"]).code == 73)
  }
}
