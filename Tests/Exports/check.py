#!/usr/bin/env python3
"""Compares exported models in PyTorch, onnxruntime and rnn-train, and runs the documentation's programs on them.

    check.py PROGRAM LOGITS      the built rnn-train and model-logits; needs torch, onnx, onnxruntime, safetensors and h5py

Small networks of every cell with one to three layers, in one direction (language models) and in two (taggers), with every
output layer and what else a network can have, are trained for some steps and exported in every format. All logits must
be the same to 1e-5, relative to those above 1, and all tags equal: for 1 and 7 sentences side by side of 1 to 50 words.
"""
import json, pathlib, re, subprocess, sys, tempfile

import h5py, numpy as np, onnx, onnxruntime, torch, torch.nn as nn
from safetensors.numpy import load_file
from safetensors import safe_open

root = pathlib.Path(__file__).resolve().parents[2]
program, logits_program = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
page = (root / "Sources/Training/Documentation.docc/Exports.md").read_text()
programs = re.findall(r"```python\n(.*?)```", page, re.S)
tolerance = 1e-5
faults, worst = 0, 0.0


def expect(holds, what):
    global faults
    if not holds:
        print("FAULT " + what, flush=True)
    faults += not holds


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **options).stdout


def sentences():
    """Of the test split's words and some that nobody knows, as long as they are to be."""
    words = (root / "datasets/english/test.txt").read_text().split()
    words[3:100:9] = ["Zyzzyva"] * len(words[3:100:9])
    words[5] = "Xę🐑"
    words[7:100:9] = [word.upper() for word in words[7:100:9]]
    return [words[7 * i : 7 * i + length] for i, length in enumerate((50, 1, 50, 13, 7, 1, 30))]


def train(directory, task, model):
    corpus = {"language-model": "txt", "tagging": "conllu"}[task]
    source = (root / f"datasets/english/validation.{corpus}").read_text()
    end = "\n" if corpus == "txt" else "\n\n"
    data = directory / f"data.{corpus}"
    data.write_text(end.join(source.split(end)[:150]) + end)
    config = {
        "task": task, "data": {"train": str(data), "vocabulary": {"lowercase": task == "tagging"}}, "model": model,
        "training": {"epochs": 2, "batch_size": 10, "optimizer": {"name": "adam", "learning_rate": 0.02}},
        "output": {"directory": str(directory / "run")},
    }
    path = directory / "network.cfg"
    path.write_text(json.dumps(config))  # JSON is YAML
    run(program, "-q", "--config", path)
    for format in ("safetensors", "onnx", "pytorch"):
        run(program, "export", directory / "run", "--format", format)
    return directory / "run"


