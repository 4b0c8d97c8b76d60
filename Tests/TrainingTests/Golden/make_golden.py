#!/usr/bin/env python3
"""Writes the numbers that the tests compare with: PyTorch's logits, loss, gradients and ten losses per optimizer.

    python3 make_golden.py        (needs torch; writes *.json beside itself)

Sizes are all different and no multiples of a vector's width. Where PyTorch's second bias is only added to the first (all
cells but the GRU) it is zero and frozen.

A language model reads windows whose state is carried; all other networks read sentences of all lengths, the longest first,
packed, so that a row is a timestep of a sentence: first timesteps first. Names are the program's.
"""
import json
import pathlib
import random
import re

import torch
import torch.nn as nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

VOCABULARY, EMBEDDING, HIDDEN, STREAMS, TIMESTEPS = 11, 7, 13, 5, 9
TAGS, FORMS = 6, 14


class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. (arXiv 2302.06675), line by line; PyTorch has none."""

    def __init__(self, parameters, lr, betas, weight_decay):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            rate, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
            for p in group["params"]:
                state = self.state[p]
                m = state.get("exp_avg", torch.zeros_like(p))
                c = beta1 * m + (1 - beta1) * p.grad
                p.copy_(p - rate * (c.sign() + decay * p))
                state["exp_avg"] = beta2 * m + (1 - beta2) * p.grad


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.5),
    "sgd-momentum": lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, weight_decay=0.01),
    "sgd-nesterov": lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, eps=1e-8),
    "adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-8, weight_decay=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1),
    "lion": lambda p: Lion(p, lr=0.003, betas=(0.9, 0.99), weight_decay=0.1),
}
CELLS = {
    "tanh": lambda layers: nn.RNN(EMBEDDING, HIDDEN, layers, nonlinearity="tanh"),
    "relu": lambda layers: nn.RNN(EMBEDDING, HIDDEN, layers, nonlinearity="relu"),
    "lstm": lambda layers: nn.LSTM(EMBEDDING, HIDDEN, layers),
    "gru": lambda layers: nn.GRU(EMBEDDING, HIDDEN, layers),
    "cifg": lambda layers: CIFG(EMBEDDING, HIDDEN, layers),
}


class CIFG(nn.Module):
    """The LSTM with coupled gates of Greff et al. (2017) as the paper states it, without peepholes; PyTorch has none.

    Called as nn.LSTM is, with parameters of the same names; gates are f, g, o."""

    def __init__(self, inputs, hidden, layers):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        for layer in range(layers):
            for name, shape in (("weight_ih", (3 * hidden, hidden if layer else inputs)),
                                ("weight_hh", (3 * hidden, hidden)), ("bias_ih", (3 * hidden,))):
                weight = torch.empty(shape).uniform_(-hidden ** -0.5, hidden ** -0.5)
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(weight))

    def forward(self, x, state):
        first = torch.zeros(self.layers, x.shape[1], self.hidden)
        last = []
        for layer, (h, c) in enumerate(zip(*(state or (first, first)))):
            weight, recurrent, bias = (getattr(self, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih"))
            outputs = []
            for row in x:
                f, g, o = (row @ weight.T + h @ recurrent.T + bias).chunk(3, -1)
                f, o = torch.sigmoid(f), torch.sigmoid(o)
                i = 1 - f
                c = f * c + i * torch.tanh(g)
                h = o * torch.tanh(c)
                outputs.append(h)
            x = torch.stack(outputs)
            last.append((h, c))
        return x, tuple(torch.stack(states) for states in zip(*last))


def freeze_second_biases(model, cell):
    for name, parameter in model.named_parameters():
        if "bias_hh" in name and cell != "gru":
            nn.init.zeros_(parameter)
            parameter.requires_grad = False


class Model(nn.Module):
    def __init__(self, cell, layers):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = CELLS[cell](layers)
        self.decoder = nn.Linear(HIDDEN, VOCABULARY)
        freeze_second_biases(self, cell)

    def forward(self, tokens, state):
        outputs, state = self.rnn(self.embedding(tokens), state)
        return self.decoder(outputs), state


class Network(nn.Module):
    """Reads sentences of word forms. Forms past the vocabulary are unknown words, with the id 0."""

    def __init__(self, cell, layers, embedding, hidden, bidirectional, residual=False, tied=False, characters=None):
        super().__init__()
        sizes = {"bidirectional": bidirectional}
        if cell == "tanh":
            sizes["nonlinearity"] = cell
        rnn = {"tanh": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.embedding = nn.Embedding(VOCABULARY, embedding)
        width, output = embedding, (2 if bidirectional else 1) * hidden
        if characters:
            self.character_embedding = nn.Embedding(characters["vocabulary"], characters["embedding"])
            self.character_rnn = rnn(characters["embedding"], characters["hidden"], **{**sizes, "bidirectional": True})
            width += 2 * characters["hidden"]
        if residual:
            self.rnn = nn.ModuleList(rnn(output if i else width, hidden, **sizes) for i in range(layers))
        else:
            self.rnn = rnn(width, hidden, layers, **sizes)
        self.decoder = nn.Linear(output, VOCABULARY if tied else TAGS)
        if tied:
            self.decoder.weight = self.embedding.weight
        self.has_characters = characters is not None
        freeze_second_biases(self, cell)

    def vectors(self, spellings):
        _, state = self.character_rnn(
            pack_sequence([self.character_embedding(torch.tensor(s)) for s in spellings], enforce_sorted=False))
        h = state[0] if isinstance(state, tuple) else state
        return torch.cat([h[0], h[1]], 1)

    def forward(self, sentences, spellings):
        inputs = []
        vectors = self.vectors(spellings) if self.has_characters else None
        for sentence in sentences:
            x = self.embedding(torch.tensor([form if form < VOCABULARY else 0 for form in sentence]))
            inputs.append(torch.cat([x, vectors[sentence]], 1) if self.has_characters else x)
        x = pack_sequence(inputs)
        if isinstance(self.rnn, nn.ModuleList):
            for rnn in self.rnn:
                y, _ = rnn(x)
                data = y.data + x.data if y.data.shape == x.data.shape else y.data
                x = PackedSequence(data, x.batch_sizes)
        else:
            x, _ = self.rnn(x)
        return self.decoder(x.data)


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def results(model, batches, run, name_of=lambda name: name, criterion=nn.CrossEntropyLoss(), shown=lambda logits: logits):
    """What the model makes of the first of ten batches, and of all of them with each optimizer.

    run(batch, state) gives logits and targets, row by row, and the next state; criterion their mean loss, and shown the
    logarithms of what are to be probabilities."""
    begin = {n: p.detach().clone() for n, p in model.named_parameters()}
    logits, targets, state = run(batches[0], None)
    loss = criterion(logits, targets)
    loss.backward()
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    result = {
        "parameters": {name_of(n): numbers(begin[n]) for n, _ in named},
        "logits": numbers(shown(logits)), "loss": loss.item(), "gradients": {name_of(n): numbers(p.grad) for n, p in named},
        "losses": {},
    }
    for name, make in OPTIMIZERS.items():
        # A tied weight has one of its two names.
        model.load_state_dict(begin, strict=False)
        optimizer = make([p for _, p in named])
        state, losses = None, []
        for batch in batches:
            optimizer.zero_grad()
            logits, targets, state = run(batch, state)
            loss = criterion(logits, targets)
            loss.backward()
            nn.utils.clip_grad_norm_([p for _, p in named], 0.25)
            optimizer.step()
            losses.append(loss.item())
        result["losses"][name] = losses
    return result


def language_model(cell, layers):
    torch.manual_seed(7)
    model = Model(cell, layers)
    tokens = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))
    targets = torch.randint(VOCABULARY, (10, TIMESTEPS, STREAMS))

    def run(batch, state):
        logits, state = model(batch[0], state)
        return logits.flatten(0, 1), batch[1].flatten(), detached(state)

    return {
        "cell": cell, "layers": layers, "vocabulary": VOCABULARY, "embedding": EMBEDDING,
        "hidden": HIDDEN, "streams": STREAMS, "timesteps": TIMESTEPS,
        "tokens": [numbers(t) for t in tokens], "targets": [numbers(t) for t in targets],
    } | results(model, list(zip(tokens, targets)), run)


def network(cell, layers, embedding, hidden, bidirectional=True, residual=False, tied=False, characters=None):
    torch.manual_seed(8)
    model = Network(cell, layers, embedding, hidden, bidirectional, residual, tied, characters)
    draw = random.Random(9)
    classes = VOCABULARY if tied else TAGS
    forms = FORMS if characters else VOCABULARY
    spellings = [[draw.randrange(characters["vocabulary"]) for _ in range(draw.randint(1, 6))]
                 for _ in range(forms)] if characters else []
    # One sentence of one word in each batch, and batches of any size.
    lengths = [sorted([draw.randint(1, 8) for _ in range(draw.randint(0, 4))] + [1], reverse=True) for _ in range(10)]
    lengths[0] = [8, 5, 5, 2, 1]
    sentences = [[[draw.randrange(forms) for _ in range(n)] for n in batch] for batch in lengths]
    targets = [[[draw.randrange(classes) for _ in range(n)] for n in batch] for batch in lengths]

    def run(batch, _):
        words, targets = batch
        return model(words, spellings), pack_sequence([torch.tensor(t) for t in targets]).data, None

    def name_of(name):
        return re.sub(r"^rnn\.(\d+)\.(.*)_l0", r"rnn.\2_l\1", name)

    return {
        "cell": cell, "layers": layers, "vocabulary": VOCABULARY, "embedding": embedding, "hidden": hidden,
        "classes": classes, "bidirectional": bidirectional, "residual": residual, "tied": tied,
        "characters": characters, "spellings": spellings, "sentences": sentences, "targets": targets,
    } | results(model, list(zip(sentences, targets)), run, name_of)


NETWORKS = {
    "bidirectional-tanh": lambda: network("tanh", 2, 7, 5),
    "bidirectional-lstm": lambda: network("lstm", 2, 7, 5),
    "bidirectional-gru": lambda: network("gru", 2, 7, 5),
    "residual-lstm": lambda: network("lstm", 3, 7, 6, bidirectional=False, residual=True),
    "residual-bidirectional-lstm": lambda: network("lstm", 2, 10, 5, residual=True),
    "tied-lstm": lambda: network("lstm", 1, 13, 13, bidirectional=False, tied=True),
    "tagger-lstm": lambda: network("lstm", 1, 7, 6, characters={"vocabulary": 9, "embedding": 3, "hidden": 4}),
    "tagger-gru": lambda: network("gru", 1, 7, 6, characters={"vocabulary": 9, "embedding": 3, "hidden": 4}),
}

if __name__ == "__main__":
    folder = pathlib.Path(__file__).parent
    cases = {f"{cell}-{layers}": lambda cell=cell, layers=layers: language_model(cell, layers)
             for cell, layers in (("tanh", 1), ("tanh", 3), ("relu", 2), ("lstm", 1), ("lstm", 3), ("gru", 1), ("gru", 3),
                                  ("cifg", 1), ("cifg", 3))}
    for name, make in (cases | NETWORKS).items():
        with open(folder / f"{name}.json", "w") as file:
            json.dump(make(), file, separators=(",", ":"))
            file.write("\n")
