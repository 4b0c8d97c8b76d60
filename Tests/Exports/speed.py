#!/usr/bin/env python3
"""Tokens per second of onnxruntime beside `generate` and `tag`, on the same models and as many threads.

    speed.py PROGRAM LANGUAGE_MODEL TAGGER [THREADS]      runs of words; needs onnxruntime

Both write one text token by token, the likeliest each time, by one thread, and both tag the same sentences, 32 side by side. The time that
a program takes to start and to read its model doesn't count. The best of three.
"""
import json, os, pathlib, subprocess, sys, tempfile, time

import numpy as np, onnxruntime

program, language_model, tagger = sys.argv[1:4]
threads = int(sys.argv[4]) if len(sys.argv) > 4 else len(os.sched_getaffinity(0))
root = pathlib.Path(__file__).resolve().parents[2]
length, repetitions = 5000, 4


def best(body):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return min(times)


def command(*arguments, text=""):
    subprocess.run([program, *map(str, arguments)], input=text, text=True, check=True, capture_output=True)


def load(run, threads):
    """The session, the metadata, and the sizes of the states."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "model.onnx")
        command("export", run, "--format", "onnx", "--output", path)
        session = onnxruntime.InferenceSession(path, options)
        print(f"{run}: {os.path.getsize(path):,} bytes of ONNX")
    states = {i.name: i.shape[1] for i in session.get_inputs() if i.name[:3] in ("h_l", "c_l")}
    return session, session.get_modelmeta().custom_metadata_map, states


def zeros(states, batch):
    return {name: np.zeros((batch, units), np.float32) for name, units in states.items()}


def write(session, about, states):
    names = [output.name.removesuffix("_out") for output in session.get_outputs()]
    token, given = json.loads(about["tokens"]).index("</s>"), zeros(states, 1)
    for _ in range(length):
        logits, *values = session.run(None, {"tokens": np.array([[token]]), **given})
        given = dict(zip(names[1:], values))
        logits[0, 0, 0] = -np.inf
        token = logits.argmax()


def tag(session, about, states, sentences):
    ids = {token: id for id, token in enumerate(json.loads(about["tokens"]))}
    known = str.lower if "lowercase" in about else str
    letters = {character: id for id, character in enumerate(json.loads(about["characters"]))}
    spelled = "characters" in [i.name for i in session.get_inputs()]
    for first in range(0, len(sentences), 32):
        batch = sentences[first : first + 32]
        lengths = np.array([len(words) for words in batch], np.int32)
        tokens = np.zeros((lengths.max(), len(batch)), np.int64)
        counts = np.ones(tokens.shape, np.int32)
        characters = np.zeros((max(len(w) for words in batch for w in words), *tokens.shape), np.int64)
        for b, words in enumerate(batch):
            for t, word in enumerate(words):
                tokens[t, b] = ids.get(known(word), ids["<unk>"])
                counts[t, b] = len(word)
                characters[: len(word), t, b] = [letters.get(c, 0) for c in word]
        given = {"tokens": tokens, "lengths": lengths, **zeros(states, len(batch))}
        if spelled:
            given.update(characters=characters, character_counts=counts)
        session.run(["logits"], given)[0].argmax(2)


def report(what, threads, tokens, ours, theirs):
    print(f"{what}, {threads} threads: rnn-train {tokens / ours:,.0f} tokens/s, onnxruntime {tokens / theirs:,.0f}")


generate = ["generate", language_model, "--temperature", 0, "--length"]
ours = best(lambda: command(*generate, length)) - best(lambda: command(*generate, 0))
model = load(language_model, 1)
report("writing", 1, length, ours, best(lambda: write(*model)))

lines = (root / "datasets/english/test.txt").read_text().splitlines() * repetitions
sentences = [line.split() for line in lines]
words = sum(map(len, sentences))
options = ["tag", tagger, "--threads", threads]
ours = best(lambda: command(*options, text="\n".join(lines) + "\n")) - best(lambda: command(*options))
model = load(tagger, threads)
report("tagging", threads, words, ours, best(lambda: tag(*model, sentences)))
