#!/usr/bin/env python3
"""Writes means of parameters as PyTorch makes them: averaging.json.

    python3 make_golden_averaging.py        (needs torch; writes beside itself)

In double precision, from parameters of single precision, as in make_golden_freezing.py. Each case takes eight steps, of which
those from `first` on count, and has the means after the last step by the program's names. Words are drawn so that most rows of
the embedding have no gradient in most steps.

`mean` is torch.optim.swa_utils.AveragedModel as it is; `exponential` is the same with the weights of get_ema_avg_fn divided by
their sum, which takes the correction of Adam's moments. `nt-asgd` is torch.optim.ASGD's `ax` from t0 = 0, which is Merity's
trigger: its first two steps both begin the mean anew, so it is that from the second step on.
"""
import json
import pathlib

import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel

from make_golden import EMBEDDING, HIDDEN, OPTIMIZERS, STREAMS, TIMESTEPS, VOCABULARY, Model, detached, numbers

CELL, LAYERS, STEPS, DECAY = "lstm", 1, 8, 0.8


def exponential(mean, parameter, count):
    """`count` steps are averaged already."""
    return mean + (parameter - mean) * (1 - DECAY) / (1 - DECAY ** (count.double() + 1))


def case(kind, optimizer, first, begin, tokens, targets):
    model = Model(CELL, LAYERS).double()
    model.load_state_dict(begin)
    trained = [p for p in model.parameters() if p.requires_grad]
    averaged = AveragedModel(model, avg_fn=exponential if kind == "exponential" else None)
    if kind == "nt-asgd":
        optimizer = torch.optim.ASGD(trained, lr=0.5, lambd=0, alpha=0, t0=0)
    else:
        optimizer = OPTIMIZERS[optimizer](trained)
    state = None
    for step, (x, y) in enumerate(zip(tokens, targets), start=1):
        optimizer.zero_grad()
        logits, state = model(x, state)
        state = detached(state)
        nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).backward()
        optimizer.step()
        if step >= first:
            averaged.update_parameters(model)
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    if kind == "nt-asgd":
        return {n: numbers(optimizer.state[p]["ax"]) for n, p in named}
    means = dict(averaged.module.named_parameters())
    return {n: numbers(means[n]) for n, _ in named}


if __name__ == "__main__":
    torch.manual_seed(12)
    begin = {name: value.double() for name, value in Model(CELL, LAYERS).state_dict().items()}
    # Three neighbouring words a step.
    tokens = torch.stack([torch.randint(3, (TIMESTEPS, STREAMS)) + step for step in range(STEPS)])
    targets = torch.randint(VOCABULARY, (STEPS, TIMESTEPS, STREAMS))
    cases = [("exponential", "adam", 1), ("exponential", "sgd", 4), ("mean", "sgd-momentum", 3), ("nt-asgd", "sgd", 2)]
    result = {
        "cell": CELL, "layers": LAYERS, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN,
        "streams": STREAMS, "timesteps": TIMESTEPS, "tokens": [numbers(t) for t in tokens],
        "targets": [numbers(t) for t in targets],
        "parameters": {n: numbers(p) for n, p in begin.items() if "bias_hh" not in n},
        "cases": [{"averaging": kind, "optimizer": optimizer, "first": first,
                   "means": case(kind, optimizer, first, begin, tokens, targets)}
                  for kind, optimizer, first in cases],
    }
    path = pathlib.Path(__file__).parent / "averaging.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
