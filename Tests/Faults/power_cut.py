#!/usr/bin/env python3
"""Cuts the power: copies the disk of a run at a moment, mounts the copy, and goes on from there.

    Tests/Faults/power_cut.py               at every call that changes a file: some minutes
    Tests/Faults/power_cut.py --every 20    as CI does

The disk is an ext4 image on a loop device. What ext4 hasn't written to the device isn't in the copy, as it is gone after
a power cut; heuristics by which it makes up for programs that forget to flush are switched off. What was reported as saved
has to be there, and the run has to come to the same end. A control run whose fsync does nothing must lose something, or the
test would prove nothing. The order of the calls is looked at too, which is all that is tested where there are no loop
devices, or where the user may not mount one: run it as root. Needs strace.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from faults import (
    Texts, Workspace, arguments, can_mount, count_losses, difference, finish, resumed_step, saved_step)

CALLS = "write,pwrite64,ftruncate,fsync,linkat,renameat,symlinkat,unlinkat,mkdir,mkdirat"
SIZE = 8 << 20


# What the calls say

def trace(workspace, command):
    """The lines of the main thread, with the paths of open files."""
    with tempfile.NamedTemporaryFile("r") as file:
        code, errors = workspace.run(command, through=["strace", "-f", "-y", "-qq", "-o", file.name, "-e", f"trace={CALLS}"])
        assert code == 0, errors
        lines = file.read().splitlines()
    main = lines[0].split()[0]
    return [line.split(maxsplit=1)[1] for line in lines if line.split()[0] == main]


def order_of_calls(lines):
    """Checks that every file is flushed before it gets its name, and its directory after that; and that metrics are
    flushed before each checkpoint. Returns the number of names given, and what is wrong."""
    unflushed, unflushed_directories, names = set(), set(), 0
    for line in lines:
        if match := re.match(r"(?:write|pwrite64|ftruncate)\((\d+<.*?>)", line):
            # A file in memory gets no name, and another may have its descriptor afterwards.
            if "</memfd:" not in match[1]: unflushed.add(match[1])
        elif match := re.match(r"fsync\((\d+<(.*?)>)", line):
            unflushed.discard(match[1])
            unflushed_directories.discard(os.path.basename(match[2]))
        elif match := re.match(r'linkat\(AT_FDCWD.*?, "/proc/self/fd/(\d+)"', line):
            # A file without a name gets its first one.
            if any(file.startswith(f"{match[1]}<") for file in unflushed):
                return names, f"the file of descriptor {match[1]} gets a name before it is flushed"
        elif match := re.match(r'renameat\(\d+<(.*?)>, "(.*?)", \d+<.*?>, "(.*?)"', line):
            names += 1
            directory, source, target = match.groups()
            if any(file.endswith(f"{source}>") for file in unflushed):
                return names, f"{target} gets its name before it is flushed"
            if unflushed_directories:
                return names, f"{target} gets its name before the directory of the last one is flushed"
            if "step-" in target and any(file.endswith("metrics.jsonl>") for file in unflushed):
                return names, f"{target} gets its name before its metrics are flushed"
            unflushed_directories.add(os.path.basename(directory))
        elif line.startswith("unlink") and "step-" in line and unflushed_directories:
            return names, "an old checkpoint goes before the new one's name is flushed"
    return names, f"{unflushed_directories} never flushed" if unflushed_directories else None


# What the disk has

class Disk:
    """An ext4 image, mounted where a workspace has its run."""

    def __init__(self, workspace, copy_of=None):
        self.image = workspace.path / "disk.img"
        self.run = workspace.path / "run"
        self.run.mkdir()
        if copy_of:
            shutil.copyfile(copy_of.image, self.image)
        else:
            with open(self.image, "wb") as file:
                file.truncate(SIZE)
            subprocess.run(["mkfs.ext4", "-q", "-F", self.image], check=True)

    def __enter__(self):
        options = "loop,data=writeback,noauto_da_alloc,commit=1000"
        subprocess.run(["mount", "-o", options, self.image, self.run], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.run], check=True)


def stop_at(workspace, texts, call, broken, disk):
    """Runs up to a call, stops there, and copies the disk into a new workspace's. Returns the copy and the step of the
    last checkpoint that was reported as saved."""
    name, number = call
    with tempfile.NamedTemporaryFile("r") as file:
        through = ["strace", "-f", "-qq", "-o", file.name, "-e", f"trace={CALLS}"]
        if broken and name != "fsync":
            through += ["-e", "inject=fsync:retval=0"]
        through += ["-e", f"inject={name}:signal=STOP:when={number}"]
        process = workspace.start(workspace.begin, through)
        while "stopped by SIGSTOP" not in (text := open(file.name).read()):
            # Some calls are made only now and then, so that a run may end before its last one.
            if process.poll() is not None:
                break
            time.sleep(0.002)
        copy = Workspace(workspace.program, texts)
        copied = Disk(copy, copy_of=disk)
        if process.poll() is None:
            os.kill(int(text.split()[0]), signal.SIGKILL)
        process.communicate()
    return copy, copied, saved_step(text.splitlines())


def cut(options, texts, expected, call, broken=False):
    with Workspace(options.program, texts) as workspace:
        with Disk(workspace) as disk:
            copy, copied, saved = stop_at(workspace, texts, call, broken, disk)
        with copy, copied:
            code, errors = copy.run(copy.resume)
            if code != 0:
                return f"exit code {code}: {errors}"
            if "passed over" in errors:
                return f"a checkpoint was damaged: {errors}"
            if resumed_step(errors) < saved:
                return f"resumed at step {resumed_step(errors)}, though {saved} was saved"
            return difference(copy.result(), expected)


options = arguments(__doc__, every=(1, "cut at each n-th call"))
losses = 0
with Texts() as texts, Workspace(options.program, texts) as reference:
    lines = trace(reference, reference.begin)
    expected = reference.result()
    names, wrong = order_of_calls(lines)
    losses += count_losses("order of the calls", [f"{names} names"], lambda _: wrong, 1)
    counts, calls = collections.Counter(), []
    for line in lines:
        name = line.split("(")[0]
        counts[name] += 1
        calls.append((name, counts[name]))
    has_tools = shutil.which("losetup") and shutil.which("mkfs.ext4")
    if has_tools and can_mount() and subprocess.run(["losetup", "-f"], capture_output=True).returncode == 0:
        losses += count_losses(
            "power cuts, ext4 on a loop device", calls[:: options.every],
            lambda call: cut(options, texts, expected, call), options.jobs)
        control = [call for call in calls if call[0] == "renameat"][-6::2]
        found = sum(bool(cut(options, texts, expected, call, broken=True)) for call in control)
        print(f"control without fsync: {len(control)} faults, {found} losses, where there must be some")
        losses += found == 0
    else:
        print("power cuts: only the order of the calls was tested, since there are no loop devices for this user")
finish(losses)
