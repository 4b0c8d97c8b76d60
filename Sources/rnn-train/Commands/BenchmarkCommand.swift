import ArgumentParser
import Compute
import Configuration
import Datasets
import Presentation
import Training

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure how fast this machine trains a configuration.",
    discussion: """
      Examples:

        rnn-train benchmark --config configs/benchmark/elman-word.cfg
        rnn-train benchmark --config configs/lm.cfg --threads 1 --json

      It trains as a run does, and leaves nothing behind. The speed is the
      median over steps; GFLOP/s count 6 operations per weight of the
      recurrent and output layers and token.
      """)

  @OptionGroup
  var options: ConfigurationOptions

  @OptionGroup
  var threads: ThreadOptions

  @Option(help: ArgumentHelp("How long to measure.", valueName: "s"))
  var seconds = 6.0

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Say where the time goes, and what would help.")
  var explainSpeed = false

  func validate() throws {
    if json && explainSpeed { throw ValidationError("expected one of --json and --explain-speed") }
    guard seconds >= 0, seconds <= 86_400 else {
      throw ValidationError("--seconds \(seconds): expected a number from 0 to 86400")
    }
  }

  func run() throws {
    var configuration = try options.load()
    let kernels = try Kernels.chosen()
    let workers = try threads.workers()
    var dataset: SequenceDataset?
    if case .synthetic = configuration.data {
    } else {
      dataset = try DatasetCache.dataset(
        for: configuration, known: nil, threads: workers.count, Console(isQuiet: false))
    }
    let characterModels = try TrainedCharacterModels(of: &configuration, kernels: kernels, probe: FileProbe.check)?
      .models
    let benchmark = try Benchmark.run(
      configuration, dataset: dataset, characterModels: characterModels, seconds: seconds, workers: workers,
      kernels: kernels)
    let report = BenchmarkReport(benchmark)
    try Results.print(json ? JSON.text(report) : report.description)
    guard explainSpeed else { return }
    let speed = SpeedReport(
      gflops: benchmark.gflops, phases: benchmark.phaseTotals, steps: benchmark.steps,
      serialTime: benchmark.serialTime, configuration: configuration, workers: workers, kernels: kernels)
    try Results.print("\n\(speed)")
  }
}

/// A benchmark's result, with the names of its JSON object.
private struct BenchmarkReport: Encodable, CustomStringConvertible {
  @NumberOrNull var tokensPerSecond: Double
  @NumberOrNull var gflops: Double
  let threads: Int
  let isa: String
  let parameters: Int
  let peakMemoryBytes: Int
  let activationBytes: Int
  let steps: Int
  /// A step's mean.
  let phases: [PhaseReport]
  let serialMilliseconds: Double

  /// Phases of one kind.
  struct PhaseReport: Encodable {
    let kind: String
    let milliseconds: Double
    /// Ends of phases, at which threads wait for each other.
    let barriers: Double
    let jobs: Double

    init(_ total: PhaseTotal, steps: Int) {
      kind = total.kind.rawValue
      milliseconds = total.time / .milliseconds(steps)
      barriers = Double(total.phases) / Double(steps)
      jobs = Double(total.jobs) / Double(steps)
    }
  }

  init(_ benchmark: Benchmark) {
    tokensPerSecond = benchmark.tokensPerSecond
    gflops = benchmark.gflops
    threads = benchmark.threads
    isa = benchmark.isa
    parameters = benchmark.parameters
    peakMemoryBytes = benchmark.peakMemoryBytes
    activationBytes = benchmark.activationBytes
    steps = benchmark.steps
    phases = benchmark.phaseTotals.filter { $0.phases > 0 }.map { PhaseReport($0, steps: benchmark.steps) }
    serialMilliseconds = benchmark.serialTime / .milliseconds(benchmark.steps)
  }

  var description: String {
    Format.facts([
      ("speed", "\(Format.count(Int(tokensPerSecond))) tokens/s, \(Format.fixed(gflops, 1)) GFLOP/s"),
      ("compute", "\(Format.count(threads, "thread")), \(isa)"),
      ("parameters", Format.count(parameters)),
      ("peak memory", "\(Format.bytes(peakMemoryBytes)), \(Format.bytes(activationBytes)) of it activations"),
      ("steps measured", Format.count(steps)),
    ])
  }
}
