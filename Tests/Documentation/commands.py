#!/usr/bin/env python3
"""Runs every command that the documentation, the README and the help texts show, as a reader would who types them one after the other.

    commands.py PROGRAM [PAGE...]      the built rnn-train; pages by their names: Scoring README "rnn-train tag"

Each page has a directory of its own, with the shipped configurations, the beginning of the shipped corpus, so that
everything trains in a second, and the files that pages call their reader's: my.txt, corpus.conllu, a list of hypotheses. Runs that a
page doesn't train itself are there. A command must end with exit code 0; those that show a mistake stand behind a `$`.
"""
import json, os, pathlib, re, shutil, subprocess, sys, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(sys.argv[1]).resolve()
# What needs another machine, a package of Python or much time; their own tests run them.
elsewhere = ("swift ", ".ci/", "apt-get", "sbatch", "Tests/", "tensorboard", "…", "man ", "srun", "mpirun", "configs/benchmark", "--format pdf",
             "--ranks")


def pages():
    """Name and lines of code of each page: the documentation's, the README's, and each command's examples."""
    for path in [*sorted((root / "Sources/Training/Documentation.docc").glob("*.md")), root / "README.md"]:
        text = re.sub(r"^```(?!sh).*?^```", "", path.read_text(), flags=re.S | re.M)
        yield path.stem, [line[4:] for line in text.splitlines() if line.startswith("    ")]

    def examples(command, names):
        names = [*names, command["commandName"]]
        lines = [line[2:] for line in command.get("discussion", "").splitlines() if line.startswith("  ")]
        yield " ".join(names), lines
        for child in command.get("subcommands", []):
            yield from examples(child, names)

    help = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True, text=True).stdout
    yield from examples(json.loads(help)["command"], [])


def commands(lines):
    """The shell commands among lines of code: what the program prints stands there too."""
    lines = iter(lines)
    for line in lines:
        if not re.match(r"(rnn-train|echo|printf|cat|mkdir|paste|join) ", line):
            continue
        line = re.split(r" {3,}(?!\|)", line)[0]  # what is said beside it
        while line.endswith(("\\", "|", "&&")):
            line += "\n" + next(lines)
        if document := re.search(r"<<(\w+)", line):
            while not line.endswith("\n" + document[1]):
                line += "\n" + next(lines)
        yield line


def output(command, directory):
    """The file or directory that a command makes, which must not be there yet; None if it makes none."""
    words = command.replace("'", "").split()
    if words[0] != "rnn-train" or "--dry-run" in words or "--resume" in words:
        return None
    if "init" in words and "--output" in words:
        return words[words.index("--output") + 1]
    made = next((word.split("=", 1)[1] for word in words if word.startswith("output.directory=")), None)
    if "--config" in words and words[1] in ("train", "--config", "sweep"):
        config = directory / words[words.index("--config") + 1]
        named = re.search(r"^ +directory: (\S+)", config.read_text(), re.M)
        return made or (named[1] if named else f"runs/{config.stem}")
    return made or "runs/" + pathlib.Path(words[1]).stem if words[1].endswith((".txt", ".conllu", ".tsv")) else None


def run(command, directory):
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=directory, capture_output=True, text=True, timeout=120,
        input="the farmer\n", env={**os.environ, "PATH": f"{directory}/bin:{os.environ['PATH']}", "HOME": str(directory)})
    return result.returncode, result.stderr


