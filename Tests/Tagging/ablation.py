#!/usr/bin/env python3
"""What each part of a tagger brings: configs/tagger.cfg as it is, and with one thing changed at a time.

    ablation.py PROGRAM TRAIN.conllu DEV.conllu [--epochs N] [--seeds S] [--threads N] [--jobs J] [--only WORD]... [KEY=VALUE ...]

All rows train for the same number of epochs with KEY=VALUE; J runs at a time. The figures are those of the best epoch on DEV, a row
the mean of S seeds with the range; minutes are a processor's, of one run. `--only` takes the rows that have WORD in
their names. The same command gives the same percentages to the last digit; only the minutes differ.
"""
import argparse, concurrent.futures, json, os, pathlib, statistics, subprocess, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
rows = {
    "the configuration": [],
    "words in their own case": ["data.vocabulary.lowercase=false"],
    "no averaging": ["training.averaging=null"],
    "constant learning rate": ["training.schedule={name: constant}"],
    "half the learning rate": ["training.optimizer.learning_rate=0.002"],
    "twice the learning rate": ["training.optimizer.learning_rate=0.008"],
    "a dropout mask for each word": ["model.variational_dropout=false"],
    "no dropout but of words": ["model.dropout=0", "model.embedding_dropout=0", "model.variational_dropout=false"],
    "no dropout of words": ["model.word_dropout=0"],
    "dropout of recurrent weights, 0.25": ["model.weight_dropout=0.25"],
    "no characters": ["model.characters=null"],
    "one layer": ["model.layers=1"],
    "conditional random field": ["model.output={kind: crf}"],
    "three columns": ["data.tags=[upos, xpos, feats]"],
}


def measure(options, settings, seed):
    """UPOS of the best epoch in percent, and processor minutes."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [options.program, "-q", "--config", root / "configs/tagger.cfg", "--threads", str(options.threads),
             f"data.train={options.train}", f"data.validation={options.dev}", f"training.epochs={options.epochs}",
             f"seed={seed}", f"output.directory={folder}/run", *options.settings, *settings], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{settings}, seed {seed}: exit code {os.waitstatus_to_exitcode(status)}")
        found = json.loads(subprocess.run(
            [options.program, "evaluate", f"{folder}/run", "--json", "--threads", "1"], check=True, capture_output=True,
            text=True).stdout)
    accuracy = found.get("upos", found)["accuracy"]
    return 100 * accuracy, (usage.ru_utime + usage.ru_stime) / 60


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for name in ("program", "train", "dev"):
    parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
parser.add_argument("--epochs", type=int, default=24)
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
parser.add_argument("--only", action="append", default=[], metavar="WORD")
options = parser.parse_intermixed_args()

print(f"| {'':36} | UPOS, % | minutes |\n|---|---:|---:|")
with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
    runs = {name: [pool.submit(measure, options, settings, seed) for seed in range(1, options.seeds + 1)]
            for name, settings in rows.items() if not options.only or any(word in name for word in options.only)}
    for name, futures in runs.items():
        accuracies, minutes = zip(*(future.result() for future in futures))
        spread = f" ({min(accuracies):.2f} to {max(accuracies):.2f})" if len(accuracies) > 1 else ""
        print(f"| {name:36} | {statistics.mean(accuracies):.2f}{spread} | {statistics.mean(minutes):.1f} |", flush=True)
