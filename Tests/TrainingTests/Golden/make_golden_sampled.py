#!/usr/bin/env python3
"""Writes PyTorch's numbers for a sampled output layer, and for updates that touch only rows that occur.

    python3 make_golden_sampled.py        (needs torch; writes sampled.json beside itself)

The classes of a step are drawn here as the program says that it draws them, from Philox 4x32-10.
"""
import json
import math
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

import make_golden
from make_golden import EMBEDDING, HIDDEN, OPTIMIZERS, STREAMS, TIMESTEPS, numbers

VOCABULARY, SAMPLES, SEED, CANDIDATES = 67, 17, 0, 7
ROWS = ("embedding.weight", "decoder.weight", "decoder.bias")


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        product0, product1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(product1 >> 32) ^ c[1] ^ k[0], product1 & 0xFFFFFFFF, (product0 >> 32) ^ c[3] ^ k[1], product0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def drawn_classes(step):
    """The different ones of a step's draws."""
    classes = set()
    for position in range(SAMPLES):
        words = philox([position, 0, step, CANDIDATES], [SEED, 0])
        number = ((words[0] << 32 | words[1]) >> 11) * 2.0**-53
        classes.add(min(int(math.exp(number * math.log(VOCABULARY + 1))) - 1, VOCABULARY - 1))
    return sorted(classes)


def log_inclusion(index):
    probability = math.log((index + 2) / (index + 1)) / math.log(VOCABULARY + 1)
    return math.log(-math.expm1(SAMPLES * math.log1p(-probability)))


class Model(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, EMBEDDING, sparse=sparse)
        self.rnn = nn.LSTM(EMBEDDING, HIDDEN)
        self.decoder = nn.Linear(HIDDEN, VOCABULARY)
        # A column, so that it can have a gradient in some rows.
        self.decoder.bias = nn.Parameter(self.decoder.bias.detach()[:, None])
        self.sparse = sparse
        make_golden.freeze_second_biases(self, "lstm")

    def hidden(self, tokens, state):
        outputs, state = self.rnn(self.embedding(tokens), state)
        return outputs.flatten(0, 1), state

    def loss(self, hidden, targets, step):
        """The mean over the rows of -log softmax over the row's target and the drawn classes other than it."""
        drawn = drawn_classes(step)
        candidates = torch.tensor(drawn + sorted(set(targets.tolist()) - set(drawn)))
        # An embedding whose "embeddings" are rows of the weight has gradients in these rows only.
        weight = F.embedding(candidates, self.decoder.weight, sparse=self.sparse)
        bias = F.embedding(candidates, self.decoder.bias, sparse=self.sparse)[:, 0]
        logits = hidden @ weight.T + bias
        offset = torch.tensor([log_inclusion(c) if c in drawn else math.inf for c in candidates.tolist()])
        own = candidates[None, :] == targets[:, None]
        logits = torch.where(own, logits, logits - offset)
        return F.cross_entropy(logits, own.int().argmax(1))


def clip(parameters, limit):
    """clip_grad_norm_, for gradients of rows as well."""
    gradients = [p.grad.coalesce().values() if p.grad.is_sparse else p.grad for p in parameters]
    norm = torch.stack([g.norm() for g in gradients]).norm()
    for p in parameters:
        p.grad = p.grad * min(1.0, limit / (norm.item() + 1e-6))


def train(model, make, tokens, targets):
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    optimizers = make(named)
    state, losses = None, []
    for step, (x, y) in enumerate(zip(tokens, targets), 1):
        model.zero_grad(set_to_none=model.sparse)
        hidden, state = model.hidden(x, state)
        state = make_golden.detached(state)
        loss = model.loss(hidden, y.flatten(), step)
        loss.backward()
        clip([p for _, p in named], 0.25)
        for optimizer in optimizers:
            optimizer.step()
        losses.append(loss.item())
    return losses


def sparse_adam(named):
    rows = [p for n, p in named if n in ROWS]
    return [
        torch.optim.SparseAdam(rows, lr=0.02, betas=(0.8, 0.95), eps=1e-8),
        torch.optim.Adam([p for n, p in named if n not in ROWS], lr=0.02, betas=(0.8, 0.95), eps=1e-8),
    ]


if __name__ == "__main__":
    torch.manual_seed(8)
    model = Model(sparse=False)
    begin = {n: p.detach().clone() for n, p in model.named_parameters()}
    # By rank, so that classes are drawn that are targets; and few enough that many words occur but now and then.
    ranks = 1 / torch.arange(1.0, VOCABULARY + 1)
    tokens, targets = (torch.multinomial(ranks, 10 * TIMESTEPS * STREAMS, True).view(10, TIMESTEPS, STREAMS)
                       for _ in range(2))
    hidden, _ = model.hidden(tokens[0], None)
    loss = model.loss(hidden, targets[0].flatten(), 1)
    loss.backward()
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    result = {
        "cell": "lstm", "layers": 1, "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN,
        "streams": STREAMS, "timesteps": TIMESTEPS, "samples": SAMPLES,
        "tokens": [numbers(t) for t in tokens], "targets": [numbers(t) for t in targets],
        "parameters": {n: numbers(begin[n]) for n, _ in named},
        "logits": numbers(hidden @ model.decoder.weight.T + model.decoder.bias[:, 0]), "loss": loss.item(),
        "gradients": {n: numbers(p.grad) for n, p in named},
        "losses": {}, "sparseLosses": {},
    }
    for name, make in OPTIMIZERS.items():
        model.load_state_dict(begin)
        result["losses"][name] = train(model, lambda named: [make([p for _, p in named])], tokens, targets)
    sparse = Model(sparse=True)
    for name, make in (
        ("adam", sparse_adam),
        ("sgd", lambda named: [torch.optim.SGD([p for _, p in named], lr=0.5)]),
    ):
        sparse.load_state_dict(begin)
        result["sparseLosses"][name] = train(sparse, make, tokens, targets)
    with open(pathlib.Path(__file__).parent / "sampled.json", "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")
