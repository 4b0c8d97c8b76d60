import Compute
import Datasets
import Foundation
import Training

/// What a finished run has come to: a table, a sample of text, and what to do next.
struct RunResults {
  private let facts: [(name: String, value: String)]
  private let sample: String
  private let directory: String
  /// What the model is for.
  private let command: String

  init(_ run: PreparedRun, _ reporter: ProgressReporter, workers: Workers) throws {
    directory = run.directory.path
    let elapsed = reporter.elapsed
    let path = RunDirectory.checkpointPath(directory)
    let checkpoint = try CheckpointFile.read(path)
    var facts: [(String, String)] = []
    let state = reporter.lastState
    if let best = state.bestEpoch {
      let measure = state.validationMeasures[best - 1]
      facts.append(("best epoch", "\(best) of \(state.epoch)"))
      switch run.configuration.task {
      case .languageModel:
        facts.append(("validation loss", Format.loss(measure)))
        facts.append(
          ("validation perplexity", Format.perplexity(LanguageEvaluation.perplexity(ofLoss: measure))))
      case .tagging: facts.append(("validation accuracy", Format.percent(1 - measure)))
      }
    } else {
      facts.append(("epochs", "\(state.epoch)"))
    }
    if let test = run.dataset.splits[.test] {
      let evaluator = try run.configuration.evaluator(
        of: checkpoint.parameters(file: path, kernels: run.kernels), dataset: run.dataset, workers: workers)
      switch try evaluator.evaluate(test) {
      case .language(let evaluation):
        facts.append(("test loss", Format.loss(evaluation.natsPerTarget)))
        facts.append(("test perplexity", Format.perplexity(evaluation.perplexity)))
      case .tagging(let evaluation):
        facts.append(("test accuracy", Format.percent(evaluation.accuracy)))
        if evaluation.unknown.words > 0 {
          facts.append(("on unknown words", Format.percent(evaluation.unknown.accuracy)))
        }
      }
    }
    facts.append(("tokens trained", Format.count(reporter.targetsOfWholeEpochs)))
    if reporter.targets > 0 {
      facts.append((run.checkpoint == nil ? "time" : "time since resuming", Format.duration(elapsed)))
      facts.append(("speed", Format.rate(reporter.targets, in: elapsed)))
    }
    self.facts = facts
    switch run.configuration.task {
    case .languageModel:
      command = "generate"
      sample = """
        A sample of what it writes:

        \(try Self.writing(checkpoint, file: path, kernels: run.kernels))
        """
    case .tagging:
      command = "tag"
      let sentences = run.dataset.splits[.test] ?? run.dataset.splits[.validation] ?? run.dataset.splits[.train]
      sample = """
        A sentence as it tags it:

        \(try Self.tagging(checkpoint, file: path, of: sentences, run.dataset, kernels: run.kernels))
        """
    }
  }

  func print() throws {
    let (program, word) = (Format.shellWord(Self.program), Format.shellWord(directory))
    if StandardStream.output.isTerminal { try Results.print("") }
    try Results.print(
      """
      \(Format.facts(facts))

      \(sample)

      Next:

        \(program) \(command) --checkpoint \(word)\(command == "tag" ? " FILE" : "")
        \(program) evaluate --checkpoint \(word)
      """)
  }

  /// The program as it can be called from here: the name by which it was called, shortened where it lies below.
  static var program: String {
    let called = CommandLine.arguments[0]
    let here = FileManager.default.currentDirectoryPath + "/"
    return called.hasPrefix(here) ? String(called.dropFirst(here.count)) : called
  }

  /// A few lines, the same each time; one that was cut off at its end says so.
  private static func writing(_ checkpoint: Checkpoint, file: String, kernels: Kernels) throws -> String {
    let generator = try TextGenerator(checkpoint, file: file, kernels: kernels)
    var text = ""
    try generator.generate(
      prompt: "", length: checkpoint.tokenization == .character ? 160 : 30, sampling: Sampling()
    ) { text += $0 }
    if !text.hasSuffix("\n") { text += " ..." }
    return text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
  }

  /// A sentence of some length; where a tag isn't the corpus', that one follows.
  private static func tagging(
    _ checkpoint: Checkpoint, file: String, of split: TokenSequence?, _ dataset: SequenceDataset, kernels: Kernels
  ) throws -> String {
    guard let split, let numbers = split.forms, let gold = split.tags, let tagging = checkpoint.tagging,
      let sentence = example(in: split, numbers, of: dataset)
    else { return "" }
    let words = sentence.map { dataset.forms[Int(numbers[$0])] }
    let tagger = try Tagger(checkpoint, file: file, kernels: kernels, workers: Workers(count: 1))
    let lines = zip(zip(words, tagger.tag([words])[0]), sentence).map { pair, position in
      let right = gold[position] < 0 ? pair.1 : tagging.tags[Int(gold[position])]
      return [pair.0, pair.1, pair.1 == right ? "" : "(the corpus has \(right))"]
    }
    let widths = (0..<2).map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      let padded = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) } + [line[2]]
      return "  " + String(padded.joined(separator: "  ").trimmingSuffix { $0 == " " })
    }.joined(separator: "\n")
  }

  /// Of sentences that are neither short nor long, whose words the training split has, the one with the most words that
  /// have several tags there: what there is to learn can be seen in it.
  private static func example(
    in split: TokenSequence, _ forms: [Int32], of dataset: SequenceDataset
  ) -> Range<Int>? {
    var tags: [Int32: Set<Int32>] = [:]
    if let train = dataset.splits[.train], let trainForms = train.forms, let trainTags = train.tags {
      for (form, tag) in zip(trainForms, trainTags) { tags[form, default: []].insert(tag) }
    }
    let sentences = (0..<split.sentenceCount).map { Int(split.offsets[$0])..<Int(split.offsets[$0 + 1]) }
    let short = sentences.filter { (8...14).contains($0.count) }
    let known = short.filter { $0.allSatisfy { tags[forms[$0]] != nil } }
    func doubts(_ sentence: Range<Int>) -> Int { sentence.count { tags[forms[$0], default: []].count > 1 } }
    return known.max { doubts($0) < doubts($1) } ?? short.first ?? sentences.first
  }
}
