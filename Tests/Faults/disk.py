#!/usr/bin/env python3
"""Runs on disks that are too small: a tmpfs of every size and number of files, a limit on file sizes of every size.

    Tests/Faults/disk.py               every size: some minutes
    Tests/Faults/disk.py --every 8     as CI does

A run either ends as it should, or with exit code 73 and a line that says where and why. No temporary file is left,
every checkpoint that is there is whole, and with more space the run goes on to the same end. Mounting needs root;
without it only file sizes are limited.
"""

import resource
import subprocess

from faults import Texts, Workspace, arguments, can_mount, count_losses, finish

PAGE = 4096


def end(result):
    """What is the same whether or not a checkpoint on the way had to be left out."""
    checkpoints, metrics = result
    return checkpoints["last.h5"], checkpoints["best.h5"], metrics


def check(workspace, code, errors, expected, more_space):
    """Looks at what a run left on a small disk, then lets it go on."""
    run = workspace.path / "run"
    if leftovers := [path.name for path in run.rglob("*.tmp")]:
        return f"left {leftovers}"
    if code == 0:
        return None if end(workspace.result()) == expected else "it ended with exit code 0, and differs"
    if code != 73 or "rnn-train: " not in errors:
        return f"exit code {code}: {errors}"
    more_space()
    code, errors = workspace.run(workspace.resume)
    if code != 0:
        return f"with more space, exit code {code}: {errors}"
    if "passed over" in errors:
        return f"a checkpoint was damaged: {errors}"
    return None if end(workspace.result()) == expected else "with more space, it differs"


def small_disk(option, more, expected, options, texts):
    """A fault: a run on a tmpfs that is mounted with an option."""
    with Workspace(options.program, texts) as workspace:
        run = workspace.path / "run"
        run.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", option, "none", run], check=True)
        try:
            code, errors = workspace.run(workspace.begin)
            remount = ["mount", "-o", f"remount,{more}", run]
            return check(workspace, code, errors, expected, lambda: subprocess.run(remount, check=True))
        finally:
            subprocess.run(["umount", "-l", run], check=True)


def small_files(size, expected, options, texts):
    """A fault: a run that may write no file beyond a size."""
    with Workspace(options.program, texts) as workspace:
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        code, errors = workspace.run(workspace.begin, preexec_fn=limit)
        return check(workspace, code, errors, expected, lambda: None)


options = arguments(__doc__, every=(1, "take each n-th size"))
losses = 0
with Texts() as texts:
    with Workspace(options.program, texts) as reference:
        code, errors = reference.run(reference.begin)
        assert code == 0, errors
        expected = end(reference.result())
    # Three checkpoints are there for a moment, beside the small files.
    most = 4 * len(expected[0]) + 16 * PAGE
    if can_mount():
        # A size of 0 stands for no limit.
        sizes = [f"size={size}" for size in range(PAGE, most, PAGE * options.every)]
        files = [f"nr_inodes={count}" for count in range(1, 16, max(1, options.every // 4))]
        for name, faults, more in [("tmpfs sizes", sizes, "size=64m"), ("tmpfs numbers of files", files, "nr_inodes=0")]:
            losses += count_losses(
                name, faults, lambda fault: small_disk(fault, more, expected, options, texts), options.jobs)
    else:
        print("tmpfs sizes: not tested, since this user may not mount one")
    sizes = range(0, len(expected[0]) + 1024, 512 * options.every)
    losses += count_losses("limits on file sizes", sizes, lambda size: small_files(size, expected, options, texts), 1)
finish(losses)
