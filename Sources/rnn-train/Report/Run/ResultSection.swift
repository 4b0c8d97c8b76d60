import Configuration
import Datasets
import Presentation
import Training

extension ReportSection {
  /// What a run has come to, what that was measured on, and how it came to it.
  ///
  /// - Parameters:
  ///   - checkpoint: the one that the page is about; nil where none can be read.
  ///   - lastStep: of the newest checkpoint.
  ///   - taskFacts: what the task has to say beside its measure.
  static func result(
    of run: ReportedRun, checkpoint: Checkpoint?, lastStep: Int?, taskFacts: [Fact]
  ) -> ReportSection {
    let step = max(run.step, lastStep ?? 0)
    var section = ReportSection("Result", paragraphs: [run.measurement].compactMap(\.self))
    section.facts = run.testFigures.reversed().map { Fact("Test \($0.name)", $0.text) }
    section.facts += run.validationFigures.reversed().map { Fact("Validation \($0.name)", $0.text) }
    section.facts += run.comparedFacts + taskFacts
    section.facts += run.course(step: step)
    section.facts += run.corpusFacts(checkpoint)
    section.facts += run.machineFacts
    if let origin = checkpoint?.origin { section.facts.append(Fact("Began with", origin.summary)) }
    return section
  }
}

extension ReportedRun {
  /// What the first figures were measured on, and by which epoch's model.
  fileprivate var measurement: String? {
    guard let best else { return nil }
    let split = testFigures.isEmpty ? Split.validation : .test
    let tokens = history.sessions.last?.beginning.tokens[split.rawValue]
    let source = [sourceName(of: split), tokens.map { Format.count($0, "token") }].compactMap(\.self)
    let place = source.isEmpty ? "" : " (\(source.joined(separator: ", ")))"
    return "Measured on the \(split.rawValue) split\(place), by the model of epoch \(Format.count(best.epoch)) of "
      + "\(Format.count(epochsDone)): the best one on the validation split."
  }

  /// The name of a split's file, or how it came to be.
  private func sourceName(of split: Split) -> String? {
    switch configuration.data {
    case .text(let corpus):
      let heldOut: RunConfiguration.HeldOut?
      switch split {
      case .train: return corpus.train.map(ReportedRun.fileName).joined(separator: ", ")
      case .validation: heldOut = corpus.validation
      case .test: heldOut = corpus.test
      }
      switch heldOut {
      case .file(let path): return ReportedRun.fileName(path)
      case .split(let share): return "\(Format.percent(share)) of the training text"
      case nil: return nil
      }
    case .dataset(let path): return ReportedRun.fileName(path)
    case .synthetic: return "drawn by Zipf’s law"
    }
  }

  private static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// What models can be compared by that read the same text in other ways.
  fileprivate var comparedFacts: [Fact] {
    [(Split.test, metrics.test), (.validation, best)].flatMap { split, line in
      line.map { line in configuration.task.facts(on: split) { line[$0] } } ?? []
    }
  }

  /// How far the run has come.
  fileprivate func course(step: Int) -> [Fact] {
    var facts = [
      Fact("State", state(step: step).rawValue),
      Fact("Epochs", "\(Format.count(epochsDone)) of \(Format.count(configuration.training.epochs))"),
      Fact("Steps", Format.count(step)),
    ]
    if let best { facts.append(Fact("Best epoch", Format.count(best.epoch))) }
    if let loss = best?.trainLoss ?? metrics.epochs.last?.trainLoss ?? metrics.last?.loss {
      facts.append(Fact(best == nil ? "Training loss" : "Training loss then", Format.loss(loss)))
    }
    return facts
  }

  fileprivate func corpusFacts(_ checkpoint: Checkpoint?) -> [Fact] {
    var facts: [Fact] = []
    let session = history.sessions.last?.beginning
    if let name = sourceName(of: .train) { facts.append(Fact("Corpus", name)) }
    let tokens = Split.allCases.compactMap { split in
      session?.tokens[split.rawValue].map { "\(split.rawValue) \(Format.count($0))" }
    }
    if !tokens.isEmpty { facts.append(Fact("Tokens", tokens.joined(separator: ", "))) }
    if let count = checkpoint?.vocabulary.count ?? session?.vocabulary {
      facts.append(Fact("Vocabulary", Format.count(count)))
    }
    for (split, line) in [(Split.validation, best), (.test, metrics.test)] {
      guard let line else { continue }
      if let share = configuration.task.unknownShare(on: split, metrics: { line[$0] }) {
        facts.append(Fact("Unknown words, \(split.rawValue)", Format.percent(share)))
      }
      if let caveat = configuration.task.caveat(about: split, metrics: { line[$0] }) {
        facts.append(Fact("\(split.title) notice", caveat))
      }
    }
    return facts
  }

  fileprivate var machineFacts: [Fact] {
    var facts = [Fact("Seed", String(configuration.seed))]
    if let session = history.sessions.last?.beginning {
      facts.append(Fact("Threads", "\(session.threadsText), \(session.isa)"))
    }
    if let duration = history.duration { facts.append(Fact("Trained for", Format.duration(seconds: duration))) }
    let rates = metrics.lines.compactMap(\.tokensPerSecond).sorted()
    if !rates.isEmpty { facts.append(Fact("Median speed", "\(Format.count(rates[rates.count / 2])) tokens/s")) }
    if let began = history.sessions.first?.beginning.seconds ?? metrics.lines.lazy.compactMap(\.seconds).first {
      facts.append(Fact("Begun", Format.time(began)))
    }
    if let session = history.sessions.last?.beginning { facts.append(Fact("Program", session.version)) }
    return facts
  }
}