class Reference:
    """The model in PyTorch, from the file of the format pytorch: its modules where it has them, else its operations."""

    def __init__(self, path):
        content = torch.load(path, weights_only=True)
        self.weights, self.about = content["state_dict"], content["metadata"]
        self.tokens = {token: id for id, token in enumerate(json.loads(self.about["tokens"]))}
        self.known = str.lower if "lowercase" in self.about else str
        self.spelling = json.loads(self.about.get("characters", "[]"))
        self.spelling = {character: id for id, character in enumerate(self.spelling)}

    def ids(self, sentence):
        return [self.tokens.get(self.known(word), self.tokens["<unk>"]) for word in sentence]

    def recurrent(self, x, module, layer):
        """[T, inputs] -> [T, units of all directions], and the last states of each direction."""
        suffixes = [s for s in ("", "_reverse") if f"{module}.weight_ih_l{layer}{s}" in self.weights]
        outputs, lasts = [], []
        for suffix in suffixes:
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            own = {f"{name}_l0": self.weights[f"{module}.{name}_l{layer}{suffix}"] for name in names}
            y = self.direction(x.flip(0) if suffix else x, own)
            lasts.append(y[-1])
            outputs.append(y.flip(0) if suffix else y)
        return torch.cat(outputs, 1), torch.cat(lasts)

    def direction(self, x, own):
        cell, activation = self.about["model.cell"], self.about.get("model.activation")
        (rows, inputs), units = own["weight_ih_l0"].shape, own["weight_hh_l0"].shape[1]
        if cell == "cifg" or activation == "sigmoid":
            return self.by_hand(x, cell, own, units)
        options = {"nonlinearity": activation} if cell == "elman" else {}
        module = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](inputs, units, **options)
        module.load_state_dict(own)
        return module(x)[0]

    def by_hand(self, x, cell, own, units):
        h = c = torch.zeros(units)
        rows = []
        for x_t in x:
            z = own["weight_ih_l0"] @ x_t + own["bias_ih_l0"] + own["weight_hh_l0"] @ h + own["bias_hh_l0"]
            if cell == "elman":
                h = torch.sigmoid(z)
            else:
                f, g, o = z.split(units)
                c = torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            rows.append(h)
        return torch.stack(rows)

    def logits(self, sentence):
        weights = self.weights
        x = weights["embedding.weight"][self.ids(sentence)]
        if "character_embedding.weight" in weights:
            spelled = [[self.spelling.get(c, self.spelling["<unk>"]) for c in word[:64]] for word in sentence]
            vectors = [weights["character_embedding.weight"][ids] for ids in spelled]
            x = torch.cat([x, torch.stack([self.recurrent(v, "character_rnn", 0)[1] for v in vectors])], 1)
        for layer in range(int(self.about["model.layers"])):
            y, _ = self.recurrent(x, "rnn", layer)
            x = y + x if self.about["model.residual"] == "true" and y.shape == x.shape else y
        if "decoder.head.weight" in weights:
            return self.adaptive(x)
        scores = nn.functional.linear(x, weights["decoder.weight"], weights["decoder.bias"])
        if "decoder.class.weight" not in weights:
            return scores
        starts = json.loads(self.about["cluster_starts"])
        shares = nn.functional.linear(x, weights["decoder.class.weight"], weights["decoder.class.bias"]).log_softmax(1)
        ends = starts[1:] + [scores.shape[1]]
        return torch.cat(
            [scores[:, a:b].log_softmax(1) + shares[:, [i]] for i, (a, b) in enumerate(zip(starts, ends))], 1)

    def adaptive(self, x):
        own = {name.removeprefix("decoder."): value for name, value in self.weights.items() if "decoder" in name}
        divisor = float(self.about["model.output.div_value"])
        cutoffs = json.loads(self.about["cluster_starts"])
        module = nn.AdaptiveLogSoftmaxWithLoss(x.shape[1], len(self.tokens), cutoffs, div_value=divisor)
        module.load_state_dict(own)
        return module.log_prob(x)


class Session:
    """The model in onnxruntime."""

    def __init__(self, path, reference):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.reference = reference
        self.inputs = {i.name: i for i in self.session.get_inputs()}
        self.outputs = [o.name for o in self.session.get_outputs()]

    def start(self, batch):
        states = {name: i for name, i in self.inputs.items() if name.startswith(("h_l", "c_l"))}
        return {name: np.zeros((batch, i.shape[1]), np.float32) for name, i in states.items()}

    def run(self, sentences, states=None):
        reference, lengths = self.reference, [len(sentence) for sentence in sentences]
        tokens = np.full((max(lengths), len(sentences)), 1, np.int64)
        for b, sentence in enumerate(sentences):
            tokens[: len(sentence), b] = reference.ids(sentence)
        given = {"tokens": tokens, **(states or self.start(len(sentences)))}
        if "lengths" in self.inputs:
            given["lengths"] = np.array(lengths, np.int32)
        if "characters" in self.inputs:
            longest = max(len(word) for sentence in sentences for word in sentence)
            given["characters"] = np.full((longest, *tokens.shape), 2, np.int64)
            given["character_counts"] = np.ones(tokens.shape, np.int32)
            for b, sentence in enumerate(sentences):
                for t, word in enumerate(sentence):
                    ids = [reference.spelling.get(c, reference.spelling["<unk>"]) for c in word]
                    given["characters"][: len(ids), t, b] = ids
                    given["character_counts"][t, b] = len(ids)
        logits, *states = self.session.run(self.outputs, given)
        states = {name.removesuffix("_out"): value for name, value in zip(self.outputs[1:], states)}
        return [logits[: len(sentence), b] for b, sentence in enumerate(sentences)], states


def compare(found, expected, what):
    global worst
    found, expected = np.asarray(found), np.asarray(expected)
    expect(found.shape == expected.shape, f"{what}: shape {found.shape}, {expected.shape}")
    difference = float(np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected))))
    worst = max(worst, difference)
    expect(difference <= tolerance, f"{what}: difference {difference:.1e}")


