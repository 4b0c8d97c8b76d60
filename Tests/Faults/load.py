#!/usr/bin/env python3
"""Loads that are far beyond the usual: a large corpus, a large vocabulary, a long sentence, many threads, many steps.

    Tests/Faults/load.py --tokens 100000000 --seconds 3600      an hour and more
    Tests/Faults/load.py --tokens 300000 --seconds 10           as CI does

Prints how memory grows with the corpus, and fails where it grows by more than it may. Memory for the largest corpus of the
long form: 1.5 GB.
"""

import os
import time

from faults import Texts, Workspace, arguments, finish, text

# Ids, offsets and the file's image, which are in memory at the same time; and what the program takes for itself.
BYTES_PER_TOKEN = 24
PROGRAM = 64 << 20


def measured(workspace, command):
    """Exit code, the most memory that was used, in bytes, and seconds."""
    begun = time.monotonic()
    process = workspace.start(command)
    process.stdout.close()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024, time.monotonic() - begun


def corpus(workspace, path, tokens):
    """A text of so many tokens, line ends included."""
    part = text(1_000, 3)
    with open(path, "w") as file:
        for _ in range(tokens // 8_000):
            file.write(part)


def large_corpora(options, texts):
    losses = 0
    sizes = [options.tokens // 16, options.tokens // 4, options.tokens]
    for tokens in sizes:
        with Workspace(options.program, texts) as workspace:
            path = workspace.path / "large.txt"
            corpus(workspace, path, tokens)
            command = ["prepare", "--config", "lm.cfg", f"data.train={path}", "--output", "large.h5"]
            code, prepared, seconds = measured(workspace, command)
            assert code == 0, code
            read = ["benchmark", "--config", "lm.cfg", "data={dataset: large.h5}", "--seconds", "0"]
            code, used, _ = measured(workspace, read)
            assert code == 0, code
            bound = PROGRAM + BYTES_PER_TOKEN * tokens
            print(f"corpus of {tokens:,} tokens: {prepared >> 20} MiB to prepare in {seconds:.1f} s, {used >> 20} MiB to "
                  f"read; bound {bound >> 20} MiB", flush=True)
            losses += prepared > bound or used > bound
    return losses


def large_vocabulary(options, texts):
    with Workspace(options.program, texts) as workspace:
        path = workspace.path / "words.txt"
        path.write_text("".join(f"w{word} w{word + 1} w{word + 2}\n" for word in range(0, 1_000_000, 3)))
        command = ["benchmark", "--config", "lm.cfg", f"data.train={path}", "data.validation=null", "--seconds", "0"]
        code, used, seconds = measured(workspace, command)
        print(f"vocabulary of a million: exit code {code}, {used >> 20} MiB, {seconds:.1f} s", flush=True)
        return code != 0


def long_sentence(options, texts):
    with Workspace(options.program, texts) as workspace:
        path = workspace.path / "sentence.txt"
        path.write_text(text(100_000 // 7, 5).replace("\n", " ") + "\n")
        code, errors = workspace.run([*workspace.begin, f"data.train={path}", "training.epochs=1"])
        print(f"sentence of 100,000 tokens: exit code {code}", flush=True)
        return code != 0


def many_threads(options, texts):
    results = []
    for threads in ["1", "64"]:
        with Workspace(options.program, texts) as workspace:
            command = ["--config", "lm.cfg", "--threads", threads]
            code, _, seconds = measured(workspace, command)
            assert code == 0, code
            results.append(workspace.result())
            print(f"{threads} threads on {os.cpu_count()} cores: {seconds:.1f} s", flush=True)
    return results[0] != results[1]


def many_steps(options, texts):
    """Memory after a tenth of the time, and at its end."""
    with Workspace(options.program, texts) as workspace:
        begun = time.monotonic()
        process = workspace.start([*workspace.begin, "training.epochs=1000000", "output.checkpoint_every=1000"])
        process.stdout.close()
        process.stderr.close()

        def resident():
            with open(f"/proc/{process.pid}/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024

        time.sleep(options.seconds / 10)
        early = resident()
        time.sleep(options.seconds * 0.9)
        late = resident()
        process.terminate()
        process.wait()
        steps = (workspace.path / "run/metrics.jsonl").read_text().count('"kind":"train"') * 100
        print(f"{steps:,} steps in {time.monotonic() - begun:.0f} s: {early} MiB after a tenth, {late} MiB at the end")
        return late > early + 8


options = arguments(__doc__, tokens=(10_000_000, "tokens of the largest corpus"), seconds=(60, "how long to train"))
with Texts() as texts:
    tests = [large_corpora, large_vocabulary, long_sentence, many_threads, many_steps]
    finish(sum(test(options, texts) for test in tests))
