import ArgumentParser
import Compute
import Configuration
import Presentation
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model, or go on with an interrupted run.",
    discussion: """
      Examples:

        rnn-train --config configs/lm.cfg
        rnn-train my.txt
        rnn-train --config configs/lm.cfg --threads 16 model.hidden=512
        rnn-train train --resume runs/lm
        rnn-train train --resume runs/lm training.epochs=20
        rnn-train train --from runs/mine --config my.cfg data.train=new.txt output.directory=runs/new
        rnn-train train --config configs/lm.cfg --resume-or-begin

      A run's directory holds its configuration, its log, its metrics and its
      checkpoints. Ctrl-C saves a checkpoint first, SIGUSR1 saves one and goes
      on, SIGUSR2 saves one and ends with exit code 0; a run that was cut off
      by anything goes on from its last checkpoint as if nothing had happened.
      --from begins with the embeddings and layers of another run, whose words
      keep their ids; --resume-or-begin is for jobs of a batch system that may
      be started again: it ends at once, with exit code 0, when the run has
      finished.

      Several machines, where the program is built with MPI:

        mpirun -n 4 rnn-train --config configs/lm.cfg training.shards=4
      """)

  @Option(help: ArgumentHelp("The configuration of a new run.", valueName: "file"), completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("The directory of a run to go on with.", valueName: "run"), completion: .directory)
  var resume: String?

  @Option(
    help: ArgumentHelp(
      "A run or checkpoint whose parameters a new run begins with; the same as model.from=PATH.", valueName: "path"),
    completion: .file())
  var from: String?

  @Flag(help: "Go on with the run in the configuration's output.directory, or begin it if there is none.")
  var resumeOrBegin = false

  @OptionGroup
  var threads: ThreadOptions

  @Flag(name: .shortAndLong, help: "Show no progress; RUN/train.log has it all the same.")
  var quiet = false

  @Flag(help: "Say at the end where the time went, and what would help.")
  var explainSpeed = false

  @OptionGroup
  var pause: PauseOptions

  @OptionGroup
  var seal: SealOption

  @OptionGroup
  var overrides: OverrideArguments

  /// What is to be trained on without a configuration.
  private var texts: [String] { config == nil && resume == nil ? overrides.list.filter(StrayArgument.isText) : [] }

  /// `KEY=VALUE`
  private var settings: [String] { overrides.list.filter { !texts.contains($0) } }

  /// What is wrong with an option, of which the parser would speak only if nothing else were wrong. Takes milliseconds.
  private static var optionProblem: String? {
    UnknownOption.problem(in: CommandLine.arguments, of: helpMessage(includeHidden: true))
  }

  func validate() throws {
    let strays = settings.filter { !$0.contains("=") }
    if let stray = strays.first(where: StrayArgument.commands.contains) ?? strays.first {
      throw ValidationError(Self.optionProblem ?? StrayArgument(stray).message)
    }
    if from != nil, resume != nil {
      throw ValidationError("--from is for a new run; one to resume has its parameters")
    }
    if resumeOrBegin, let resume {
      throw ValidationError("--resume \(resume): expected one of --resume and --resume-or-begin")
    }
    switch (config, resume) {
    case (nil, nil) where from != nil || resumeOrBegin:
      throw ValidationError(
        "expected --config FILE: \(from != nil ? "--from" : "--resume-or-begin") needs a configuration")
    case (nil, nil) where !texts.isEmpty: break
    case (nil, nil):
      throw ValidationError(
        Self.optionProblem ?? """
          expected a text, --config FILE or --resume RUN. To begin with:

            rnn-train my.txt                     a language model of a text of yours
            rnn-train corpus.conllu              a tagger that learns from a treebank
            rnn-train --config configs/lm.cfg    a model of the text that comes with it

          Each makes a run, a directory like runs/my, which other commands use:

            rnn-train report runs/my             a page: its result, curves, samples
            rnn-train generate runs/my           what it writes
            rnn-train tag runs/corpus FILE       tags of sentences
            rnn-train evaluate runs/my           how good it is, on any text
            rnn-train train --resume runs/my     on from where it was stopped

          `rnn-train config init` begins a configuration to change, `rnn-train sweep`
          tries many, `rnn-train lesson` shows how a network learns.

          """)
    case (_?, _?): throw ValidationError("expected one of --config and --resume; a run to resume has its configuration")
    default: break
    }
  }

  func run() throws {
    let ranks = try Ranks()
    let console = Console(isQuiet: quiet, isSilent: !ranks.isFirst)
    do {
      try train(ranks, console)
    } catch {
      console.clearStatus()
      if let line = Failure.line(for: error) { console.record(line) }
      ranks.end(after: error)
      throw error
    }
  }

  private func train(_ ranks: Ranks, _ console: Console) throws {
    let begun = ContinuousClock.now
    RunSignals.ignoreCheckpointRequests()
    pause.restrictProcessors(console)
    let (workers, preparation) = try ranks.prepare {
      let workers = try threads.workers()
      return (workers, try prepareRun(ranks, threads: workers.count, console))
    }
    guard var prepared = preparation else {
      ranks.leave()
      return console.say("nothing to do: the run has finished")
    }
    if pause.isReached(prepared.checkpoint?.checkpoint.state) {
      ranks.leave()
      return console.say("nothing to do: the pause is reached")
    }
    warnOfBinding(workers, ranks, console)
    let parameters = prepared.takeParameters()
    let run = prepared
    let reporter = ProgressReporter(console: console) {
      run.announcement($0, $1, threads: workers.count, ranks: ranks.count)
    }
    let (outcome, speed) = try train(run, from: consume parameters, workers, ranks, since: begun, reporter, console)
    guard let directory = run.directory else { return }
    if outcome == .interrupted { return console.say("paused after epoch \(reporter.lastState.epoch)") }
    if outcome == .stoppedEarly {
      let measure = run.configuration.task.measure
      let remedy =
        reporter.targets > 0
        ? "" : "; training.early_stopping=null, or a larger training.early_stopping.patience, lets it go on"
      console.say(
        "the \(measure.name) has stopped \(measure.goal == .minimize ? "falling" : "rising"): training ends early\(remedy)"
      )
    }
    let results = try RunResults(run, in: directory, reporter, workers: workers)
    results.keep(in: directory, console)
    try results.print()
    if let speed { console.say("\n\(speed)") }
  }

  /// Says that there are fewer processors than threads, where a launcher has bound processes to some.
  private func warnOfBinding(_ workers: Workers, _ ranks: Ranks, _ console: Console) {
    guard ranks.count > 1, workers.parallelism < workers.count else { return }
    console.warn(
      "each rank has \(Format.count(workers.count, "thread")), and the launcher lets it use "
        + "\(Format.count(workers.parallelism, "processor")); `mpirun --bind-to none` of Open MPI lets it use all, as "
        + "`srun --cpus-per-task` lets it use so many")
  }

  /// - Returns: nil for a run that has nothing left to do.
  private func prepareRun(_ ranks: Ranks, threads: Int, _ console: Console) throws -> PreparedRun? {
    let accepts = seal.acceptLostSeal
    if let resume {
      return try pause.whenFree(resume) {
        try PreparedRun.resume(
          resume, overrides: overrides.list, acceptsLostSeal: accepts, ranks, threads: threads, console)
      }
    }
    if !texts.isEmpty { return try PreparedRun.begin(on: texts, overrides: settings, ranks, threads: threads, console) }
    // In quotes, within which a quote is doubled, a path is a path whatever is in it.
    let start = from.map { ["model.from='\($0.replacing("'", with: "''"))'"] } ?? []
    // Behind all others, one of which may replace `model` whole.
    let (file, chosen) = (config ?? "", settings + start)
    return resumeOrBegin
      ? try PreparedRun.resumeOrBegin(
        file, overrides: chosen, acceptsLostSeal: accepts, ranks, threads: threads, console)
      : try PreparedRun.begin(
        file, overrides: chosen, acceptsLostSeal: accepts, ranks, threads: threads, console)
  }

  /// Trains. What that takes of memory is free again when the best checkpoint is read for its results.
  ///
  /// - Returns: `.interrupted` only at the pause that was asked for.
  private func train(
    _ run: PreparedRun, from parameters: consuming PreparedRun.ParameterSource, _ workers: Workers,
    _ ranks: Ranks, since begun: ContinuousClock.Instant, _ reporter: ProgressReporter, _ console: Console
  ) throws -> (outcome: Trainer.Outcome, speed: SpeedReport?) {
    if let models = run.characterModels?.models, !run.configuration.model.trainsCharacterModels {
      let words = run.dataset.splits[.train]?.tokens.count ?? 0
      console.say(
        "the character models read \(Format.count(words, "word")), \(Format.count(models.width)) numbers for each")
    }
    let trainer = try Trainer(
      run.configuration, dataset: run.dataset, directory: run.directory, path: run.path,
      ranks: ranks.communicator, resuming: parameters.checkpoint, vectors: run.vectors, takeover: parameters.takeover,
      characterModels: run.characterModels, workers: workers, kernels: run.kernels, reporter: reporter)
    // Only now is it certain that the run can go on with its new configuration.
    if !run.changes.isEmpty { try run.directory?.write(run.configuration) }
    let session = run.directory.map {
      SessionRecord(
        of: run, in: $0, beginningAt: trainer.state.step, threads: workers.count, ranks: ranks.count,
        console)
    }
    let requests = RunRequests(deadline: run.configuration.training.timeLimit.map { begun + $0 })
    let signals = try RunSignals(requests, console: console, heedsEndOfInput: pause.stopsAtEndOfInput)
    defer { session?.end(at: reporter.lastState) }
    reporter.afterEpoch = { [pause] state in if pause.isReached(state) { requests.requestStop() } }
    let outcome = try trainer.train(heeding: requests)
    session?.outcome = RunSession.Outcome(outcome)
    signals.cancel()
    // The first rank has saved everything, and has the rest to do; what the others end with doesn't count.
    ranks.leave()
    guard let directory = run.directory else { return (outcome, nil) }
    let (state, signal) = (reporter.lastState, signals.received ?? StopSignal(rawValue: requests.signalOfRanks))
    if outcome == .interrupted, signal != nil || state.minibatch != 0 || !pause.isReached(state) {
      throw Stopped(signal: signal, directory: directory.currentPath, step: reporter.savedStep)
    }
    let speed =
      explainSpeed
      ? SpeedReport(
        of: trainer.engine, targets: reporter.engineTargets / ranks.count, configuration: run.configuration,
        workers: workers,
        kernels: run.kernels) : nil
    return (outcome, speed)
  }
}
