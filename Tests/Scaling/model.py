#!/usr/bin/env python3
"""What a step takes on many threads, worked out from one thread's times and from how the work is cut into jobs.

    model.py PROGRAM [--threads N] [--rate X] [--memory X] [--barrier NS] [--seconds S] [--check] [NAME ...]

For machines with fewer cores than one would like to know about. PROGRAM is the built rnn-train; needs PyYAML. NAME is a
configuration of configs/benchmark without its ending (default: all).

Measured on one thread, the best of three runs: each kind of phase, the recurrences with as few sequences as a share has, and
what is serial. Counted: the jobs of the output layer, of the reduction and of each sharing of the recurrences, as
Sources/Models cuts them, given to the threads in turn; and the phases, each of which ends with a barrier. Assumed, all as
multiples of one thread: --rate, what product kernels reach on all threads together (the first line of --explain-speed
has it; default: as many as threads), and --memory, the bandwidth for norm, update and copies. --barrier is what a barrier
costs in nanoseconds: memory.c beside this file measures it on two cores, and lines of cache that more threads read take
longer.

Printed are milliseconds a step, with the sharing that the model finds the fastest (sequences x units), and the speed-up over
one thread. --check, on a machine that has so many cores, measures as well: a second line for each configuration with what the
same threads took there, and what the model says for it in per cent; --rate is then measured, unless it is given.
"""
import argparse, heapq, json, math, pathlib, re, subprocess

import yaml

configurations = pathlib.Path(__file__).resolve().parents[2] / "configs/benchmark"
gates = {"elman": 1, "gru": 3, "lstm": 4}
width = 16  # columns of a panel, rows of a group
kinds_of = {  # kinds of phases that each column of the table adds up
    "recurrences": ("forward", "backward"), "output": ("output",), "reduce": ("reduce",),
    "input": ("input", "input gradient"), "update": ("norm", "update", "renew")}
columns = (*kinds_of, "serial", "barriers")


def measure(program, name, seconds, *overrides, threads=1):
    """The benchmark's object: of the fastest of three runs."""
    arguments = [program, "benchmark", "--config", configurations / f"{name}.cfg", "--threads", str(threads)]
    runs = [
        json.loads(subprocess.run(
            [*arguments, "--seconds", str(seconds), "--json", *overrides], check=True, capture_output=True,
            text=True).stdout) for _ in range(3)]
    return min(runs, key=step_time)


def kernel_rate(program, threads):
    """GFLOP/s of the product kernels alone."""
    text = subprocess.run(
        [program, "benchmark", "--config", configurations / "elman-char.cfg", "--threads", str(threads), "--seconds", "0.2",
         "--explain-speed"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"of the ([\d.]+) that the product kernels", text).group(1))


def step_time(result):
    """Milliseconds."""
    return sum(phase["milliseconds"] for phase in result["phases"]) + result["serial_milliseconds"]


def milliseconds(result, *kinds):
    return sum(phase["milliseconds"] for phase in result["phases"] if phase["kind"] in kinds)


def makespan(jobs, threads):
    """When the last thread ends, if each takes the next job when it is free."""
    free = [0.0] * threads
    for job in jobs:
        heapq.heapreplace(free, free[0] + job)
    return max(free)


def guided_shares(total, threads, unit, finest):
    """GuidedShares (Sources/Compute/Shares.swift)."""
    shares, left = [], total
    while left > 0:
        if left <= threads * unit:
            size = math.ceil(math.ceil(left / finest) / threads) * finest
        else:
            size = math.ceil(2 * math.ceil(left / unit) / (3 * threads)) * unit
        shares.append(min(size, left))
        left -= shares[-1]
    return shares


def tiles(rows, columns, length):
    """ReductionTile (Sources/Models/Parameters): the multiplications of each tile of a gradient [rows, columns]."""
    row_panels, panels = math.ceil(rows / width), math.ceil(columns / width)
    if math.ceil(row_panels / 6) >= 64:
        height, breadth = 6, panels
    else:
        height, breadth = (3, 2) if math.ceil(row_panels / 6) * math.ceil(panels / 4) < 64 else (6, 4)
    return [
        min(height, row_panels - row) * min(breadth, panels - column) * length
        for row in range(0, row_panels, height) for column in range(0, panels, breadth)]


