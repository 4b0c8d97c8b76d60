#!/usr/bin/env python3
"""Tags word by word beside tags of a sentence together: F1 of chunks, made of a treebank's parts of speech.

    chunks.py PROGRAM TRAIN.conllu DEV.conllu      the built rnn-train; half a minute for each of the six runs at most

A chunk NP is a determiner and what follows it of adjectives, numbers and nouns, or a row of these alone; PP is an adposition. The
taggers see words only, in both directions, for five epochs; the figures are those of the best epoch on DEV, over three seeds.
"""
import json, pathlib, statistics, subprocess, sys, tempfile

NOMINAL = {"DET", "ADJ", "NOUN", "PROPN", "NUM"}
CONFIG = """
task: tagging
data: {train: train.txt, validation: dev.txt, format: columns, separator: space, vocabulary: {min_count: 2}}
model: {embedding: 64, cell: lstm, hidden: 64, bidirectional: true, word_dropout: 0.02, dropout: 0.3}
training: {epochs: 5, batch_size: 32, optimizer: {name: adam, learning_rate: 0.003}, schedule: {name: cosine}, clip_norm: 5}
"""


def chunks(treebank):
    inside = False
    for line in treebank.splitlines():
        fields = line.split("\t")
        if not line:
            inside = False
            yield ""
        elif len(fields) == 10 and fields[0].isdigit():
            nominal = fields[3] in NOMINAL
            tag = f"{'I' if inside and fields[3] != 'DET' else 'B'}-NP" if nominal else "B-PP" if fields[3] == "ADP" else "O"
            inside = nominal
            yield f"{fields[1].replace(' ', '')} {tag}"


program = pathlib.Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    for name, path in zip(("train", "dev"), sys.argv[2:4]):
        (folder / f"{name}.txt").write_text("\n".join(chunks(pathlib.Path(path).read_text())) + "\n")
    (folder / "chunks.cfg").write_text(CONFIG)
    print("output layer  F1 of chunks, %         accuracy of tags, %")
    for output in ("softmax", "crf"):
        results = []
        for seed in (1, 2, 3):
            run = f"{output}-{seed}"
            subprocess.run([program, "-q", "--config", "chunks.cfg", f"model.output.kind={output}", f"seed={seed}",
                            f"output.directory={run}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            found = subprocess.run([program, "evaluate", run, "--split", "validation", "--json"], cwd=folder, check=True,
                                   capture_output=True, text=True)
            found = json.loads(found.stdout)
            results.append((100 * found["spans"]["f1"], 100 * found["accuracy"]))
        columns = (f"{statistics.mean(c):.2f} ({min(c):.2f} to {max(c):.2f})" for c in zip(*results))
        print(f"{output:12}  {'  '.join(columns)}", flush=True)
