#!/usr/bin/env python3
"""Compares `score` with the same sums in double precision, by numpy alone.

    score.py PROGRAM        PROGRAM is the built rnn-train; needs numpy and h5py

The program trains small models of every cell and every output layer; their parameters are read from the checkpoints,
and the log-probability of each line is computed from the formulas, one line and one timestep after the other, and the
whole distribution at each, which has to sum to one. A line's may differ by 1e-5 nats at most. Lists of hypotheses are
sorted here by these sums, and have to come out in the same order.
"""
import json, pathlib, subprocess, sys, tempfile
import h5py
import numpy as np

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(sys.argv[1]).resolve()
tolerance = 1e-5
faults = 0


def run(*arguments, text=None):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, input=text).stdout


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(x):
    return x - x.max() - np.log(np.exp(x - x.max()).sum())


activations = {"tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda x: np.maximum(x, 0)}


class Model:
    """A language model in double precision."""

    def __init__(self, path, settings):
        with h5py.File(path, "r") as file:
            self.parameters = {name: data[...].astype(np.float64) for name, data in file["parameters"].items()}
            self.vocabulary = {token: row for row, token in enumerate(file["vocabulary/tokens"].asstr()[...])}
        self.settings = settings

    def layer(self, index, x, state):
        """h_t of a layer, and its state: h alone, or h and c."""
        p, cell = self.parameters, self.settings["cell"]
        h, size = state[0], len(state[0])
        z = p[f"rnn.weight_ih_l{index}"] @ x + p[f"rnn.bias_ih_l{index}"]
        u = p[f"rnn.weight_hh_l{index}"] @ h
        gate = lambda k: slice(k * size, (k + 1) * size)
        if cell == "elman":
            return (activations[self.settings.get("activation", "tanh")](z + u),)
        if cell == "gru":
            u = u + p[f"rnn.bias_hh_l{index}"]
            r, update = sigmoid(z[gate(0)] + u[gate(0)]), sigmoid(z[gate(1)] + u[gate(1)])
            n = np.tanh(z[gate(2)] + r * u[gate(2)])
            return ((1 - update) * n + update * h,)
        z, c = z + u, state[1]
        if cell == "cifg":
            f, g, o = sigmoid(z[gate(0)]), np.tanh(z[gate(1)]), sigmoid(z[gate(2)])
            i = 1 - f
        else:
            i, f, g, o = sigmoid(z[gate(0)]), sigmoid(z[gate(1)]), np.tanh(z[gate(2)]), sigmoid(z[gate(3)])
        c = f * c + i * g
        return o * np.tanh(c), c

    def distribution(self, h):
        """Logarithms of the probabilities of all tokens."""
        p, output = self.parameters, self.settings.get("output", {"kind": "softmax"})
        if output["kind"] in ("softmax", "sampled"):
            weight = p["embedding.weight"] if self.settings.get("tie_embeddings") else p["decoder.weight"]
            return log_softmax(weight @ h + p["decoder.bias"])
        if output["kind"] == "adaptive":
            head = log_softmax(p["decoder.head.weight"] @ h)
            shortlist, parts = output["cutoffs"][0], []
            for index in range(len(output["cutoffs"])):
                inputs = p[f"decoder.tail.{index}.0.weight"] @ h
                parts.append(head[shortlist + index] + log_softmax(p[f"decoder.tail.{index}.1.weight"] @ inputs))
            return np.concatenate([head[:shortlist], *parts])
        # Word classes: about equal sums of the square roots of Zipf's frequencies.
        size, count = len(self.vocabulary), output["classes"]
        roots = np.sqrt(1 / np.arange(1, size + 1))
        starts, total = [0], 0.0
        for token in range(size - 1):
            total += roots[token]
            if len(starts) < count and total * count > roots.sum() * len(starts):
                starts.append(token + 1)
        head = log_softmax(p["decoder.class.weight"] @ h + p["decoder.class.bias"])
        logits = p["decoder.weight"] @ h + p["decoder.bias"]
        return np.concatenate([
            head[index] + log_softmax(logits[start:end])
            for index, (start, end) in enumerate(zip(starts, starts[1:] + [size]))])

    def score(self, tokens):
        """The log-probability of each token of a line that has its end, and which of them are unknown."""
        ids = [self.vocabulary.get(token, self.vocabulary["<unk>"]) for token in tokens]
        size, layers = self.settings["hidden"], self.settings.get("layers", 1)
        parts = 2 if self.settings["cell"] in ("lstm", "cifg") else 1
        states = [(np.zeros(size),) * parts for _ in range(layers)]
        previous, values = self.vocabulary[tokens[-1]], []
        for token in ids:
            x = self.parameters["embedding.weight"][previous]
            for index in range(layers):
                states[index] = self.layer(index, x, states[index])
                is_residual = self.settings.get("residual") and len(x) == size
                x = states[index][0] + x if is_residual else states[index][0]
            logarithms = self.distribution(x)
            assert abs(np.exp(logarithms).sum() - 1) < 1e-12
            values.append(logarithms[token])
            previous = token
        return values, [token == self.vocabulary["<unk>"] for token in ids]


def train(directory, settings, tokens):
    config = {
        "data": {"train": str(root / "datasets/english/validation.txt"), "tokens": tokens,
                 "vocabulary": {"min_count": 2 if tokens == "whitespace" else 1}},
        "model": settings,
        "training": {"epochs": 2, "batch_size": 10, "optimizer": {"name": "adam", "learning_rate": 0.01}},
        "output": {"directory": f"{directory}/run"},
    }
    path = pathlib.Path(directory) / "model.cfg"
    path.write_text(json.dumps(config))  # JSON is YAML
    run("-q", "--config", str(path))
    return f"{directory}/run/checkpoints/last.h5"


def expect(holds, what):
    global faults
    print(("ok    " if holds else "FAULT ") + what, flush=True)
    faults += not holds


def check_lines(model, checkpoint, name, split, end):
    lines = (root / "datasets/english/test.txt").read_text().splitlines()
    texts = [*lines[:60], "", "no such wurds at al", " ".join(lines[:8]), "<unk> the <unk>"]
    found = run("score", "--json", "--tokens", "-q", "--checkpoint", checkpoint, text="\n".join(texts) + "\n").splitlines()
    worst = 0.0
    for text, line in zip(texts, map(json.loads, found), strict=True):
        values, unknown = model.score(split(text) + [end])
        known = sum(value for value, is_unknown in zip(values, unknown) if not is_unknown)
        worst = max(
            worst, abs(sum(values) - line["log_probability"]), abs(known - line["log_probability_known"]),
            *np.abs(np.subtract(values, line["token_log_probabilities"])))
        if (line["tokens"], line["unknown"]) != (len(values), sum(unknown)):
            expect(False, f"{name}: counts of {text!r}: {line}")
    expect(worst < tolerance, f"{name}: {len(texts)} lines, largest difference {worst:.1e} nats")


def check_lists(model, checkpoint):
    """100 lists of 10 hypotheses: prefixes and other orders of lines, with scores as a recogniser's."""
    random = np.random.default_rng(1)
    lines = [line.split() for line in (root / "datasets/english/test.txt").read_text().splitlines()[:100]]
    weight, utterances = 0.7, {}
    for number, words in enumerate(lines):
        hypotheses = [" ".join(random.permutation(words)[: random.integers(0, len(words) + 1)]) for _ in range(10)]
        utterances[f"utt-{number}"] = [(text, round(float(random.normal(-20, 3)), 3)) for text in hypotheses]
    plain = "".join(f"{u}-{k + 1} {text}\n" for u, list_ in utterances.items() for k, (text, _) in enumerate(list_))
    scored = "".join(f"{u}-{k + 1} {score} {text}\n" for u, list_ in utterances.items() for k, (text, score) in enumerate(list_))
    for name, text, options, total in [
        ("without scores", plain, [], lambda log_probability, score: log_probability),
        ("with scores", scored, ["--weight", str(weight)], lambda log_probability, score: score + weight * log_probability),
    ]:
        expected, best = [], []
        for utterance, hypotheses in utterances.items():
            totals = [total(sum(model.score(text.split() + ["</s>"])[0]), score) for text, score in hypotheses]
            # Equal texts have equal scores to the last bit, and stay in the list's order.
            order = sorted(range(10), key=lambda k: (-round(totals[k], 9), k))
            expected += [f"{utterance}-{k + 1}" for k in order]
            best.append(f"{utterance} {hypotheses[order[0]][0]}".strip())
        command = ["score", "--n-best", *options, "-q", "--checkpoint", checkpoint]
        found = run(*command, "--all", text=text).splitlines()
        expect([line.split()[0] for line in found] == expected, f"100 lists of 10 {name}: all in order")
        expect(run(*command, text=text).splitlines() == best, f"100 lists of 10 {name}: the best")


models = [({"cell": "elman", "activation": activation}, "whitespace") for activation in ("tanh", "sigmoid", "relu")]
models += [({"cell": cell, "layers": layers}, "whitespace") for cell in ("lstm", "gru", "cifg") for layers in (1, 2)]
models += [
    ({"cell": "lstm", "layers": 2, "residual": True, "embedding": 21}, "whitespace"),
    ({"cell": "gru", "tie_embeddings": True, "embedding": 21}, "whitespace"),
    ({"cell": "lstm", "output": {"kind": "class", "classes": 17}}, "whitespace"),
    ({"cell": "gru", "output": {"kind": "adaptive", "cutoffs": [23, 90]}}, "whitespace"),
    ({"cell": "elman", "output": {"kind": "sampled", "samples": 40}}, "whitespace"),
    ({"cell": "lstm"}, "character"),
]
for settings, tokens in models:
    settings = {"embedding": 18, "hidden": 21, **settings}
    with tempfile.TemporaryDirectory() as directory:
        checkpoint = train(directory, settings, tokens)
        model = Model(checkpoint, settings)
        split, end = (list, "\n") if tokens == "character" else (str.split, "</s>")
        check_lines(model, checkpoint, f"{tokens} {settings}", split, end)
        if "output" in settings and settings["cell"] == "lstm":
            check_lists(model, checkpoint)
print(f"{faults} faults")
sys.exit(1 if faults else 0)