class Network:
    """A configuration's sizes."""

    def __init__(self, name):
        configuration = yaml.safe_load((configurations / f"{name}.cfg").read_text())
        corpus, training, model = configuration["data"]["synthetic"], configuration["training"], configuration["model"]
        self.classes = corpus.get("classes", corpus["vocabulary"])
        self.vocabulary, self.embedding, self.hidden = corpus["vocabulary"], model["embedding"], model["hidden"]
        self.layers, self.directions = model.get("layers", 1), 2 if model.get("bidirectional") else 1
        self.sequences, self.timesteps = training["batch_size"], training["bptt"]
        self.columns = gates[model["cell"]] * self.hidden
        self.rows = self.sequences * self.timesteps

    def output_jobs(self, threads):
        """Groups: GroupSharing (Sources/Models/Outputs), whose rest all threads do together."""
        groups = math.ceil(self.rows / width)
        rest = groups % threads if math.ceil(self.classes / 96) >= 8 else 0
        return guided_shares(groups - rest, threads, 2, 1) + [rest / threads] * threads

    def reductions(self):
        """The jobs of the output layer's reduction and of all others: two phases."""
        inputs = [min(self.rows, self.vocabulary)] + [self.rows] * (self.layers - 1)
        sizes = [self.embedding] + [self.hidden * self.directions] * (self.layers - 1)
        jobs = []
        for length, size in zip(inputs, sizes):
            for _ in range(self.directions):
                jobs += tiles(size, self.columns, length) + tiles(self.hidden, self.columns, self.rows)
        return tiles(self.classes, self.hidden * self.directions, self.rows), jobs

    def sharings(self, threads):
        """RecurrenceSharing (Sources/Models/Stages): shares of the sequences and of the units."""
        jobs, panels = math.ceil(threads / self.directions), math.ceil(self.hidden / width)
        both = max(1, min(jobs, self.sequences // 12))
        return {
            (min(jobs, self.sequences), 1), (both, min(panels, math.ceil(jobs / both))), (1, min(panels, jobs))}

    def recurrences(self, threads, barrier, time_of):
        """Milliseconds, and the sharing."""
        panels, times = math.ceil(self.hidden / width), {}
        for sequences, units in self.sharings(threads):
            largest = math.ceil(self.sequences / sequences)
            rounds = math.ceil(sequences * units * self.directions / threads)
            time = rounds / self.directions * time_of(largest) * math.ceil(panels / units) / panels
            if units > 1:
                time += 2 * self.timesteps * self.layers * barrier
            times[sequences, units] = time
        sharing = min(times, key=times.get)
        return times[sharing], sharing


def model(program, name, options):
    network, threads = Network(name), options.threads
    one = measure(program, name, options.seconds)
    known = {network.sequences: milliseconds(one, *kinds_of["recurrences"])}

    def recurrence_time(sequences):
        if sequences not in known:
            result = measure(program, name, options.seconds / 2, f"training.batch_size={sequences}")
            known[sequences] = milliseconds(result, *kinds_of["recurrences"])
        return known[sequences]

    barrier = options.barrier * 1e-6
    recurrences, sharing = network.recurrences(threads, barrier, recurrence_time)
    output_jobs, reductions = network.output_jobs(threads), network.reductions()
    # Products alone don't get as many times faster as there are threads.
    loss = threads / (options.rate or threads)
    times = {
        "recurrences": loss * recurrences,
        "output": loss * milliseconds(one, *kinds_of["output"]) * makespan(output_jobs, threads) / sum(output_jobs),
        "reduce": loss * milliseconds(one, *kinds_of["reduce"]) * sum(makespan(jobs, threads) for jobs in reductions)
        / sum(map(sum, reductions)),
        "input": loss * milliseconds(one, *kinds_of["input"]) / threads,
        "update": milliseconds(one, *kinds_of["update"]) / min(threads, options.memory),
        "serial": one["serial_milliseconds"],
        "barriers": barrier * sum(
            phase["barriers"] for phase in one["phases"] if phase["kind"] not in kinds_of["recurrences"]),
    }
    total = sum(times.values())
    print_row(name, step_time(one), total, times, f"{sharing[0]} x {sharing[1]}")
    if options.check:
        many = measure(program, name, options.seconds, threads=threads)
        measured = {kind: milliseconds(many, *kinds) for kind, kinds in kinds_of.items()}
        print_row(
            "  measured", step_time(one), step_time(many), {**measured, "serial": many["serial_milliseconds"]},
            f"model: {100 * total / step_time(many):.0f} %")


def print_row(name, one, many, times, remark):
    row = "".join(f"{times[kind]:12.3f}" if kind in times else f"{'':12s}" for kind in columns)
    print(f"{name:14s}{one:10.2f}{many:10.3f}{one / many:7.1f}{row}  {remark}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--barrier", type=float, default=1000)
    parser.add_argument("--memory", type=float, default=6)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_intermixed_args()
    if options.check and not options.rate:
        options.rate = kernel_rate(options.program, options.threads) / kernel_rate(options.program, 1)
        print(f"the kernels' rate: {options.rate:.2f} times one thread's")
    print(f"{'ms a step':14s}{'1 thread':>10s}{options.threads:>10d}{'x':>7s}" + "".join(f"{kind:>12s}" for kind in columns)
          + "  sharing")
    for name in options.names or sorted(path.stem for path in configurations.glob("*.cfg")):
        model(options.program, name, options)


main()
