import Configuration
import Diagnostics
import Files
import Keys

/// What keeps a run from beginning or going on.
package enum TrainingError: DiagnosedError, Equatable {
  /// A directory without `--resume` that a run has been in.
  case holdsRun(directory: String)
  /// A directory with `--resume` that no run has been in.
  case holdsNoRun(directory: String)
  /// A directory to resume whose configuration is gone, or is no file.
  case noConfiguration(directory: String)
  /// None of a run's checkpoints can be used.
  case noUsableCheckpoint(directory: String, reasons: [String])
  /// A configuration that a run can't go on with.
  case incompatible(directory: String, keys: [String])
  /// A checkpoint whose parameters aren't those of its own configuration, or of the one that is asked for.
  case otherModel(file: String, expected: String, found: String)
  /// Text or a dataset whose tokens aren't those of the checkpoint.
  case otherVocabulary(file: String)
  /// A checkpoint to begin with whose layers aren't those of the configuration; in the differences it is the other.
  case otherLayers(file: String, [RunConfiguration.Difference])
  /// A prepared dataset with other ids than the model has that a run begins with.
  case otherIds(file: String)
  /// A checkpoint whose model was trained for another task.
  case otherTask(file: String, expected: String)
  /// A checkpoint whose tagger can't tag together with another one's.
  case otherTags(file: String, than: String, difference: String)
  /// What a task can't do with a dataset.
  case task(TaskError)
  /// A split isn't what it was when the run began.
  case otherText(file: String, split: String)
  /// A run to resume whose data isn't where its configuration says.
  case missingData(FileError)
  /// Text that somebody wrote while it was read.
  case changingText(files: [String])
  /// Text that can't be read any more; the run has been saved.
  case lostText(FileError, step: Int)
  /// Ranks that should have the same parameters don't.
  case differingRanks(rank: Int, step: Int)
  /// A run that has more epochs behind it than it is to have.
  case epochsDone(Int, asked: Int)
  /// More memory than there is.
  case tooLarge(bytes: Double, available: Double)
  /// A setting that doesn't suit the data.
  case unsuitable(Objection)
  case notCheckpoint(file: String, found: String)
  /// A file of gradient statistics that lacks a parameter's, or has others.
  case notStatistics(file: String, parameter: String)
  /// A checkpoint that another program has written to, or may have.
  case sealLost(file: String)
  /// A checkpoint whose name says another step than its contents.
  case misnamed(file: String, step: Int)
  /// A split without a single token, or, for tagging, without a tag.
  case emptySplit(name: String)
  case noSplit(name: String, remedy: String)
  /// A task or option that this version can't train.
  case unsupported(String)

  package var exitCode: ExitCode {
    switch self {
    case .holdsRun: .cannotWrite
    case .task(let error): error.exitCode
    case .differingRanks: .internalFault
    case .missingData(let error), .lostText(let error, _): error.exitCode
    default: .badInput
    }
  }

  package var description: String {
    switch self {
    case .holdsRun(let directory):
      "\(directory) holds a run already; go on with it by `rnn-train train --resume \(directory)`, or choose another "
        + "output.directory"
    case .holdsNoRun(let directory):
      "\(directory) holds no run to resume; expected config.cfg and checkpoints/ in it"
    case .noConfiguration(let directory):
      "\(directory): expected the file config.cfg in it, which the run goes by; each of its checkpoints holds a copy, which "
        + "`rnn-train inspect` shows"
    case .noUsableCheckpoint(let directory, let reasons):
      "\(directory): no checkpoint can be used: "
        + (reasons.isEmpty ? "there is none" : reasons.joined(separator: "; "))
    case .incompatible(let directory, let keys):
      "\(directory): a run can't go on with another \(keys.joined(separator: ", ")); start a new one instead. "
        + "What may change on a resume: \(RunConfiguration.changeableKeys)"
    case .otherModel(let file, let expected, let found):
      "\(file): the checkpoint is of another model: expected \(expected), found \(found)"
    case .otherVocabulary(let file):
      "the text has changed since the run began: the text's vocabulary isn't the model's, \(file); put the old text back, "
        + "start a new run, or measure another text by `evaluate --data`"
    case .otherLayers(let file, let differences):
      "\(file): a run can begin with its parameters only where its layers are the same: "
        + differences.map { "\($0.key) is \(Self.layer($0.other)) in it and \(Self.layer($0.own)) here" }
        .joined(separator: ", ")
    case .otherIds(let file):
      "data.dataset: its words, tags or characters aren't numbered as in the model that the run begins with, \(file); prepare "
        + "it for that model (`rnn-train prepare --config FILE model.from=\(file)`), or name its text in data.train"
    case .otherTask(let file, let expected):
      "\(file): expected the checkpoint of \(expected), found one of another task"
    case .otherTags(let file, let other, let difference):
      "\(file): expected the tags of \(other), found \(difference); taggers that tag together have learnt the same tags"
    case .task(let error):
      error.description
    case .otherText(let file, let split):
      "the \(split) text has changed since the run began: it isn't what \(file) was trained with; put the old text back, "
        + "start a new run, or measure another text by `evaluate --data`"
    case .missingData(let error):
      "\(error); if the data has moved, say where it is now (data.train=NEW, and so on): the run goes on if it is the same"
    case .changingText(let files):
      "the text changed while it was read: \(files.joined(separator: ", ")); begin again when it is complete"
    case .lostText(let error, let step):
      "\(error); the run is saved at step \(step), and goes on from there (--resume) when the text is what it was"
    case .differingRanks(let rank, let step):
      "after step \(step) rank \(rank) has other parameters than rank 0, and this step isn't saved: a machine that computes wrongly, or "
        + "programs that aren't built alike; the run goes on from its last checkpoint (--resume)"
    case .epochsDone(let done, let asked):
      "the run has \(counted(done, "epoch")) behind it; training.epochs=\(asked) can't take any back"
    case .tooLarge(let bytes, let available):
      "training needs about \(Self.gigabytes(bytes)) of memory, and there are \(Self.gigabytes(available)); "
        + "lower model.hidden, model.embedding, model.layers, training.batch_size or training.bptt, or limit the "
        + "vocabulary"
    case .unsuitable(let objection): "\(objection.key): \(objection.reason)"
    case .notCheckpoint(let file, let found):
      "\(file) is not an rnn-train checkpoint: \(found)"
    case .notStatistics(let file, let parameter):
      "\(file): expected gradient statistics of \(parameter)"
    case .sealLost(let file):
      "\(file) has lost the seal at its end: another program has opened it to write, as h5py's mode \"a\" does, and nobody "
        + "can say whether it is as rnn-train left it; if you trust it, add --accept-lost-seal"
    case .misnamed(let file, let step):
      "\(file) is the checkpoint of step \(step) under another one's name; rename it, or take it out of the directory"
    case .emptySplit(let name):
      "the \(name) split is empty: nothing can be learnt from it or measured on it; give it text, or leave it out"
    case .noSplit(let name, let remedy):
      "there is no \(name) split; \(remedy)"
    case .unsupported(let what):
      what
    }
  }

  /// What a key that shapes layers is set to; a path of files that shape them is left empty.
  private static func layer(_ value: String?) -> String { value.map { $0.isEmpty ? "given" : $0 } ?? "absent" }

  private static func gigabytes(_ bytes: Double) -> String { "\((bytes / 1e8).rounded(.up) / 10) GB" }
}
