import ArgumentParser
import Compute
import Configuration
import Training
import Datasets
import Foundation

final class R: TrainingReporter {
  let t0 = Date()
  func begin(_ summary: RunSummary, state: TrainingState) { print(summary) }
  func step(_ state: TrainingState, targets: Int) {}
  func epoch(_ s: TrainingState, trainLoss: Double, validation: Evaluation?, isBest: Bool) { print(s.epoch, trainLoss, validation?.natsPerTarget ?? 0, validation?.perplexity ?? 0, Date().timeIntervalSince(t0)) }
  func saved(_ path: String, step: Int) { }
}
@main
struct RnnTrain: ParsableCommand {
  @Option var config: String
  @Option var threads = 2
  @Flag var bench = false
  @Argument var overrides: [String] = []
  func run() throws {
    let c = try RunConfiguration.load(path: config, overrides: overrides)
    let k = try Kernels.named(ProcessInfo.processInfo.environment["RNN_TRAIN_ISA"])
    if bench {
      let d = c.data.isSyn ? nil : try DatasetCache().dataset(for: c) { print($0) }
      print(try Benchmark.run(c, dataset: d, seconds: 6, workers: Workers(count: threads), kernels: k)); return
    }
    let d = try DatasetCache().dataset(for: c) { print($0) }
    let dir = try RunDirectory.create(c.output.directory, configuration: c)
    let t = try Trainer(c, dataset: d, directory: dir, resuming: nil, workers: Workers(count: threads), kernels: k, reporter: R())
    print(try t.train(until: StopRequest()))
    let cp = try CheckpointFile.read(RunDirectory.checkpointPath(c.output.directory))
    try TextGenerator(cp, file: "x", kernels: k).generate(prompt: "", length: 100, sampling: Sampling()) { print($0, terminator: "") }
  }
}
extension RunConfiguration.Data { var isSyn: Bool { if case .synthetic = self { true } else { false } } }
