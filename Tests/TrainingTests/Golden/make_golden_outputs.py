#!/usr/bin/env python3
"""Writes PyTorch's numbers for output layers other than the plain softmax, as make_golden.py does for networks.

    python3 make_golden_outputs.py        (needs torch; writes adaptive-*.json beside itself)
"""
import json
import pathlib

import torch
import torch.nn as nn

import make_golden
from make_golden import EMBEDDING, HIDDEN, OPTIMIZERS, STREAMS, TIMESTEPS, numbers

VOCABULARY = 41


class Model(nn.Module):
    def __init__(self, cutoffs, div_value):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = nn.LSTM(EMBEDDING, HIDDEN)
        self.decoder = nn.AdaptiveLogSoftmaxWithLoss(HIDDEN, VOCABULARY, cutoffs, div_value)
        for name, parameter in self.named_parameters():
            if "bias_hh" in name:
                nn.init.zeros_(parameter)
                parameter.requires_grad = False

    def forward(self, tokens, state):
        outputs, state = self.rnn(self.embedding(tokens), state)
        return outputs.flatten(0, 1), state


def case(cutoffs, div_value):
    torch.manual_seed(7)
    model = Model(cutoffs, div_value)
    begin = {n: p.detach().clone() for n, p in model.named_parameters()}
    tokens = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))
    targets = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))
    # A minibatch with targets in all clusters, and one in which some have none.
    targets[0, 0, :len(cutoffs)] = torch.tensor(cutoffs)
    targets[3] %= cutoffs[0] + 1
    hidden, state = model(tokens[0], None)
    logits = model.decoder.log_prob(hidden)
    loss = model.decoder(hidden, targets[0].flatten()).loss
    loss.backward()
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    result = {
        "cell": "lstm", "layers": 1, "vocabulary": VOCABULARY, "embedding": EMBEDDING,
        "hidden": HIDDEN, "streams": STREAMS, "timesteps": TIMESTEPS, "cutoffs": cutoffs, "divValue": div_value,
        "tokens": [numbers(t) for t in tokens], "targets": [numbers(t) for t in targets],
        "parameters": {n: numbers(begin[n]) for n, _ in named},
        "logits": numbers(logits), "loss": loss.item(), "gradients": {n: numbers(p.grad) for n, p in named},
        "losses": {},
    }
    for name, make in OPTIMIZERS.items():
        model.load_state_dict(begin)
        optimizer = make([p for _, p in named])
        state, losses = None, []
        for x, y in zip(tokens, targets):
            # Gradients that are zero, not absent, so that weights without targets decay.
            optimizer.zero_grad(set_to_none=False)
            hidden, state = model(x, state)
            state = make_golden.detached(state)
            loss = model.decoder(hidden, y.flatten()).loss
            loss.backward()
            nn.utils.clip_grad_norm_([p for _, p in named], 0.25)
            optimizer.step()
            losses.append(loss.item())
        result["losses"][name] = losses
    return result


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    for name, cutoffs, div_value in (("adaptive-2", [7, 19], 2.0), ("adaptive-3", [1, 2, 30], 1.5)):
        with open(folder / f"{name}.json", "w") as file:
            json.dump(case(cutoffs, div_value), file, separators=(",", ":"))
            file.write("\n")
