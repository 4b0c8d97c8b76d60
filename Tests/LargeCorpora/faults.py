#!/usr/bin/env python3
"""Kills preparing and training on a large text, fills their disks and changes their files: nothing may be lost, and one line says what it was.

    faults.py PROGRAM [TOKENS [ROUNDS]]     default: 300000 tokens of zipf.py, 2 moments for each signal, as CI does

Whatever is killed while it prepares leaves no dataset, or the whole one, and no temporary file; what is killed while it trains goes on to
the same end. Small disks are tmpfs, which needs root; without it that part is left out, and this says so. Needs numpy and h5py.
"""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

program = pathlib.Path(sys.argv[1]).resolve()
tokens = sys.argv[2] if len(sys.argv) > 2 else "300000"
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 2
directory = pathlib.Path(tempfile.mkdtemp(prefix="large-corpora-"))
scratch, disk = directory / "scratch", directory / "disk"
generator = pathlib.Path(__file__).with_name("zipf.py")
PREPARE = ["prepare", "--config", "lm.cfg", "--output", "out/text.h5"]
TRAIN = ["--config", "train.cfg"]


def start(arguments):
    environment = dict(os.environ, TMPDIR=str(scratch), XDG_CACHE_HOME=str(directory / "cache"))
    return subprocess.Popen([program, *arguments], cwd=directory, env=environment, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def run(arguments):
    """The exit code, and what the program says of what is wrong."""
    process = start(arguments)
    errors = process.communicate()[1]
    return process.returncode, [line for line in errors.splitlines() if line.startswith("rnn-train: ")]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def expect(condition, what):
    if not condition:
        sys.exit(f"{what}; see {directory}")


def expect_clean(what):
    leftovers = list(scratch.iterdir()) + [path for path in directory.rglob("*.tmp")]
    expect(not leftovers, f"{what} left {leftovers}")


def killed_while_preparing(whole, seconds):
    for number in (signal.SIGKILL, signal.SIGTERM):
        for index in range(rounds):
            (directory / "out/text.h5").unlink(missing_ok=True)
            process = start(PREPARE)
            time.sleep(seconds * (index + 1) / (rounds + 1))
            process.send_signal(number)
            process.communicate()
            dataset = directory / "out/text.h5"
            expect(not dataset.exists() or digest(dataset) == whole, f"{number.name}: a part of a dataset")
            expect(not list(scratch.iterdir()), f"{number.name}: temporary files")
            # What another process may have left in the directory goes with the next preparation.
            expect(run(PREPARE)[0] == 0 and digest(dataset) == whole, f"{number.name}: another dataset")
            expect_clean(number.name)


def parameters(path):
    import h5py
    with h5py.File(path) as file:
        values = []
        file["parameters"].visititems(lambda _, item: values.append(item[()].tobytes()) if hasattr(item, "shape") else None)
        return hashlib.sha256(b"".join(values)).hexdigest()


def killed_while_training(seconds, expected):
    for number in (signal.SIGKILL, signal.SIGTERM):
        for index in range(rounds):
            shutil.rmtree(directory / "run", ignore_errors=True)
            process = start(TRAIN)
            time.sleep(seconds * (index + 1) / (rounds + 1))
            process.send_signal(number)
            process.communicate()
            if (directory / "run/checkpoints/last.h5").exists():
                code, lines = run(["train", "--resume", "run"])
                expect(code == 0, f"{number.name}: resumed, exit code {code}: {lines}")
            else:
                shutil.rmtree(directory / "run", ignore_errors=True)
                expect(run(TRAIN)[0] == 0, f"{number.name}: begun again")
            expect(parameters(directory / "run/checkpoints/last.h5") == expected, f"{number.name}: another model")


def on_small_disks(whole):
    """The place for temporary files, then the dataset's, is too small."""
    for place, variable in ((scratch, "temporary files"), (directory / "out", "the dataset")):
        (directory / "out/text.h5").unlink(missing_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=True)
        try:
            code, lines = run(PREPARE)
            expect(code == 73 and len(lines) == 1 and "o space left" in lines[0],
                   f"a full disk for {variable}: exit code {code}: {lines}")
            expect(not list(place.iterdir()), f"a full disk for {variable}: something is left")
            print(f"full, {variable}: {lines[0]}")
        finally:
            subprocess.run(["umount", "-l", place], check=True)
        expect(run(PREPARE)[0] == 0 and digest(directory / "out/text.h5") == whole, "with more space, it differs")


def changed_meanwhile():
    """The text grows for as long as it is prepared."""
    (directory / "out/text.h5").unlink(missing_ok=True)
    process = start(PREPARE)
    with open(directory / "text.txt", "a") as text:
        while process.poll() is None:
            text.write("more\n")
            text.flush()
            time.sleep(0.002)
    errors = process.communicate()[1].strip().splitlines()
    expect(process.returncode == 65 and len(errors) == 1, f"a changed text: exit code {process.returncode}: {errors}")
    expect(not (directory / "out/text.h5").exists(), "a changed text: there is a dataset")
    print(f"changed text: {errors[0]}")


def can_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


def main():
    for path in (scratch, directory / "out"):
        path.mkdir()
    with open(directory / "text.txt", "wb") as file:
        subprocess.run([sys.executable, generator, tokens], stdout=file, check=True)
    (directory / "lm.cfg").write_text("data: {train: text.txt, tokens: whitespace, vocabulary: {size: 20000}}\n")
    (directory / "train.cfg").write_text(
        "data: {dataset: out/text.h5}\n"
        "model: {embedding: 16, cell: lstm, hidden: 16, output: {kind: adaptive}}\n"
        "training: {batch_size: 256, bptt: 20, epochs: 1}\n"
        "output: {directory: run, checkpoint_every: 10}\n")
    begin = time.monotonic()
    code, lines = run(PREPARE)
    seconds = time.monotonic() - begin
    expect(code == 0, f"preparing: exit code {code}: {lines}")
    whole = digest(directory / "out/text.h5")
    killed_while_preparing(whole, seconds)
    print("killed while preparing: no part of a dataset, no temporary file, the same dataset afterwards")
    begin = time.monotonic()
    code, lines = run(TRAIN)
    expect(code == 0, f"training: exit code {code}: {lines}")
    killed_while_training(time.monotonic() - begin, parameters(directory / "run/checkpoints/last.h5"))
    print("killed while training: the same model in the end")
    if can_mount():
        on_small_disks(whole)
    else:
        print("small disks: left out, since this user may not mount anything")
    changed_meanwhile()
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()
