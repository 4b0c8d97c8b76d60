#!/usr/bin/env python3
"""Writes PyTorch's numbers for what Merity, Keskar and Socher (ICLR 2018) regularize LSTM language models with.

    python3 make_golden_regularized.py        (needs torch; writes regularized-*.json beside itself)

Layers of different widths under tied embeddings; dropout of words, inputs, layers, outputs and recurrent weights, each with
its masks, which are computed here as the program draws them; penalties on activations and on their differences. Gradients
are those of the loss with its penalties; losses are without.
"""
import json
import pathlib

import torch
import torch.nn as nn
from torch.func import functional_call

from make_golden import OPTIMIZERS, STREAMS, TIMESTEPS, VOCABULARY, detached, freeze_second_biases, numbers
from make_golden_sampled import philox

WIDTHS, EMBEDDING, SEED, STEPS = (13, 21, 7), 7, 0x1_2345_6789, 10
SHARES = {"vocabulary": 0.2, "input": 0.3, "layers": 0.25, "output": 0.4, "weights": 0.35}
ACTIVATION, TEMPORAL = 2.0, 1.5
KEY = (SEED & 0xFFFFFFFF, SEED >> 32)
DROPOUT, VOCABULARY_DROPOUT = 1, 8  # purposes of random numbers
CELLS = {"lstm": (nn.LSTM, 4), "gru": (nn.GRU, 3)}  # with their gates


def element(share, step, place, identity, column):
    """What an element of a matrix is multiplied by: 16 bits decide, and those that stay make up for the others."""
    threshold = round(share * 65536)
    panel, lane = divmod(column, 16)
    words = philox((identity, place << 24 | panel << 1 | lane // 8, step, DROPOUT), KEY)
    drawn = words[lane % 8 // 2] >> lane % 2 * 16 & 0xFFFF
    return 0.0 if drawn < threshold else 65536 / (65536 - threshold)


def locked_mask(share, step, place, width):
    """[streams, width], for all timesteps."""
    return torch.tensor([[element(share, step, place, b, i) for i in range(width)] for b in range(STREAMS)])


def weight_mask(step, layer, gates, units):
    """[gates x units, units]; the program has 16 units of each gate in turn side by side."""
    def column(gate, unit):
        return (unit // 16 * gates + gate) * 16 + unit % 16
    return torch.tensor([[element(SHARES["weights"], step, 128 + 2 * layer, i, column(gate, unit)) for i in range(units)]
                         for gate in range(gates) for unit in range(units)])


def vocabulary_mask(step):
    """[vocabulary, 1]"""
    share = SHARES["vocabulary"]
    drawn = [(philox((id >> 2, 0, step, VOCABULARY_DROPOUT), KEY)[id & 3] >> 8) / 2**24 for id in range(VOCABULARY)]
    return torch.tensor([[0.0 if number < share else 1 / (1 - share)] for number in drawn])


class Model(nn.Module):
    def __init__(self, cell):
        super().__init__()
        module, self.gates = CELLS[cell]
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = nn.ModuleList(module(i, o) for i, o in zip((EMBEDDING, *WIDTHS), WIDTHS))
        self.decoder = nn.Linear(WIDTHS[-1], VOCABULARY)
        self.decoder.weight = self.embedding.weight
        freeze_second_biases(self, cell)

    def forward(self, tokens, states, step):
        """Logits, the next states, and the penalty."""
        x = nn.functional.embedding(tokens, self.embedding.weight * vocabulary_mask(step))
        x = x * locked_mask(SHARES["input"], step, 0, EMBEDDING)
        next_states = []
        for layer, (module, width) in enumerate(zip(self.rnn, WIDTHS)):
            dropped = module.weight_hh_l0 * weight_mask(step, layer, self.gates, width)
            raw, state = functional_call(module, {"weight_hh_l0": dropped}, (x, states[layer] if states else None))
            share = SHARES["output" if layer == len(WIDTHS) - 1 else "layers"]
            x = raw * locked_mask(share, step, layer + 1, width)
            next_states.append(detached(state))
        penalty = ACTIVATION * x.pow(2).mean() + TEMPORAL * (raw[1:] - raw[:-1]).pow(2).mean()
        return self.decoder(x), next_states, penalty


def golden(cell):
    torch.manual_seed(11)
    model = Model(cell)
    tokens = torch.randint(VOCABULARY, (STEPS, TIMESTEPS, STREAMS))
    targets = torch.randint(VOCABULARY, (STEPS, TIMESTEPS, STREAMS))
    criterion = nn.CrossEntropyLoss()
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    begin = {n: p.detach().clone() for n, p in model.named_parameters()}

    def name_of(name):
        parts = name.split(".")
        return f"rnn.{parts[2][:-1]}{parts[1]}" if parts[0] == "rnn" else name

    def loss_and_penalty(index, states):
        logits, states, penalty = model(tokens[index], states, index + 1)
        return logits, criterion(logits.flatten(0, 1), targets[index].flatten()), penalty, states

    logits, loss, penalty, _ = loss_and_penalty(0, None)
    (loss + penalty).backward()
    result = {
        "cell": cell, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": WIDTHS, "streams": STREAMS,
        "timesteps": TIMESTEPS, "seed": SEED, "shares": SHARES, "activation": ACTIVATION, "temporal": TEMPORAL,
        "tokens": [numbers(t) for t in tokens], "targets": [numbers(t) for t in targets],
        "parameters": {name_of(n): numbers(begin[n]) for n, _ in named}, "logits": numbers(logits), "loss": loss.item(),
        "gradients": {name_of(n): numbers(p.grad) for n, p in named}, "losses": {},
    }
    for name, make in OPTIMIZERS.items():
        model.load_state_dict(begin, strict=False)
        optimizer = make([p for _, p in named])
        states, losses = None, []
        for index in range(STEPS):
            optimizer.zero_grad()
            _, loss, penalty, states = loss_and_penalty(index, states)
            (loss + penalty).backward()
            nn.utils.clip_grad_norm_([p for _, p in named], 0.25)
            optimizer.step()
            losses.append(loss.item())
        result["losses"][name] = losses
    return result


if __name__ == "__main__":
    for cell in CELLS:
        with open(pathlib.Path(__file__).parent / f"regularized-{cell}.json", "w") as file:
            json.dump(golden(cell), file, separators=(",", ":"))
            file.write("\n")
