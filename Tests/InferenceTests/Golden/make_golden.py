#!/usr/bin/env python3
"""Writes next-token distributions in double precision, one for each output layer, for the tests to compare with.

    python3 make_golden.py        (needs numpy; writes next.json beside itself)

The network is one LSTM layer, written out with numpy: nothing of it is the program's.
"""
import json
import pathlib

import numpy as np

VOCABULARY, EMBEDDING, HIDDEN = 23, 5, 9
PROMPT = [7, 3, 21, 0, 7]
LINE_END = 1  # is read before the prompt
CUTOFFS, DIV_VALUE = [4, 11], 2
# Of the two-step softmax with four classes: the sums of square roots of 1/(id + 1) are about the same.
CLASSES = 4


def class_ranges():
    roots = [(1 / (token + 1)) ** 0.5 for token in range(VOCABULARY)]
    starts, total = [0], 0.0
    for token in range(VOCABULARY - 1):
        total += roots[token]
        if len(starts) < CLASSES and total * CLASSES > sum(roots) * len(starts):
            starts.append(token + 1)
    return list(zip(starts, starts[1:] + [VOCABULARY]))


def log_softmax(z):
    z = z - z.max()
    return z - np.log(np.exp(z).sum())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def hidden_state(p):
    h, c = np.zeros(HIDDEN), np.zeros(HIDDEN)
    for token in [LINE_END] + PROMPT:
        z = p["rnn.weight_ih_l0"] @ p["embedding.weight"][token] + p["rnn.weight_hh_l0"] @ h + p["rnn.bias_ih_l0"]
        i, f, g, o = np.split(z, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


def softmax(p, h):
    return log_softmax(p["decoder.weight"] @ h + p["decoder.bias"])


def classes(p, h):
    outer = log_softmax(p["decoder.class.weight"] @ h + p["decoder.class.bias"])
    logits = p["decoder.weight"] @ h + p["decoder.bias"]
    return np.concatenate([outer[k] + log_softmax(logits[a:b]) for k, (a, b) in enumerate(class_ranges())])


def adaptive(p, h):
    head = log_softmax(p["decoder.head.weight"] @ h)
    tails = [
        head[CUTOFFS[0] + k]
        + log_softmax(p[f"decoder.tail.{k}.1.weight"] @ (p[f"decoder.tail.{k}.0.weight"] @ h))
        for k in range(len(CUTOFFS))
    ]
    return np.concatenate([head[: CUTOFFS[0]], *tails])


PLAIN = {"decoder.weight": (VOCABULARY, HIDDEN), "decoder.bias": (VOCABULARY,)}
OUTPUTS = {
    "softmax": (softmax, PLAIN),
    "sampled": (softmax, PLAIN),
    "class": (classes, {**PLAIN, "decoder.class.weight": (CLASSES, HIDDEN), "decoder.class.bias": (CLASSES,)}),
    "adaptive": (adaptive, {
        "decoder.head.weight": (CUTOFFS[0] + 2, HIDDEN),
        "decoder.tail.0.0.weight": (HIDDEN // 2, HIDDEN), "decoder.tail.0.1.weight": (7, HIDDEN // 2),
        "decoder.tail.1.0.weight": (HIDDEN // 4, HIDDEN), "decoder.tail.1.1.weight": (12, HIDDEN // 4),
    }),
}


def case(output, shapes, random):
    shapes = {
        "embedding.weight": (VOCABULARY, EMBEDDING), "rnn.weight_ih_l0": (4 * HIDDEN, EMBEDDING),
        "rnn.weight_hh_l0": (4 * HIDDEN, HIDDEN), "rnn.bias_ih_l0": (4 * HIDDEN,), **shapes,
    }
    # Numbers that are the same in single precision and in the file.
    parameters = {name: np.round(random.normal(0, 0.7, shape) * 256) / 256 for name, shape in shapes.items()}
    return {
        "parameters": {name: value.ravel().tolist() for name, value in parameters.items()},
        "logProbabilities": output(parameters, hidden_state(parameters)).tolist(),
    }


if __name__ == "__main__":
    random = np.random.default_rng(5)
    golden = {
        "vocabulary": VOCABULARY, "embedding": EMBEDDING, "hidden": HIDDEN, "prompt": PROMPT, "cutoffs": CUTOFFS,
        "divValue": DIV_VALUE, "classes": CLASSES,
        "outputs": {name: case(*output, random) for name, output in OUTPUTS.items()},
    }
    path = pathlib.Path(__file__).with_name("next.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
