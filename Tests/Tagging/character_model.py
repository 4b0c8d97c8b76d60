#!/usr/bin/env python3
"""What a pair of language models of characters brings to a tagger: one without them beside one whose words they read.

    character_model.py PROGRAM TRAIN.conllu DEV.conllu [--text FILE ...] [--models KEY=VALUE ...] [--tagger KEY=VALUE ...]
                       [--seeds S] [--threads N] [--keep FOLDER]

The pair learns from the sentences of TRAIN, words apart, and from the lines of FILEs before them; it is validated on DEV's. The
taggers are those of configs/tagger.cfg. KEY=VALUE changes either; with --keep the runs stay in FOLDER, and a pair that lies there
already is taken as it is. The accuracy is that of the best epoch on DEV; more than one seed: the mean with the range.
"""
import argparse, json, pathlib, statistics, subprocess, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
CONFIG = """
data: {train: train.txt, validation: dev.txt, tokens: character}
model: {embedding: 32, cell: lstm, hidden: 256}
training: {epochs: 4, batch_size: 64, bptt: 100, optimizer: {name: adam, learning_rate: 0.003}, schedule: {name: cosine}, clip_norm: 1}
"""


def sentences(treebank):
    words = []
    for line in treebank.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) == 10 and fields[0].isdigit():
            words.append(fields[1])
        elif not line and words:
            yield " ".join(words)
            words = []


def run(*command, **options):
    begin = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, **options)
    return time.perf_counter() - begin


parser = argparse.ArgumentParser()
parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("train", type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("dev", type=lambda path: pathlib.Path(path).resolve())
for name in ("text", "models", "tagger"):
    parser.add_argument(f"--{name}", nargs="*", default=[])
parser.add_argument("--seeds", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--keep", type=pathlib.Path)
options = parser.parse_args()

with tempfile.TemporaryDirectory() as folder:
    folder = (options.keep or pathlib.Path(folder)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(pathlib.Path(path).read_text().rstrip("\n") + "\n" for path in options.text)
    (folder / "train.txt").write_text(text + "\n".join(sentences(options.train)) + "\n")
    (folder / "dev.txt").write_text("\n".join(sentences(options.dev)) + "\n")
    (folder / "models.cfg").write_text(CONFIG)
    program = [options.program, "-q"]
    for direction in ("forward", "backward"):
        if (folder / direction).exists():
            continue
        seconds = run(*program, "--config", "models.cfg", "--threads", options.threads, f"data.direction={direction}",
                      f"output.directory={direction}", *options.models, cwd=folder)
        lines = [json.loads(line) for line in (folder / direction / "metrics.jsonl").read_text().splitlines()]
        loss = min(line["validation_loss"] for line in lines if line["kind"] == "epoch")
        print(f"{direction}: {loss:.4f} nats per character of DEV, {seconds:.0f} s", flush=True)
    print("tagger              accuracy on DEV, %        seconds")
    for name, settings in (("words, characters", []),
                           ("with the pair", ["model.character_model={forward: forward, backward: backward}"])):
        results = []
        for seed in range(1, options.seeds + 1):
            with tempfile.TemporaryDirectory() as temporary:
                directory = folder / f"{'with' if settings else 'without'}-{seed}" if options.keep else f"{temporary}/run"
                seconds = run(*program, "--config", root / "configs/tagger.cfg", "--threads", options.threads,
                              f"data.train={options.train}", f"data.validation={options.dev}", f"seed={seed}",
                              f"output.directory={directory}", *options.tagger, *settings, cwd=folder)
                lines = [json.loads(line) for line in pathlib.Path(directory, "metrics.jsonl").read_text().splitlines()]
            results.append((100 * max(line["validation_accuracy"] for line in lines if line["kind"] == "epoch"), seconds))
        accuracies, times = zip(*results)
        spread = f"({min(accuracies):.2f} to {max(accuracies):.2f})" if options.seeds > 1 else ""
        print(f"{name:18}  {statistics.mean(accuracies):.2f} {spread:18}  {statistics.mean(times):8.0f}", flush=True)
