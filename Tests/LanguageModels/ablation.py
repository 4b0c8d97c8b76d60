#!/usr/bin/env python3
"""What each part of the recipe brings: a language model with all of them, and with one changed at a time.

    ablation.py PROGRAM [--data FOLDER] [--epochs N] [--seeds S] [--threads N] [--jobs J] [--only WORD]... [KEY=VALUE ...]

PROGRAM is the built rnn-train. FOLDER holds train.txt, validation.txt or valid.txt, and test.txt, words apart (default: the
shipped corpus). All rows train by configs/wikitext-2.cfg with KEY=VALUE, for the same number of epochs, J runs at a time. The
perplexities are those of the best epoch, a row the mean of S seeds with the range; minutes are a processor's, of one run. `--only`
takes the rows that have WORD in their names. The same command gives the same perplexities to the last digit; only the
minutes differ.
"""
import argparse, concurrent.futures, json, math, os, pathlib, statistics, subprocess, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
rows = {
    "the configuration": [],
    "no averaging": ["training.averaging=null"],
    "constant learning rate": ["training.schedule={name: constant}"],
    "constant learning rate, no averaging": ["training.schedule={name: constant}", "training.averaging=null"],
    "windows of one length": ["training.random_windows=null"],
    "no dropout": [f"model.{name}=0" for name in ("dropout", "output_dropout", "embedding_dropout", "weight_dropout",
                                                  "vocabulary_dropout")] + ["model.variational_dropout=false"],
    "a dropout mask for each timestep": ["model.variational_dropout=false"],
    "no dropout of recurrent weights": ["model.weight_dropout=0"],
    "no dropout of whole words": ["model.vocabulary_dropout=0"],
    "penalties, AR 2 and TAR 1": ["training.activation_regularization=2", "training.temporal_activation_regularization=1"],
    "embeddings and outputs apart": ["model.tie_embeddings=false"],
    "trained on all words": ["model.output={kind: softmax}"],
    "Adam, 0.003": ["training.optimizer={name: adam, learning_rate: 0.003}", "training.clip_norm=1"],
}


def measure(options, files, settings, seed):
    """Validation and test perplexity of the best epoch, and a processor's minutes."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [options.program, "-q", "--config", root / "configs/wikitext-2.cfg", "--threads", str(options.threads),
             *[f"data.{split}={path}" for split, path in files.items()], f"training.epochs={options.epochs}", f"seed={seed}",
             f"output.directory={folder}/run", *options.settings, *settings], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{settings}, seed {seed}: exit code {os.waitstatus_to_exitcode(status)}")
        lines = [json.loads(line) for line in pathlib.Path(folder, "run/metrics.jsonl").read_text().splitlines()]
    validation = min(line["validation_loss"] for line in lines if line["kind"] == "epoch")
    test = next(line["test_loss"] for line in lines if line["kind"] == "test")
    return math.exp(validation), math.exp(test), (usage.ru_utime + usage.ru_stime) / 60


def text(values):
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--data", type=pathlib.Path, default=root / "datasets/english")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    options = parser.parse_intermixed_args()
    folder = options.data.resolve()
    validation = next(path for name in ("validation.txt", "valid.txt") if (path := folder / name).exists())
    files = {"train": folder / "train.txt", "validation": validation, "test": folder / "test.txt"}
    print(f"| {'':36} | validation perplexity | test perplexity | minutes |\n|---|---:|---:|---:|", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {name: [pool.submit(measure, options, files, settings, seed) for seed in range(1, options.seeds + 1)]
                for name, settings in rows.items() if not options.only or any(word in name for word in options.only)}
        for name, futures in runs.items():
            validations, tests, minutes = zip(*(future.result() for future in futures))
            print(f"| {name:36} | {text(validations)} | {text(tests)} | {statistics.mean(minutes):.1f} |", flush=True)


main()
