import ArgumentParser
import Glibc

/// The command line. A subcommand's `run` says what it does in a few lines; the work is done by the modules below.
@main
struct RnnTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rnn-train",
    abstract: "Trains recurrent neural networks on CPUs, with the same bits for any number of threads.",
    discussion: """
      Without a subcommand it trains:

        rnn-train my.txt
        rnn-train --config configs/lm.cfg
        rnn-train --config configs/lm.cfg --threads 16 model.hidden=256
        rnn-train generate --checkpoint runs/lm

      Results go to standard output, everything else to standard error, without
      colours; what is updated in place is so on terminals only.

      Exit codes: 0 done; 64 usage; 65 bad configuration or data; 70 a fault
      of the program; 71 the system gives no memory or process; 73 can't
      write; 74 input or output error; 75 training diverged; 129, 130 and 143
      stopped by SIGHUP, SIGINT and SIGTERM, with everything saved.
      """,
    version: ProgramVersion.text,
    subcommands: [
      TrainCommand.self, PrepareCommand.self, EvaluateCommand.self, ScoreCommand.self, NextCommand.self,
      GenerateCommand.self, TagCommand.self, VectorsCommand.self, ExportCommand.self, InspectCommand.self,
      ReportCommand.self, RunsCommand.self, WatchCommand.self, MetricsCommand.self, SweepCommand.self,
      ConfigCommand.self, LessonCommand.self, BenchmarkCommand.self, ProbeCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    // A file that is opened later must not get the number of a standard stream that the caller closed.
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 { _ = open("/dev/null", O_RDWR) }
    // Writing to a pipe that nobody reads fails with EPIPE then, instead of ending a run between two checkpoints.
    signal(SIGPIPE, SIG_IGN)
    // Likewise a write past the limit on file sizes, with EFBIG.
    signal(SIGXFSZ, SIG_IGN)
    do {
      if let script = CompletionScript.requested(by: CommandLine.arguments) { return try Results.print(script) }
      var command: any ParsableCommand
      do {
        command = try parseAsRoot()
      } catch {
        Ranks.leaveTheWordToTheFirst(exitCode: Failure.exitCode(for: error))
        throw error
      }
      try command.run()
    } catch {
      Failure.exit(error)
    }
  }
}
