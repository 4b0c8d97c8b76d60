#!/usr/bin/env python3
"""What to expect of a tagger for so many words of training data: a treebank, cut.

    sizes.py PROGRAM TRAIN.conllu DEV.conllu [--words N ...] [--seeds S] [--threads N] [--settings KEY=VALUE ...]

Of TRAIN, sentences drawn at random are written to a file until it has N words (1,000, 10,000, 100,000 and all where nothing is
said; 0 is all), and `rnn-train FILE` trains on it as it does of its own accord: the settings follow from the size, and the best
epoch is that of the file's last tenth but one. The figures are those of DEV, which nothing has seen; of more than one seed, which
draw other sentences too, the mean with the range.
"""
import argparse, json, pathlib, random, statistics, subprocess, tempfile, time

parser = argparse.ArgumentParser()
for name in ("program", "train", "dev"):
    parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("--words", nargs="*", type=int, default=[1000, 10_000, 100_000, 0])
parser.add_argument("--seeds", type=int, default=3)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--settings", nargs="*", default=[])
options = parser.parse_args()

sentences = options.train.read_text().strip("\n").split("\n\n")
sizes = [sum(line.split("\t")[0].isdigit() for line in sentence.splitlines()) for sentence in sentences]


def cut(words, seed):
    order = list(range(len(sentences)))
    random.Random(seed).shuffle(order)
    taken, total = [], 0
    for index in order:
        if words and total >= words:
            break
        taken.append(index)
        total += sizes[index]
    return "".join(sentences[index] + "\n\n" for index in taken)


def percent(values):
    values = [100 * value for value in values]
    return f"{statistics.mean(values):.2f}" + (f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else "")


print("words       accuracy, %             of unknown words, %     unknown, %   seconds")
for words in options.words:
    results = []
    for seed in range(1, options.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "treebank.conllu").write_text(cut(words, seed))
            begin = time.perf_counter()
            subprocess.run([options.program, "-q", "treebank.conllu", f"data.test={options.dev}", f"seed={seed}",
                            f"--threads={options.threads}", "output.directory=run", *options.settings],
                           cwd=folder, check=True, stdout=subprocess.DEVNULL)
            seconds = time.perf_counter() - begin
            found = json.loads(subprocess.run([options.program, "evaluate", "run", "--split", "test", "--json"], cwd=folder,
                                              check=True, capture_output=True, text=True).stdout)
            results.append((found, seconds))
    print(f"{words or sum(sizes):<10,}  {percent([f['accuracy'] for f, _ in results]):22}  "
          f"{percent([f['accuracy_unknown'] for f, _ in results]):22}  "
          f"{statistics.mean(100 * f['unknown_tokens'] / f['tokens'] for f, _ in results):10.1f}  "
          f"{statistics.mean(s for _, s in results):8.0f}", flush=True)
