import Foundation
import Testing
import Training

/// A temporary directory to run the program in, with a cache of its own and the configurations `lm.cfg` and `tagger.cfg`.
final class Workspace {
  let directory: URL

  /// - Parameter parent: where the directory is made.
  init(in parent: URL = FileManager.default.temporaryDirectory) throws {
    directory = parent.appendingPathComponent("rnn-train-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try write(Self.configuration, to: "lm.cfg")
    try write(Self.taggerConfiguration, to: "tagger.cfg")
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// Trains in a fraction of a second. The text lies where it is the same for all workspaces, so that two runs with the
  /// same settings have the same configuration to the letter.
  private static let configuration = """
    data:
      train: \(SampleText.directory)/train.txt
      validation: \(SampleText.directory)/validation.txt
      test: \(SampleText.directory)/test.txt
      tokens: whitespace
    model: {embedding: 9, hidden: 21}
    training: {epochs: 2, batch_size: 5, bptt: 8, optimizer: {learning_rate: 0.5, momentum: 0.9}}
    output: {directory: run, checkpoint_every: 40, keep: 2}
    """

  /// A tagger with all that a tagger can have.
  private static let taggerConfiguration = """
    task: tagging
    data:
      train: \(SampleText.directory)/train.conllu
      validation: \(SampleText.directory)/validation.conllu
      test: \(SampleText.directory)/test.conllu
      vocabulary: {min_count: 2}
    model:
      embedding: 9
      cell: lstm
      hidden: 11
      layers: 2
      bidirectional: true
      residual: true
      dropout: 0.2
      embedding_dropout: 0.1
      word_dropout: 0.1
      characters: {embedding: 5, hidden: 7}
    training: {epochs: 2, batch_size: 7, optimizer: {name: adam, learning_rate: 0.01}}
    output: {directory: run, checkpoint_every: 5, keep: 2}
    """

  /// What every program runs with, and nothing else.
  private var environment: [String: String] {
    ["XDG_CACHE_HOME": path("cache"), "PATH": "/usr/bin:/bin", "TERM": "xterm"]
  }

  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: directory.appendingPathComponent(name))
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: directory.appendingPathComponent(name)) }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  /// Names in a directory, sorted.
  func names(in name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }

  func start(
    _ arguments: [String], through prefix: [String] = [], environment: [String: String] = [:],
    input: FileHandle = .nullDevice, errors: FileHandle? = nil
  ) throws -> RunningProgram {
    try RunningProgram(
      arguments, through: prefix, in: directory, environment: self.environment.merging(environment) { $1 },
      input: input, errors: errors)
  }

  /// - Parameter input: what standard input has.
  func run(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws -> Outcome {
    guard let input else { return try start(arguments, environment: environment).wait() }
    try write(input, to: ".input")
    let file = try FileHandle(forReadingFrom: directory.appendingPathComponent(".input"))
    defer { file.closeFile() }
    return try start(arguments, environment: environment, input: file).wait()
  }

  /// Runs a command that is to succeed.
  @discardableResult
  func succeed(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil
  ) throws -> Outcome {
    let outcome = try run(arguments, environment: environment, input: input)
    try #require(outcome.code == 0 && !outcome.wasKilled, "\(arguments): \(outcome)")
    return outcome
  }

  /// Runs a command line of bash here, and returns its exit code. It doesn't outlast the limit, nor does what it has started.
  func shell(_ command: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "timeout", "--signal=KILL", "\(Hang.limit.components.seconds)", "/bin/bash", "-c", command,
    ]
    process.currentDirectoryURL = directory
    process.environment = environment
    try process.run()
    process.waitUntilExit()
    if process.terminationReason == .uncaughtSignal { throw Hang(arguments: [command], errors: "") }
    return process.terminationStatus
  }

  /// The run's last checkpoint.
  func lastCheckpoint(of run: String = "run") throws -> Checkpoint {
    try CheckpointFile.read(path("\(run)/checkpoints/last.h5"))
  }

  /// The run's metrics, without the time of day and the speed.
  func metrics(of run: String = "run") throws -> [String] {
    try text("\(run)/metrics.jsonl").split(separator: "\n").map { line in
      String(line.replacing(/,"(seconds|tokens_per_second)":[^,}]*/, with: ""))
    }
  }

  /// The numbers of each line of a run's metrics by their names, exactly.
  func numbers(ofMetricsOf run: String) throws -> [[String: Double]] {
    try text("\(run)/metrics.jsonl").replacing(/,"kind":"[a-z]+"/, with: "").split(separator: "\n").map { line in
      try JSONDecoder().decode([String: Double].self, from: Data(line.utf8))
    }
  }
}
