import Collectives
import Compute
import Datasets
import Inference
import Keys
import Models
import Presentation

/// What a model learns, with all that is different for it: how text is read and put into minibatches, how the model is
/// measured, and what is said and shown of it. Nobody else asks which task it is.
///
/// A new one is a folder with a type that conforms, and a line in `Tasks.all`.
package protocol Task: Sendable {
  // MARK: its name

  /// What a configuration calls it: `tagging`.
  var name: String { get }
  /// What a model of it is called: `Tagger`.
  var title: String { get }

  // MARK: its configurations

  /// A commented configuration to begin with. `FILE` in it stands for its own name.
  var template: String { get }
  /// What there is to be named in the template: `treebank`.
  var corpusNoun: String { get }
  /// What to begin with on a corpus without a configuration of its own.
  ///
  /// - Parameter bytes: of all its files.
  func startingPoint(bytes: Int) -> StartingPoint
  /// What it can't do with a configuration of which every single value is right.
  func objections(to configuration: RunConfiguration) -> [Objection]

  // MARK: its data

  /// The format of a corpus whose configuration doesn't say any.
  var usualFormat: any CorpusFormat { get }
  /// Whether it learns the tags of words; then its datasets and models have them.
  var learnsTags: Bool { get }
  /// Makes a dataset of a corpus.
  ///
  /// - Parameters:
  ///   - known: what a model knows whose ids the dataset keeps; nil: it is all the corpus' own.
  ///   - threads: how many read it at most; the dataset is the same for any number.
  func dataset(
    of corpus: RunConfiguration.TextCorpus, format: any CorpusFormat, known: KnownVocabulary?, threads: Int
  ) throws(CorpusError) -> SequenceDataset
  /// Reads a file with what a model knows already, to measure the model on it.
  ///
  /// - Returns: the text, and what its words are spelled as where that matters.
  func read(
    _ file: String, format: any CorpusFormat, for model: TrainedModel
  ) throws(CorpusError) -> (sequence: TokenSequence, forms: [String])
  /// Finds out whether a run could fail later for what its dataset is.
  func check(_ dataset: SequenceDataset, for configuration: RunConfiguration) throws

  // MARK: its model

  /// What the distribution of each of the model's output layers is over, of at least one.
  ///
  /// - Parameter tagging: the dataset's, if it has tags.
  func classes(vocabulary: Vocabulary, tagging: TaggingVocabulary?) throws(TaskError) -> [Int]
  /// Whether a minibatch goes on where the one before ended; else each sequence begins with the zero state.
  var carriesState: Bool { get }
  /// The minibatches of an epoch of training.
  ///
  /// - Parameters:
  ///   - characterModels: what reads the words beside the model; nil: nothing does.
  ///   - workers: that these read by.
  func minibatches(
    of train: TokenSequence, in dataset: SequenceDataset, _ configuration: RunConfiguration,
    characterModels: CharacterModels?, workers: Workers
  ) throws -> any MinibatchSource
  /// A few minibatches to look into a model with, without dropout.
  func examples(
    of split: TokenSequence, forms: [String], for model: TrainedModel, _ extent: ExampleExtent
  ) throws -> any MinibatchSource
  /// What of a training configuration says how large a minibatch is: `32 sentences`.
  func minibatchSize(_ training: RunConfiguration.Training) -> String

  // MARK: how it is measured

  /// What decides which epoch is best, and when a run has stopped getting better.
  var measure: Measure { get }
  /// Measures a model that is not trained meanwhile.
  ///
  /// - Parameters:
  ///   - forms: what the split's words are spelled as.
  ///   - ranks: processes that share the split out, and all come to what one does: each calls this.
  ///   - check: called between minibatches, by all ranks as often; what it throws ends the evaluation.
  func evaluate(
    _ model: TrainedModel, on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, ranks: any Communicator, check: () throws -> Void
  ) throws -> any Evaluation
  /// Measures a language model that follows the text as it reads it; nil where the task's models can't.
  ///
  /// - Parameter progress: called before each minibatch with the share of the text that has been read.
  func evaluate(
    _ model: TrainedModel, following adaptation: Adaptation, on split: TokenSequence,
    _ configuration: RunConfiguration, workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)?
  /// Measures what several models make of a split together; nil where the task's models can't.
  ///
  /// - Parameters:
  ///   - forms: what the split's words are spelled as.
  ///   - progress: called now and then with the share of the sentences that have been read.
  func evaluate(
    together models: [TrainedModel], on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)?
  /// How a text that is no split is to be measured where nobody says it.
  func evaluation(_ settings: RunConfiguration.Evaluation, of text: TokenSequence) -> RunConfiguration.Evaluation
  /// What a value of the measure tells people, the most telling figure last.
  func figures(of value: Double) -> [Quantity]
  /// What a training loss in nats per target tells people beside itself, if anything.
  func figure(ofTrainingLoss loss: Double) -> Quantity?
  /// What a report draws by epoch beside the loss.
  var curve: EpochCurve { get }
  /// What makes every figure of a split mean little, if anything does: `59.2% of it are unknown words`.
  func caveat(about split: TokenSequence, vocabulary: Vocabulary) throws -> String?
  /// The share of a split's targets that the model has no word for, by what `metrics.jsonl` has; nil where it doesn't say.
  func unknownShare(on split: Split, metrics: (_ field: String) -> Double?) -> Double?
  /// What a report says of a split beside the measure, by what `metrics.jsonl` has of an evaluation.
  func facts(on split: Split, metrics: (_ field: String) -> Double?) -> [Fact]
  /// The same as the first by what `metrics.jsonl` has of an evaluation.
  func caveat(about split: Split, metrics: (_ field: String) -> Double?) -> String?

  // MARK: what its models do

  /// What comes before a sample of what a model does.
  var sampleTitle: String { get }
  /// A few lines of what a model makes of its task, the same each time.
  func sample(of model: TrainedModel, _ dataset: SequenceDataset) throws -> String
  /// The command that uses a model, with its arguments.
  ///
  /// - Parameter checkpoint: as a shell reads it.
  func command(checkpoint: String) -> String
  /// What the report's part about a model is about: `How the model tags`.
  var reportTitle: String { get }
  func report(on subject: ReportSubject) throws -> TaskReport
  /// What writes text by a model, if that is what its models do.
  func generator(of model: TrainedModel, workers: Workers) -> TextGenerator?
  /// What gives lines of text their probabilities by a model, if that is what its models do.
  ///
  /// - Parameter carriesState: whether a line goes on where the one before ended.
  func scorer(
    of model: TrainedModel, carriesState: Bool, following adaptation: Adaptation, workers: Workers
  ) -> Scorer?
  /// What tags sentences by models together, if that is what its models do and all know the same tags.
  func tagger(of models: [TrainedModel], workers: Workers) -> Tagger?
}

