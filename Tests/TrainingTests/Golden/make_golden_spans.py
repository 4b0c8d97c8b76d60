#!/usr/bin/env python3
"""Writes what seqeval makes of random tags of spans, those that no scheme allows among them.

    python3 make_golden_spans.py          (needs seqeval; writes spans.json beside itself)
"""
import json
import pathlib
import random

from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities

ALPHABETS = [
    ["O", "B-A", "I-A", "B-B", "I-B"],
    ["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "S-B"],
    ["O", "B", "I"],  # whose type seqeval calls _
]


def case(tags, draw):
    corpus = [[draw.choice(tags) for _ in range(draw.randint(1, 9))] for _ in range(25)]
    given = [[tag if draw.random() < 0.7 else draw.choice(tags) for tag in sentence] for sentence in corpus]
    report = classification_report(corpus, given, output_dict=True)
    spans = [[set(get_entities(sentence)) for sentence in side] for side in (corpus, given)]
    return {
        "tags": tags, "corpus": corpus, "given": given,
        "counts": [sum(map(len, spans[0])), sum(map(len, spans[1])), sum(len(a & b) for a, b in zip(*spans))],
        "scores": {name: [float(report[name][score]) for score in ("precision", "recall", "f1-score")]
                   for name in report if name not in ("macro avg", "weighted avg")},
    }


if __name__ == "__main__":
    draw = random.Random(5)
    with open(pathlib.Path(__file__).parent / "spans.json", "w") as file:
        json.dump([case(tags, draw) for tags in ALPHABETS], file, separators=(",", ":"))
        file.write("\n")
