import Diagnostics

/// What keeps a sweep from beginning or going on.
package enum SweepError: DiagnosedError, Equatable {
  /// A directory for a new sweep that holds one.
  case holdsSweep(directory: String)
  /// A directory to go on in that holds none.
  case holdsNoSweep(directory: String)
  case damagedJournal(file: String, line: Int)
  /// The sweep's own copy of its file isn't what it was.
  case changed(file: String)
  /// What trials read isn't what it was.
  case changedData(file: String)
  /// More trials at once than processors.
  case tooManyJobs(Int, processors: Int)
  /// More processors than there are.
  case tooManyProcessors(Int, available: Int)
  /// A trial whose directory is gone, and can't be made again as it was.
  case trialLost(trial: String, directory: String)
  /// A trial that failed for what is around it, a full disk for instance: it isn't over.
  case obstructed(trial: String, reason: String, code: ExitCode)
  /// A trial failed, and the sweep was to stop then.
  case stoppedByFailure(trial: String, reason: String, directory: String, code: ExitCode)
  /// Every trial failed.
  case allFailed(directory: String, reason: String)
  /// Trials were stopped by somebody else.
  case unfinished(Int, directory: String)
  /// A method that a job array can't do.
  case notExportable
  /// Several processes for each trial, which nothing could bring together.
  case ranksWithoutMPI(Int)
  case tooFewShards(trial: String, shards: Int, ranks: Int)

  package var exitCode: ExitCode {
    switch self {
    case .holdsSweep: .cannotWrite
    case .holdsNoSweep, .damagedJournal, .changed, .changedData, .trialLost: .badInput
    case .tooManyJobs, .tooManyProcessors, .notExportable, .ranksWithoutMPI, .tooFewShards: .usage
    case .obstructed(_, _, let code), .stoppedByFailure(_, _, _, let code): code
    case .allFailed: .diverged
    case .unfinished: .terminated
    }
  }

  package var description: String {
    switch self {
    case .holdsSweep(let directory):
      "\(directory) holds a sweep already; go on with it by `rnn-train sweep --resume \(directory)`, or choose another "
        + "output.directory"
    case .holdsNoSweep(let directory):
      "\(directory) holds no sweep; expected sweep.cfg and journal.jsonl in it"
    case .damagedJournal(let file, let line):
      "\(file):\(line): expected a line that rnn-train wrote, found another"
    case .changed(let file):
      "\(file) has changed since the sweep began, and its trials with it; undo that, or start a new sweep"
    case .changedData(let file):
      "\(file) has changed since the sweep began: trials that read it now can't be compared with those that did before; put "
        + "the old one back, or start a new sweep"
    case .tooManyJobs(let jobs, let processors):
      "--jobs \(jobs): expected no more trials at a time than processors, which are \(processors)"
    case .tooManyProcessors(let count, let available):
      "--cores \(count): this process may use \(available)"
    case .trialLost(let trial, let directory):
      "trial \(trial) can't go on: \(directory) is gone, and what the sweep's base says now would make another trial of it; "
        + "put the directory or the base back"
    case .obstructed(let trial, let reason, _):
      "trial \(trial) can't go on: \(reason)"
    case .stoppedByFailure(let trial, let reason, let directory, _):
      "trial \(trial) failed: \(reason); go on without it by `rnn-train sweep --resume \(directory)`"
    case .allFailed(let directory, let reason):
      "\(directory): every trial failed, the first one: \(reason)"
    case .unfinished(let count, let directory):
      "\(directory): \(count) \(count == 1 ? "trial was" : "trials were") stopped by somebody else; go on with: "
        + "rnn-train sweep --resume \(directory)"
    case .notExportable:
      "the method asha decides between its rungs who trains on, which a job array can't; export grid or random"
    case .ranksWithoutMPI(let ranks):
      "--ranks \(ranks): this program was built without MPI, and each process would train alone; build it by "
        + "`swift build -c release --traits MPI`"
    case .tooFewShards(let trial, let shards, let ranks):
      "--ranks \(ranks): trial \(trial) can't share out a minibatch of \(counted(shards, "shard")); set training.shards to "
        + "\(ranks) or more in the sweep's base"
    }
  }
}
