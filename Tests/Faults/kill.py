#!/usr/bin/env python3
"""Kills runs by SIGKILL at every file-system call, and at random moments; resumes them; compares byte for byte.

    Tests/Faults/kill.py                          every call: some minutes
    Tests/Faults/kill.py --every 40 --rounds 10   as CI does
    Tests/Faults/kill.py --every 0 --rounds 1000  random moments only

Three runs are killed at each of their calls: one from its beginning, one that goes on after it was killed before, and one
that diverges and goes back to its checkpoints. Needs strace.
"""

import collections
import itertools
import random
import re
import signal
import tempfile
import time

from faults import Texts, Workspace, arguments, count_losses, difference, finish, resumed_step, saved_step

CALLS = "openat,read,pread64,write,pwrite64,ftruncate,fsync,close,flock,mkdir,mkdirat,linkat,renameat,symlinkat,unlinkat,readlinkat,access,lseek," \
    "stat,lstat,fstat,newfstatat,statx,statfs,getdents64"

ROLLBACK = ["model.activation=relu", "model.hidden=40", "training.clip_norm=0", "training.optimizer.learning_rate=10",
            "training.on_divergence=rollback", "training.rollbacks=30"]


def calls(workspace, command):
    """Each call of the main thread as (name, how many of that name it is), in order."""
    with tempfile.NamedTemporaryFile("r") as trace:
        workspace.run(command, through=["strace", "-f", "-qq", "-o", trace.name, "-e", f"trace={CALLS}"])
        lines = trace.read().splitlines()
    main = lines[0].split()[0]
    counts = collections.Counter()
    found = []
    for line in lines:
        match = re.match(r"(\d+) +(\w+)\(", line)
        if match and match[1] == main:
            counts[match[2]] += 1
            found.append((match[2], counts[match[2]]))
    return found


def kill_at(workspace, command, call):
    """Runs a command up to one of its calls. Returns the step of the last checkpoint that was reported as saved."""
    name, number = call
    with tempfile.NamedTemporaryFile("r") as trace:
        code, errors = workspace.run(command, through=[
            "strace", "-f", "-qq", "-o", trace.name, "-e", f"trace={name},renameat,symlinkat,fsync",
            "-e", f"inject={name}:signal=KILL:when={number}"])
        lines = trace.read().splitlines()
    # Some calls are made only now and then, so that a run may end before its last ones.
    assert code in (-signal.SIGKILL, 0), f"not killed at {call}: {code} {errors}"
    return saved_step(lines)


def go_on(workspace, expected, saved):
    code, errors = workspace.run(workspace.resume)
    if code != 0:
        return f"exit code {code}: {errors}"
    if resumed_step(errors) < saved:
        return f"resumed at step {resumed_step(errors)}, though {saved} was saved"
    return difference(workspace.result(), expected)


def sweep(options, texts, name, settings, interrupted):
    with Workspace(options.program, texts, *settings) as reference, \
            Workspace(options.program, texts, *settings) as beginning:
        code, errors = reference.run(reference.begin)
        assert code == 0, errors
        expected = reference.result()
        if interrupted:
            # In the middle, a checkpoint written and its links not yet moved, with a temporary file.
            symlinks = [call for call in calls_of(options, texts, settings) if call[0] == "symlinkat"]
            kill_at(beginning, beginning.begin, symlinks[len(symlinks) // 2])
        with Workspace(options.program, texts, *settings) as counted:
            counted.copy(beginning)
            every = calls(counted, counted.resume)[:: options.every]

        def inject(call):
            with Workspace(options.program, texts, *settings) as workspace:
                workspace.copy(beginning)
                saved = kill_at(workspace, workspace.resume, call)
                return go_on(workspace, expected, 0 if settings else saved)

        return count_losses(f"killed at a call, {name}", every, inject, options.jobs)


def calls_of(options, texts, settings):
    with Workspace(options.program, texts, *settings) as workspace:
        return calls(workspace, workspace.begin)


def random_kills(options, texts):
    settings = ["model.hidden=100", "training.epochs=12"]
    with Workspace(options.program, texts, *settings) as reference:
        begun = time.monotonic()
        code, errors = reference.run(reference.begin)
        assert code == 0, errors
        length = time.monotonic() - begun
        expected = reference.result()
    left = itertools.count(options.rounds, -1)
    kills = []

    def inject(_):
        with Workspace(options.program, texts, *settings) as workspace:
            while True:
                process = workspace.start(workspace.resume)
                if next(left) > 0:
                    time.sleep(random.uniform(0, length / 2))
                    process.kill()
                _, errors = process.communicate()
                if process.returncode == -signal.SIGKILL:
                    kills.append(1)
                    continue
                if process.returncode != 0:
                    # A run that had come to its end before it was killed is resumed like any other.
                    return f"exit code {process.returncode}: {errors}"
                return difference(workspace.result(), expected)

    # A run is killed some four times before it comes to its end.
    losses = count_losses("killed at random, whole runs", range(max(1, options.rounds // 4)), inject, options.jobs)
    print(f"killed at random: {len(kills)} kills")
    return losses


options = arguments(__doc__, every=(1, "kill at each n-th call; 0: at none"), rounds=(100, "kills at random moments"))
losses = 0
with Texts() as texts:
    if options.every:
        losses += sweep(options, texts, "from the beginning", [], interrupted=False)
        losses += sweep(options, texts, "resumed", [], interrupted=True)
        losses += sweep(options, texts, "going back after divergences", ROLLBACK, interrupted=False)
    if options.rounds:
        losses += random_kills(options, texts)
finish(losses)
