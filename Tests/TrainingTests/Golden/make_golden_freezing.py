#!/usr/bin/env python3
"""Writes what PyTorch makes of a model some of whose parameters stay as they are: freezing.json.

    python3 make_golden_freezing.py        (needs torch; writes beside itself)

In double precision, from parameters of single precision, so that only the program's own rounding counts. Adam with nothing
frozen is left out: one of its gradients is so near to zero that the parameter depends on rounding by 3e-5; make_golden.py has
the losses of that. Each case freezes some modules by `requires_grad = False`, clips the gradient of all others, and takes six steps; it has the
losses, the norms before clipping, and the parameters after the last step, by the program's names.
"""
import json
import pathlib

import torch
import torch.nn as nn

from make_golden import EMBEDDING, HIDDEN, OPTIMIZERS, STREAMS, TIMESTEPS, VOCABULARY, Model, detached, numbers

CELL, LAYERS, STEPS = "gru", 2, 6
CLIP_NORM = 0.1  # below the norm of every step
# What the program calls them, and the beginnings and ends of PyTorch's names.
FROZEN = {
    "nothing": lambda name: False,
    "embedding rnn.l0": lambda name: name.startswith("embedding") or name.endswith("_l0"),
    "decoder.bias rnn.weight_hh": lambda name: name == "decoder.bias" or name.startswith("rnn.weight_hh"),
}


def case(names, begin, tokens, targets, optimizer):
    model = Model(CELL, LAYERS).double()
    model.load_state_dict(begin)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not FROZEN[names](name)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = OPTIMIZERS[optimizer](trained)
    state, losses, norms = None, [], []
    for x, y in zip(tokens, targets):
        optimizer.zero_grad()
        logits, state = model(x, state)
        state = detached(state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(trained, CLIP_NORM).item())
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "norms": norms, "after": {n: numbers(p) for n, p in model.named_parameters()}}


if __name__ == "__main__":
    torch.manual_seed(11)
    begin = {name: value.double() for name, value in Model(CELL, LAYERS).state_dict().items()}
    tokens = torch.randint(VOCABULARY, (STEPS, TIMESTEPS, STREAMS))
    targets = torch.randint(VOCABULARY, (STEPS, TIMESTEPS, STREAMS))
    result = {
        "cell": CELL, "layers": LAYERS, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN,
        "streams": STREAMS, "timesteps": TIMESTEPS, "tokens": [numbers(t) for t in tokens],
        "targets": [numbers(t) for t in targets], "parameters": {n: numbers(p) for n, p in begin.items()},
        "cases": [
            {"freeze": [] if names == "nothing" else names.split(), "optimizer": optimizer}
            | case(names, begin, tokens, targets, optimizer)
            for names in FROZEN for optimizer in ("sgd", "adam") if (names, optimizer) != ("nothing", "adam")
        ],
    }
    path = pathlib.Path(__file__).parent / "freezing.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
