import Compute
import Datasets
import Models

extension GradientFlow {
  /// How much is looked at.
  package struct Settings: Sendable, Equatable {
    /// Of a language model's windows; a tagger's sentences have at most so many words.
    package var timesteps = 64
    /// Streams side by side, or sentences in a minibatch.
    package var sequences = 16
    /// Windows one after the other, or minibatches.
    package var windows = 4

    package init() {}
  }

  /// Measures a checkpoint's model on a split: a language model on the first windows of its streams, the state carried
  /// from one to the next; a tagger on the longest sentences that are not too long. Nothing is dropped out.
  ///
  /// - Parameters:
  ///   - file: what errors call the checkpoint.
  ///   - forms: what the dataset's words are spelled as.
  package static func measure(
    _ checkpoint: Checkpoint, file: String, split: TokenSequence, forms: [String], settings: Settings,
    workers: Workers, kernels: Kernels
  ) throws -> GradientFlow {
    let parameters = try checkpoint.parameters(file: file, kernels: kernels)
    if let tagging = checkpoint.tagging {
      let spellings = parameters.shape.characters == nil ? nil : Spellings(of: forms, in: tagging.characters)
      return try measure(parameters, TaggedSentences(split, spellings: spellings), settings, workers)
    }
    return try measure(parameters, split, settings, workers)
  }

  private static func measure(
    _ parameters: Parameters, _ text: TokenSequence, _ settings: Settings, _ workers: Workers
  ) throws -> GradientFlow {
    // A short text is read as fewer streams, down to one of a shorter window.
    let pairs = text.tokens.count - 1
    let streams = max(1, min(settings.sequences, pairs / settings.timesteps))
    let batches = try StreamBatches(
      text.tokens, streams: streams, window: max(1, min(settings.timesteps, pairs / streams)))
    let meter = GradientFlowMeter(
      parameters,
      SequenceModel.Capacity(Timeline.Capacity(sequences: batches.streams, timesteps: batches.window)),
      carriesState: true, workers: workers)
    let minibatch = meter.model.minibatch
    // The last window may be shorter: only whole ones count.
    for window in 0..<min(settings.windows, batches.length / batches.window) {
      batches.fill(window: window, inputs: minibatch.inputs.base, targets: minibatch.targets.base)
      minibatch.prepare(timesteps: batches.window)
      meter.addMinibatch()
    }
    return meter.flow
  }

  private static func measure(
    _ parameters: Parameters, _ sentences: TaggedSentences, _ settings: Settings, _ workers: Workers
  ) throws -> GradientFlow {
    let split = sentences.sequence
    let lengths = zip(split.offsets, split.offsets.dropFirst()).map { Int($1 - $0) }
    let fitting = lengths.indices.filter { 0 < lengths[$0] && lengths[$0] <= settings.timesteps }
      .sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    guard !fitting.isEmpty else {
      throw TrainingError.unsupported("no sentence of the split has at most \(settings.timesteps) words")
    }
    let meter = GradientFlowMeter(
      parameters, sentences.capacity(SentenceBatches(split, size: settings.sequences)), carriesState: false,
      workers: workers)
    for window in 0..<settings.windows {
      let chosen = fitting.dropFirst(window * settings.sequences).prefix(settings.sequences)
      guard !chosen.isEmpty else { break }
      sentences.fill(meter.model, sentences: chosen)
      meter.addMinibatch()
    }
    return meter.flow
  }
}
