#!/usr/bin/env python3
"""Writes PyTorch's numbers for a tagger whose output layer is a conditional random field, as make_golden.py does for others.

    python3 make_golden_crf.py            (needs torch; writes tagger-crf.json beside itself)

The sum over all sequences of tags is written out with torch.logsumexp, and differentiated by PyTorch.
"""
import json
import pathlib
import random

import torch
import torch.nn as nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, unpack_sequence

import make_golden
from make_golden import TAGS, VOCABULARY, Network

EMBEDDING, HIDDEN = 7, 6


class Decoder(nn.Linear):
    def __init__(self, inputs, tags):
        super().__init__(inputs, tags)
        self.transitions = nn.Parameter(torch.empty(tags, tags).uniform_(-0.8, 0.8))
        self.start_transitions = nn.Parameter(torch.empty(tags).uniform_(-0.8, 0.8))
        self.end_transitions = nn.Parameter(torch.empty(tags).uniform_(-0.8, 0.8))

    def log_sum(self, emissions):
        """The logarithm of the sum of e^score over all sequences of tags; emissions [words, tags]."""
        alpha = self.start_transitions + emissions[0]
        for emission in emissions[1:]:
            alpha = torch.logsumexp(alpha[:, None] + self.transitions, 0) + emission
        return torch.logsumexp(alpha + self.end_transitions, 0)

    def score(self, emissions, tags):
        score = self.start_transitions[tags[0]] + self.end_transitions[tags[-1]]
        score = score + emissions[torch.arange(len(tags)), tags].sum()
        return score + self.transitions[tags[:-1], tags[1:]].sum()


def tagger():
    torch.manual_seed(8)
    model = Network("lstm", 1, EMBEDDING, HIDDEN, True)
    model.decoder = Decoder(2 * HIDDEN, TAGS)
    draw = random.Random(9)
    lengths = [sorted([draw.randint(1, 8) for _ in range(draw.randint(0, 4))] + [1], reverse=True) for _ in range(10)]
    lengths[0] = [8, 5, 5, 2, 1]
    sentences = [[[draw.randrange(VOCABULARY) for _ in range(n)] for n in batch] for batch in lengths]
    targets = [[[draw.randrange(TAGS) for _ in range(n)] for n in batch] for batch in lengths]

    def unpacked(data, like):
        batch_sizes = pack_sequence([torch.tensor(words) for words in like]).batch_sizes
        return unpack_sequence(PackedSequence(data, batch_sizes))

    def run(batch, _):
        return (model(batch[0], None), batch[0]), batch[1], None

    def loss(logits, targets):
        emissions = unpacked(*logits)
        losses = [model.decoder.log_sum(e) - model.decoder.score(e, torch.tensor(t)) for e, t in zip(emissions, targets)]
        return sum(losses) / sum(map(len, targets))

    def log_marginals(logits):
        emissions = logits[0].detach().double().requires_grad_()
        log_sum = sum(model.decoder.log_sum(e) for e in unpacked(emissions, logits[1]))
        return torch.autograd.grad(log_sum, emissions)[0].log()

    return {
        "cell": "lstm", "layers": 1, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN,
        "classes": TAGS, "bidirectional": True, "residual": False, "tied": False, "characters": None, "output": "crf",
        "spellings": [], "sentences": sentences, "targets": targets,
    } | make_golden.results(model, list(zip(sentences, targets)), run, criterion=loss, shown=log_marginals)


if __name__ == "__main__":
    with open(pathlib.Path(__file__).parent / "tagger-crf.json", "w") as file:
        json.dump(tagger(), file, separators=(",", ":"))
        file.write("\n")
