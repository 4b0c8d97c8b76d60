#!/usr/bin/env python3
"""Measures the peak memory of every command that reads or writes a checkpoint, with a vocabulary of a million words, and prints a table.

    memory.py DIRECTORY PROGRAM [PROGRAM...]

Each program has a column of its own: this one beside an older one, for example. The model is an Elman network of 100 units with
`sampled` output, 201 million parameters, its text ten million tokens by Zipf's law (see zipf.py). DIRECTORY, an empty one, gets some 20 GB,
which are removed again. Takes some 5 minutes with each program.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

directory = pathlib.Path(sys.argv[1]).resolve()
programs = [pathlib.Path(program).resolve() for program in sys.argv[2:]]
generator = pathlib.Path(__file__).with_name("zipf.py")

TOKENS = 10_000_000
STEPS = 3  # seconds of them
MODEL = (
    "model: {embedding: 100, hidden: 100, output: {kind: sampled}}\n"
    "training: {batch_size: 32, bptt: 20, optimizer: {name: adam, learning_rate: 0.001}, sparse_updates: true}\n"
    "output: {checkpoint_every: 1000000, keep: 1}\n")


def run(program, arguments, stop_behind=None):
    """Peak memory in MB of a command, its standard input a line; one that trains is asked to stop behind its first steps."""
    environment = dict(os.environ, TMPDIR=str(directory), XDG_CACHE_HOME=str(directory / "cache"))
    with open(directory / "errors", "w+") as errors:
        process = subprocess.Popen([program, *arguments], cwd=directory, env=environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=errors)
        process.stdin.write(b"a b c d\n")
        process.stdin.close()
        ended, status, usage = 0, 0, None
        while stop_behind and not ended and stop_behind not in (directory / "errors").read_text():
            time.sleep(0.2)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if not ended:
            if stop_behind:
                time.sleep(STEPS)
                os.kill(process.pid, signal.SIGINT)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 130):
            print(f"{program} {' '.join(arguments)}:\n{(directory / 'errors').read_text()}", file=sys.stderr)
            return float("nan")
    return usage.ru_maxrss / 1000


def commands(run_directory):
    """What is measured, in this order: each with its arguments, and what to wait for before it is asked to stop."""
    training = ["--config", "train.cfg", f"output.directory={run_directory}"]
    begun = "epoch 1/"
    return [
        ("prepare", ["prepare", "--config", "prepare.cfg", "--output", "text.h5"], None),
        ("train", training, begun),
        ("inspect", ["inspect", run_directory], None),
        ("train --resume", ["train", "--resume", run_directory], begun),
        ("train --from", ["train", "--from", run_directory, *training[:2], f"output.directory={run_directory}-from"], begun),
        ("train, averaging", [*training[:2], f"output.directory={run_directory}-mean",
                              "training.averaging={name: exponential, decay: 0.99}"], begun),
        ("train --resume, averaging", ["train", "--resume", f"{run_directory}-mean"], begun),
        ("evaluate", ["evaluate", "--checkpoint", run_directory, "--split", "validation"], None),
        ("score", ["score", "--checkpoint", run_directory], None),
        ("next", ["next", "--checkpoint", run_directory, "--prompt", "a b c"], None),
        ("generate", ["generate", "--checkpoint", run_directory, "--length", "5"], None),
        ("vectors", ["vectors", "--checkpoint", run_directory], None),
    ] + [(f"export --format {name}", ["export", "--checkpoint", run_directory, "--format", name, "--output", f"exported.{name}"], None)
         for name in ("safetensors", "onnx", "pytorch")]


def main():
    with open(directory / "text.txt", "wb") as file:
        subprocess.run([sys.executable, generator, str(TOKENS)], stdout=file, check=True)
    with open(directory / "text.txt", "rb") as text, open(directory / "validation.txt", "wb") as file:
        file.writelines(next(text) for _ in range(20))
    (directory / "prepare.cfg").write_text(
        "data: {train: text.txt, validation: validation.txt, tokens: whitespace, vocabulary: {size: 1000000}}\n" + MODEL)
    (directory / "train.cfg").write_text("data: {dataset: text.h5}\n" + MODEL)
    rows = {}
    for program in programs:
        for name, arguments, stop_behind in commands("run"):
            rows.setdefault(name, []).append(run(program, arguments, stop_behind))
            print(name, rows[name][-1], file=sys.stderr, flush=True)
        for left in directory.glob("run*"):
            shutil.rmtree(left)
    for left in [*directory.glob("exported.*"), *directory.glob("*.cfg"), *directory.glob("text.*"), *directory.glob("validation.txt")]:
        left.unlink()
    print("| command |" + "".join(f" {program.name}, MB |" for program in programs))
    print("|---|" + "---:|" * len(programs))
    for name, values in rows.items():
        print(f"| `{name}` |" + "".join(f" {value:,.0f} |" for value in values))


if __name__ == "__main__":
    main()