def prepare(directory):
    """What readers have, and the runs that pages speak of."""
    (directory / "bin").mkdir()
    (directory / "bin/rnn-train").symlink_to(program)
    shutil.copytree(root / "configs", directory / "configs")
    (directory / "datasets/english").mkdir(parents=True)
    for split, count in (("train", 300), ("validation", 60), ("test", 60)):
        for ending, end in (("txt", "\n"), ("conllu", "\n\n")):
            text = (root / f"datasets/english/{split}.{ending}").read_text().split(end)[:count]
            (directory / f"datasets/english/{split}.{ending}").write_text(end.join(text) + end)
    (directory / "datasets/memory").mkdir()
    for path in (root / "datasets/memory").glob("*.tsv"):
        (directory / "datasets/memory" / path.name).write_text("\n\n".join(path.read_text().split("\n\n")[:60]) + "\n\n")
    english = directory / "datasets/english"
    lines = (english / "test.txt").read_text().splitlines()
    for name in ("my.txt", "new.txt", "old.txt", "third.txt", "TRAIN.txt", "train.txt"):
        shutil.copy(english / "train.txt", directory / name)
    for name in ("other.txt", "text.txt", "sentences.txt", "pairs.txt", "valid.txt", "old-valid.txt", "VALIDATION.txt"):
        (directory / name).write_text("\n".join(lines[:20]) + "\n")
    for name, split in (("corpus", "train"), ("train", "train"), ("dev", "validation"), ("test", "test")):
        shutil.copy(english / f"{split}.conllu", directory / f"{name}.conllu")
    words = [line.split("\t")[1:4:2] for line in (english / "train.conllu").read_text().splitlines() if line[:1] != "#"]
    (directory / "words.tsv").write_text("\n".join("\t".join(word) for word in words) + "\n")
    hypotheses = [f"u{i // 2}-{i % 2 + 1} {{}}{line}" for i, line in enumerate(lines[:20])]
    (directory / "10best.txt").write_text("\n".join(line.format("") for line in hypotheses) + "\n")
    (directory / "scored.txt").write_text("\n".join(line.format("-12.5 ") for line in hypotheses) + "\n")
    config = (root / "configs/lm.cfg").read_text().replace("../datasets/english/train.txt", "third.txt")
    (directory / "third.cfg").write_text(config.replace("../datasets", "datasets").replace("runs/lm", "runs/third"))
    for command in (
        "rnn-train config init --output my.cfg",
        "rnn-train -q my.txt training.epochs=1",
        "rnn-train -q corpus.conllu training.epochs=1",
        "rnn-train -q --config configs/lm.cfg",
        "rnn-train -q --config configs/lm.cfg output.directory=runs/two",
        "rnn-train -q --config configs/lm.cfg output.directory=runs/elman",
        "rnn-train -q --config configs/lm.cfg model.cell=lstm output.directory=runs/lstm",
        "rnn-train -q --config my.cfg data.train=my.txt training.epochs=1",
        "rnn-train -q --config configs/tagger-quickstart.cfg",
        "rnn-train -q --config configs/tagger-quickstart.cfg output.directory=runs/tagger",
        "rnn-train -q --config configs/tagger-quickstart.cfg seed=2 output.directory=runs/tagger-2",
        "rnn-train sweep -q --config configs/sweep.cfg",
        "rnn-train prepare --config configs/lm.cfg --output english.h5",
    ):
        code, said = run(command, directory)
        if code != 0:
            sys.exit(f"{command}: {code}: {said}")
    shutil.copy(directory / "runs/lm/checkpoints/last.h5", directory / "step-00008000.h5")


faults = count = 0
with tempfile.TemporaryDirectory() as temporary:
    template = pathlib.Path(temporary) / "template"
    template.mkdir()
    prepare(template)
    for name, lines in pages():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        directory = pathlib.Path(temporary) / name.replace(" ", "-")
        shutil.copytree(template, directory, symlinks=True)
        for command in commands(lines):
            if any(word in command for word in elsewhere):
                print(f"     {name}: {command}", flush=True)
                continue
            if made := output(command, directory):
                if (directory / made).is_dir():
                    shutil.rmtree(directory / made)
                else:
                    (directory / made).unlink(missing_ok=True)
            code, said = run(command, directory)
            count += 1
            if code != 0:
                faults += 1
                print(f"FAULT {name}: {command}\n      {code}: {said[-400:]}", flush=True)
        shutil.rmtree(directory)
print(f"{count} commands, {faults} faults")
sys.exit(faults > 0)
