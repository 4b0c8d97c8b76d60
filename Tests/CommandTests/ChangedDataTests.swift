import DatasetFiles
import Datasets
import Foundation
import Testing

/// A run goes on with what it has read, or not at all; where that lies and what it is called doesn't count.
struct ChangedDataTests {
  private static let configuration = """
    data: {dataset: data.h5}
    model: {embedding: 9, hidden: 11}
    training: {epochs: 1, batch_size: 5, bptt: 8}
    output: {directory: run}
    """

  /// A run on a dataset file, and that file.
  private static func trained(_ prepare: [String] = []) throws -> Workspace {
    let workspace = try Workspace()
    try workspace.write(configuration, to: "own.cfg")
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5"] + prepare)
    try workspace.succeed(["--config", "own.cfg"])
    return workspace
  }

  private static func expectRefusal(_ workspace: Workspace, of split: String) throws {
    let line = "the \(split) text has changed since the run began"
    let resumed = try workspace.run(["train", "--resume", "run", "training.epochs=2"])
    #expect(resumed.code == 65 && resumed.errors.contains(line), "\(resumed)")
    let evaluated = try workspace.run(["evaluate", "--checkpoint", "run", "--split", split])
    #expect(evaluated.code == 65 && evaluated.errors.contains(line), "\(evaluated)")
  }

  @Test func anotherDivisionOfOneTextIsRefused() throws {
    let workspace = try Self.trained(["data.validation={split: 0.1}"])
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5", "data.validation={split: 0.102}"])
    // Their source is the same.
    for arguments in [
      ["train", "--resume", "run", "training.epochs=2"], ["evaluate", "--checkpoint", "run", "--split", "validation"],
    ] {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 65 && outcome.errors.contains("has changed since the run began"), "\(outcome)")
    }
    try workspace.succeed(["prepare", "--config", "lm.cfg", "--output", "data.h5", "data.validation={split: 0.1}"])
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
  }

  @Test(arguments: [Split.train, .validation, .test])
  func anotherOrderIsRefused(split: Split) throws {
    let workspace = try Self.trained()
    var (dataset, settings) = try DatasetFile.read(workspace.path("data.h5"))
    let reversed = Column(try #require(dataset.splits[split]).tokens.all().reversed())
    dataset.splits[split]?.tokens = reversed
    try DatasetFile.write(dataset, settings: settings, to: workspace.path("data.h5"))
    try Self.expectRefusal(workspace, of: split.rawValue)
  }

  /// A treebank's tags, sentences and spellings.
  @Test func eachPartOfATreebankCounts() throws {
    let workspace = try Workspace()
    try workspace.write("task: tagging\n" + Self.configuration, to: "own.cfg")
    try workspace.succeed(["prepare", "--config", "tagger.cfg", "--output", "data.h5"])
    try workspace.succeed(["--config", "own.cfg"])
    let (original, settings) = try DatasetFile.read(workspace.path("data.h5"))
    let changes: [(inout TokenSequence) throws -> Void] = [
      { $0.tags[0] = try $0.tags[0].changed { $0.swapAt(0, 1) } },
      { $0.offsets = try $0.offsets.changed { $0[1] += 1 } },
      { sequence in
        // Two words that are both unknown change places in spelling alone.
        let tokens = try sequence.tokens.all()
        guard let forms = try sequence.forms?.all(), let first = tokens.firstIndex(of: 0),
          let other = tokens.indices.last(where: { tokens[$0] == 0 && forms[$0] != forms[first] })
        else { return }
        sequence.forms = try sequence.forms?.changed { $0.swapAt(first, other) }
      },
    ]
    for change in changes {
      var dataset = original
      var sequence = try #require(dataset.splits[.train])
      try change(&sequence)
      #expect(sequence != dataset.splits[.train])
      dataset.splits[.train] = sequence
      try DatasetFile.write(dataset, settings: settings, to: workspace.path("data.h5"))
      try Self.expectRefusal(workspace, of: "train")
    }
    try DatasetFile.write(original, settings: settings, to: workspace.path("data.h5"))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2"])
  }

  @Test func thePlaceOfADatasetDoesNotCount() throws {
    let workspace = try Self.trained()
    try FileManager.default.moveItem(atPath: workspace.path("data.h5"), toPath: workspace.path("moved.h5"))
    try workspace.succeed(["train", "--resume", "run", "training.epochs=2", "data.dataset=moved.h5"])
  }

  /// In a dataset that another program has made.
  @Test(arguments: [Split.validation, .test])
  func anEmptySplitIsRefusedBeforeTraining(split: Split) throws {
    let workspace = try Workspace()
    try workspace.write("task: tagging\n" + Self.configuration, to: "own.cfg")
    try workspace.succeed(["prepare", "--config", "tagger.cfg", "--output", "data.h5"])
    var (dataset, settings) = try DatasetFile.read(workspace.path("data.h5"))
    dataset.splits[split] = TokenSequence(
      tokens: [], offsets: [0], tags: [[]], forms: [], extent: TextExtent(), sourceSHA256: "")
    try DatasetFile.write(dataset, settings: settings, to: workspace.path("data.h5"))
    let outcome = try workspace.run(["--config", "own.cfg"])
    #expect(outcome.code == 65 && outcome.errors.contains("the \(split.rawValue) split is empty"), "\(outcome)")
    #expect(!workspace.exists("run"))
  }
}

extension Column {
  /// A copy with other numbers.
  fileprivate func changed(_ change: (inout [Number]) -> Void) throws -> Column {
    var numbers = try all()
    change(&numbers)
    return Column(numbers)
  }
}
