#!/usr/bin/env python3
"""What it costs to ask for more threads than there are processors: each number of threads measured in turn with another.

    threads.py PROGRAM [--threads N,N,...] [--beside N] [--rounds R] [--seconds S] [NAME ...]

PROGRAM is the built rnn-train. NAME is a configuration of configs/benchmark without its ending (default: elman-char,
lstm-char and bilstm-tagger). In each round every number of threads (default: 1, 2, 3, 4, 8, 16, 32 and 64) is measured right
after --beside (default: as many as there are processors), so that what else the machine does meets both. Printed are tokens
per second beside those of --beside, in per cent, as the median of the rounds with the least and the most; and 1 is the exit
status where a median of as many threads or more is slower by more than 5 %.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys

configurations = pathlib.Path(__file__).resolve().parents[2] / "configs/benchmark"


def numbers(text):
    return [int(number) for number in text.split(",")]


def rate(program, name, threads, seconds):
    """Tokens per second: the median over the steps."""
    arguments = [program, "benchmark", "--config", configurations / f"{name}.cfg", "--threads", str(threads)]
    text = subprocess.run(
        [*arguments, "--seconds", str(seconds), "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(text)["tokens_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--threads", type=numbers, default=[1, 2, 3, 4, 8, 16, 32, 64])
    parser.add_argument("--beside", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_intermixed_args()
    names, slower = options.names or ["elman-char", "lstm-char", "bilstm-tagger"], []
    print("| configuration |" + "".join(f" {threads} |" for threads in options.threads))
    print("|---|" + "---:|" * len(options.threads))
    for name in names:
        ratios = {threads: [] for threads in options.threads}
        for _ in range(options.rounds):
            for threads in options.threads:
                beside = rate(options.program, name, options.beside, options.seconds)
                ratios[threads].append(100 * rate(options.program, name, threads, options.seconds) / beside)
        medians = {threads: statistics.median(values) for threads, values in ratios.items()}
        print(f"| {name} |" + "".join(
            f" {medians[threads]:.0f} ({min(values):.0f} to {max(values):.0f}) |" for threads, values in ratios.items()),
            flush=True)
        slower += [f"{name}, {threads}" for threads, median in medians.items() if threads >= options.beside and median < 95]
    if slower:
        sys.exit("slower by more than 5 %: " + "; ".join(slower))


main()