extension Task {
  package var learnsTags: Bool { false }
  package func figure(ofTrainingLoss loss: Double) -> Quantity? { nil }
  package func evaluate(
    _ model: TrainedModel, following adaptation: Adaptation, on split: TokenSequence,
    _ configuration: RunConfiguration, workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)? { nil }
  package func evaluation(
    _ settings: RunConfiguration.Evaluation, of text: TokenSequence
  ) -> RunConfiguration.Evaluation { settings }
  package func caveat(about split: TokenSequence, vocabulary: Vocabulary) -> String? { nil }
  package func unknownShare(on split: Split, metrics: (_ field: String) -> Double?) -> Double? { nil }
  package func facts(on split: Split, metrics: (_ field: String) -> Double?) -> [Fact] { [] }
  package func caveat(about split: Split, metrics: (_ field: String) -> Double?) -> String? { nil }
  package func generator(of model: TrainedModel, workers: Workers) -> TextGenerator? { nil }
  package func scorer(
    of model: TrainedModel, carriesState: Bool, following adaptation: Adaptation, workers: Workers
  ) -> Scorer? { nil }
  package func tagger(of models: [TrainedModel], workers: Workers) -> Tagger? { nil }
  package func evaluate(
    together models: [TrainedModel], on split: TokenSequence, forms: [String], _ configuration: RunConfiguration,
    workers: Workers, progress: (_ share: Double) -> Void
  ) throws -> (any Evaluation)? { nil }

  /// What a model of this task takes over of a dataset's tags.
  package func tagging(of dataset: SequenceDataset) -> TaggingVocabulary? { learnsTags ? dataset.tagging : nil }

  /// Timesteps that gradients flow back through; nil where sequences are read whole.
  package func window(_ training: RunConfiguration.Training) -> Int? { carriesState ? training.bptt : nil }
}

/// The task of a configuration, one of those that there are.
struct TaskChoice: Sendable, Equatable {
  var task: any Task
  let all: [any Task]

  static func == (a: Self, b: Self) -> Bool { a.task.name == b.task.name }
}

/// How much of a split is looked at.
package struct ExampleExtent: Sendable, Equatable {
  /// Of windows; sentences have at most so many words.
  package var timesteps = 64
  /// Streams side by side, or sentences in a minibatch.
  package var sequences = 16
  /// Windows one after the other, or minibatches.
  package var windows = 4

  package init() {}
}

/// What a report is about.
package struct ReportSubject {
  package let model: TrainedModel
  /// Steps that the model has been trained for.
  package let step: Int
  package let workers: Workers
  /// The first of some splits that there is, unchanged since the run began; the dataset is read when this is asked.
  package let split: (_ candidates: [Split], _ remedy: String) throws -> (Split, TokenSequence, SequenceDataset)

  package init(
    _ model: TrainedModel, step: Int, workers: Workers,
    split: @escaping (_ candidates: [Split], _ remedy: String) throws -> (Split, TokenSequence, SequenceDataset)
  ) {
    self.model = model
    self.step = step
    self.workers = workers
    self.split = split
  }
}

/// A task's part of a run's report.
package struct TaskReport: Sendable {
  /// What belongs to the facts at the page's top.
  package var facts: [Fact] = []
  package var sections: [ReportSection] = []

  package init() {}
}
