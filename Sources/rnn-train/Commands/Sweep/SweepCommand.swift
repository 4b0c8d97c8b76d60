import ArgumentParser

struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Train many models from one file, and compare them.",
    discussion: """
      Examples:

        rnn-train sweep --config configs/sweep.cfg --jobs 2
        rnn-train sweep --config configs/sweep.cfg --dry-run
        rnn-train sweep --resume sweeps/lm
        rnn-train sweep show sweeps/lm --sort validation_loss
        rnn-train sweep export --config configs/sweep.cfg --slurm sweeps/lm
      """,
    subcommands: [SweepRunCommand.self, SweepShowCommand.self, SweepExportCommand.self],
    defaultSubcommand: SweepRunCommand.self)
}
