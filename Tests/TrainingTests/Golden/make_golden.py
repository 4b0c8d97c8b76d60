#!/usr/bin/env python3
"""Writes the numbers that the tests compare with: PyTorch's logits, loss, gradients and ten losses per optimizer.

    python3 make_golden.py        (needs torch; writes *.json beside itself)

Sizes are all different and no multiples of a vector's width. Where PyTorch's second bias is only added to the first (all
cells but the GRU) it is zero and frozen.
"""
import json
import pathlib

import torch
import torch.nn as nn

VOCABULARY, EMBEDDING, HIDDEN, STREAMS, TIMESTEPS = 11, 7, 13, 5, 9
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.5),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, weight_decay=0.01),
    "sgd-nesterov": lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-8, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
}
CELLS = {
    "tanh": lambda layers: nn.RNN(EMBEDDING, HIDDEN, layers, nonlinearity="tanh"),
    "relu": lambda layers: nn.RNN(EMBEDDING, HIDDEN, layers, nonlinearity="relu"),
    "lstm": lambda layers: nn.LSTM(EMBEDDING, HIDDEN, layers),
    "gru": lambda layers: nn.GRU(EMBEDDING, HIDDEN, layers),
}


class Model(nn.Module):
    def __init__(self, cell, layers):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = CELLS[cell](layers)
        self.decoder = nn.Linear(HIDDEN, VOCABULARY)
        for name, parameter in self.named_parameters():
            if "bias_hh" in name and cell != "gru":
                nn.init.zeros_(parameter)
                parameter.requires_grad = False

    def forward(self, tokens, state):
        outputs, state = self.rnn(self.embedding(tokens), state)
        return self.decoder(outputs), state


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def case(cell, layers):
    torch.manual_seed(7)
    model = Model(cell, layers)
    begin = {n: p.detach().clone() for n, p in model.named_parameters()}
    tokens = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))
    targets = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))
    criterion = nn.CrossEntropyLoss()
    logits, state = model(tokens[0], None)
    loss = criterion(logits.flatten(0, 1), targets[0].flatten())
    loss.backward()
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    result = {
        "cell": cell, "layers": layers, "vocabulary": VOCABULARY, "embedding": EMBEDDING,
        "hidden": HIDDEN, "streams": STREAMS, "timesteps": TIMESTEPS,
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
            optimizer.zero_grad()
            logits, state = model(x, state)
            state = detached(state)
            loss = criterion(logits.flatten(0, 1), y.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_([p for _, p in named], 0.25)
            optimizer.step()
            losses.append(loss.item())
        result["losses"][name] = losses
    return result


if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    for cell, layers in (("tanh", 1), ("tanh", 3), ("relu", 2), ("lstm", 1), ("lstm", 3), ("gru", 1), ("gru", 3)):
        with open(folder / f"{cell}-{layers}.json", "w") as file:
            json.dump(case(cell, layers), file, separators=(",", ":"))
            file.write("\n")