def check(task, model, name):
    with tempfile.TemporaryDirectory() as directory:
        path = train(pathlib.Path(directory), task, model)
        tensors = load_file(path / "model.safetensors")
        with h5py.File(path / "checkpoints/last.h5") as file, safe_open(path / "model.safetensors", "np") as header:
            stored = {key: value[...] for key, value in file["parameters"].items()}
            expect(header.metadata()["config"] == file["config"].asstr()[()], f"{name}: configuration")
        expect(tensors.keys() == stored.keys(), f"{name}: names of tensors")
        for key, value in stored.items():
            expect(tensors[key].shape == value.shape and tensors[key].tobytes() == value.tobytes(), f"{name}: {key}")
        onnx.checker.check_model(str(path / "model.onnx"), full_check=True)

        batch = sentences()
        if task == "language-model":
            batch = [(words * 50)[:50] for words in batch]
        text = "\n".join(" ".join(words) for words in batch) + "\n"
        ours = [np.array(rows, np.float32) for rows in json.loads(run(logits_program, path / "model.safetensors", input=text))]
        reference = Reference(path / "model.pt")
        session = Session(path / "model.onnx", reference)
        together, _ = session.run(batch)
        for i, words in enumerate(batch):
            compare(reference.logits(words), ours[i], f"{name}: PyTorch, sentence {i}")
            compare(together[i], ours[i], f"{name}: onnxruntime, 7 sentences, {i}")
        for i in (0, 1):
            compare(session.run([batch[i]])[0][0], ours[i], f"{name}: onnxruntime, {len(batch[i])} words alone")
        if task == "language-model":
            compare(session.run([words[:1] for words in batch])[0], [rows[:1] for rows in ours], f"{name}: one timestep")
            first, states = session.run([words[:20] for words in batch])
            rest, _ = session.run([words[20:] for words in batch], states)
            compare(np.concatenate([first, rest], 1), ours, f"{name}: going on from the states")
        else:
            tags = json.loads(reference.about["tags"])
            lines = run(program, "tag", path, input=text).splitlines()
            found = [" ".join(f"{w}/{tags[row.argmax()]}" for w, row in zip(words, rows)) for words, rows in zip(batch, together)]
            expect(found == lines, f"{name}: tags of onnxruntime")
        if name in documented:
            run_documented(path, task, name, text)


def run_documented(path, task, name, text):
    """The documentation's programs do what the program does."""
    if task == "tagging":
        expected = run(program, "tag", path, input=text).split()
    else:
        expected = run(program, "generate", path, "--temperature", 0, "--length", 20).split()
    # Those for safetensors have no characters.
    files = ["model.onnx"] + ["model.safetensors", "model.safetensors"] * (" with " not in name)
    for source, file in zip(programs, files):
        found = run(sys.executable, "-c", source, path / file, input=text).split()
        expect(expected and found == expected, f"{name}, {file}: the documentation's program: {found[:30]}")


documented = ("lstm x 2 forward", "lstm x 2 both directions", "gru with characters")
networks = []
for cell in ("elman", "lstm", "gru", "cifg"):
    for layers in (1, 2, 3):
        for task, way in (("language-model", "forward"), ("tagging", "both directions")):
            model = {"embedding": 12, "cell": cell, "hidden": 9 + layers, "layers": layers}
            networks.append((task, {**model, "bidirectional": task == "tagging"}, f"{cell} x {layers} {way}"))
small = {"embedding": 11, "cell": "lstm", "hidden": 11}
networks += [
    ("language-model", {**small, "tie_embeddings": True}, "tied embeddings"),
    ("language-model", {**small, "residual": True, "layers": 2}, "residual"),
    ("language-model", {**small, "hidden": [19, 8, 11], "tie_embeddings": True}, "layers of different widths"),
    ("tagging", {**small, "hidden": [5, 18], "cell": "gru", "bidirectional": True}, "tagger of different widths"),
    ("language-model", {**small, "output": {"kind": "class"}}, "word classes"),
    ("language-model", {**small, "output": {"kind": "adaptive", "cutoffs": [40, 90], "div_value": 2}}, "adaptive"),
    ("language-model", {**small, "output": {"kind": "sampled", "samples": 20}}, "sampled"),
    ("language-model", {**small, "cell": "elman", "activation": "relu"}, "relu"),
    ("language-model", {**small, "cell": "elman", "activation": "sigmoid"}, "sigmoid"),
    ("tagging", small, "tagger in one direction"),
    ("tagging", {**small, "cell": "elman", "bidirectional": True, "residual": True, "embedding": 22}, "residual tagger"),
]
for cell in ("lstm", "gru", "elman", "cifg"):
    characters = {"embedding": 5, "hidden": 6}
    networks.append(
        ("tagging", {**small, "cell": cell, "bidirectional": True, "characters": characters}, f"{cell} with characters"))
torch.set_num_threads(2)
with torch.no_grad():
    for network in networks:
        check(*network)
print(f"{len(networks)} networks, largest difference {worst:.1e}, {faults} faults")
sys.exit(1 if faults else 0)
