"""What the scripts of this folder share: tiny runs in directories of their own, and what is compared of them.

Each script injects real faults into the built program (.build/release/rnn-train, or --program), prints a line for each
kind of fault with the number of faults and of losses, and fails if anything was lost.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments(description, **options):
    """The command line: --program, and an option with a default for each keyword."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/rnn-train")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="faults to inject side by side")
    for name, (default, text) in options.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(default), default=default, help=f"{text} ({default})")
    options = parser.parse_args()
    options.program = options.program.resolve()
    return options


def text(sentences, seed):
    """Lines of words that follow a simple rule, the same each time."""
    words = "the a old small red cat dog farmer queen river sees likes follows remembers mouse bird king garden .".split()
    lines = []
    for _ in range(sentences):
        line = []
        for _ in range(7):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
            line.append(words[(seed >> 33) % len(words)])
        lines.append(" ".join(line) + "\n")
    return "".join(lines)


class Workspace:
    """A directory with a text, a configuration and a cache; `run` is where it trains."""

    configuration = """
data: {{train: {texts}/train.txt, validation: {texts}/validation.txt, tokens: whitespace}}
model: {{embedding: 5, hidden: 8}}
training: {{epochs: 3, batch_size: 4, bptt: 6, optimizer: {{learning_rate: 0.5, momentum: 0.9}}}}
output: {{directory: run, checkpoint_every: 15, keep: 2}}
"""

    def __init__(self, program, texts, *settings):
        self.program, self.settings = program, list(settings)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="rnn-train-faults-"))
        (self.path / "lm.cfg").write_text(self.configuration.format(texts=texts))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def begin(self):
        return ["--config", "lm.cfg", "--threads", "1", *self.settings]

    @property
    def resume(self):
        """Goes on with the run, or begins it where there is none yet."""
        run = self.path / "run"
        there = (run / "config.cfg").exists() or (run / "checkpoints").exists()
        return ["train", "--resume", "run", "--threads", "1"] if there else self.begin

    def command(self, arguments, through=()):
        return [*map(str, through), str(self.program), *arguments]

    def start(self, arguments, through=(), **options):
        environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.path / "cache")}
        return subprocess.Popen(
            self.command(arguments, through), cwd=self.path, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def run(self, arguments, through=(), **options):
        """Exit code (negative: the signal that ended it) and standard error."""
        process = self.start(arguments, through, **options)
        _, errors = process.communicate()
        return process.returncode, errors

    def result(self, directory="run"):
        """All that has to be the same in every run: checkpoints byte for byte, metrics without the time of day."""
        run = self.path / directory
        checkpoints = {path.name: path.read_bytes() for path in sorted((run / "checkpoints").iterdir())}
        metrics = re.sub(r',"(seconds|tokens_per_second)":[^,}]*', "", (run / "metrics.jsonl").read_text())
        return checkpoints, metrics

    def copy(self, other):
        """Takes over another workspace's files."""
        shutil.copytree(other.path, self.path, symlinks=True, dirs_exist_ok=True)


class Texts:
    """The texts of all workspaces, in a place that stays the same while a script runs."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="rnn-train-texts-"))
        (self.path / "train.txt").write_text(text(150, 1))
        (self.path / "validation.txt").write_text(text(30, 2))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def count_losses(name, faults, inject, jobs):
    """Injects each fault; `inject` returns None, or what was lost. Prints the sum and returns the number of losses."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = list(zip(faults, pool.map(inject, faults)))
    losses = [(fault, loss) for fault, loss in outcomes if loss]
    for fault, loss in losses[:5]:
        print(f"{name}: {fault}: {loss}")
    print(f"{name}: {len(outcomes)} faults, {len(losses)} losses", flush=True)
    return len(losses)


def difference(found, expected):
    """What isn't the same in two results, or None."""
    for name in sorted(set(found[0]) | set(expected[0])):
        if found[0].get(name) != expected[0].get(name):
            return f"checkpoints/{name} differs"
    return None if found[1] == expected[1] else "metrics.jsonl differs"


def saved_step(lines):
    """The step of the last checkpoint that a trace reports as saved, -1 for none: the directory is flushed after `last.h5`
    was moved to it. Needs the calls symlinkat, renameat and fsync."""
    saved, linked, moved = -1, -1, -1
    for line in lines:
        if match := re.search(r'symlinkat\("step-(\d+)\.h5"', line):
            linked = int(match[1])
        elif re.search(r'renameat\(.*"last\.h5"\) += 0', line):
            moved = linked
        elif re.search(r"fsync\(.* = 0", line):
            saved = max(saved, moved)
    return saved


def resumed_step(errors):
    """The step that a run says it goes on from, 0 for none."""
    resumed = re.search(r"^resumed +at step ([\d,]+)", errors, re.M)
    return int(resumed[1].replace(",", "")) if resumed else 0


def can_mount():
    """Whether this user may mount a file system: root may, but in most containers."""
    with tempfile.TemporaryDirectory() as directory:
        mount = subprocess.run(["mount", "-t", "tmpfs", "none", directory], capture_output=True)
        if mount.returncode == 0:
            subprocess.run(["umount", directory], check=True)
        return mount.returncode == 0


def finish(losses):
    sys.exit(1 if losses else 0)
