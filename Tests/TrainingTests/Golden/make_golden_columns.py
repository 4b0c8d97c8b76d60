#!/usr/bin/env python3
"""Writes PyTorch's numbers for a tagger of three columns, as make_golden.py does for others.

    python3 make_golden_columns.py        (needs torch; writes tagger-columns.json beside itself)

Each column has an output layer of its own, and words without a tag; the loss is the sum of the columns' losses times their
weights, divided by the words that have a tag in one column at least.
"""
import json
import pathlib
import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_sequence

import make_golden
from make_golden import TAGS, VOCABULARY, Network

EMBEDDING, HIDDEN = 7, 6
CLASSES, WEIGHTS = [TAGS, 3, 17], [1, 0.25, 2.5]


class Columns(Network):
    def __init__(self):
        super().__init__("lstm", 1, EMBEDDING, HIDDEN, True)
        self.decoder_1, self.decoder_2 = (nn.Linear(2 * HIDDEN, classes) for classes in CLASSES[1:])
        # Its layers' output, for all three.
        self.hidden = None
        self.decoder.register_forward_pre_hook(lambda _, inputs: setattr(self, "hidden", inputs[0]))

    def forward(self, sentences, spellings):
        first = super().forward(sentences, spellings)
        return [first, self.decoder_1(self.hidden), self.decoder_2(self.hidden)]


def tagger():
    torch.manual_seed(8)
    model = Columns()
    draw = random.Random(9)
    lengths = [sorted([draw.randint(1, 8) for _ in range(draw.randint(0, 4))] + [1], reverse=True) for _ in range(10)]
    lengths[0] = [8, 5, 5, 2, 1]
    sentences = [[[draw.randrange(VOCABULARY) for _ in range(n)] for n in batch] for batch in lengths]

    def tags(classes, share):
        return [[[draw.randrange(classes) if draw.random() < share else None for _ in range(n)] for n in batch] for batch in lengths]

    columns = [tags(classes, share) for classes, share in zip(CLASSES, (1, 0.7, 0.4))]
    # Words that only the last column has a tag for, or none.
    columns[0][0][0][:3] = [None] * 3
    columns[1][0][0][:3] = [None] * 3
    columns[2][0][0][:3] = [4, None, 5]

    def packed(targets):
        return pack_sequence([torch.tensor([-100 if tag is None else tag for tag in sentence]) for sentence in targets]).data

    def run(batch, _):
        return model(batch[0], []), [packed(targets) for targets in batch[1:]], None

    def loss(logits, targets):
        cross_entropy = nn.CrossEntropyLoss(reduction="sum")
        total = sum(weight * cross_entropy(x, y) for weight, x, y in zip(WEIGHTS, logits, targets))
        return total / torch.stack(targets).ge(0).any(0).sum()

    return {
        "cell": "lstm", "layers": 1, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN,
        "classes": TAGS, "furtherClasses": CLASSES[1:], "weights": WEIGHTS, "bidirectional": True, "residual": False,
        "tied": False, "characters": None, "spellings": [], "sentences": sentences, "targets": columns[0],
        "furtherTargets": columns[1:],
    } | make_golden.results(
        model, list(zip(sentences, *columns)), run, criterion=loss, shown=lambda logits: logits[0])


if __name__ == "__main__":
    with open(pathlib.Path(__file__).parent / "tagger-columns.json", "w") as file:
        json.dump(tagger(), file, separators=(",", ":"))
        file.write("\n")
