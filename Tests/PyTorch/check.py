#!/usr/bin/env python3
"""Loads checkpoints in PyTorch by the very lines of the documentation, and compares what comes out.

    check.py PROGRAM        PROGRAM is the built rnn-train; needs torch and h5py

Small networks of every cell, with one to three layers, in one direction (language models) and in two (taggers) are
trained by the program. PyTorch must give the same loss on a split, and the same tag for every word.
"""
import json, pathlib, re, subprocess, sys, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
page = root / "Sources/Training/Documentation.docc/PyTorch.md"
exec(re.search(r"```python\n(.*?)```", page.read_text(), re.S).group(1))

program = pathlib.Path(sys.argv[1]).resolve()
tolerance = 1e-5  # of the loss: sums in another order, and other exponential functions
faults = 0


def run(*arguments, **options):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True, **options).stdout


def train(directory, task, model):
    corpus = {"language-model": "txt", "tagging": "conllu"}[task]
    data = {split: root / "datasets/english" / f"{split}.{corpus}" for split in ("validation", "test")}
    config = {
        "task": task, "data": {"train": str(data["validation"]), "validation": str(data["test"])}, "model": model,
        "training": {"epochs": 1, "batch_size": 20, "optimizer": {"name": "adam", "learning_rate": 0.01}},
        "output": {"directory": f"{directory}/run"},
    }
    path = pathlib.Path(directory) / "network.cfg"
    path.write_text(json.dumps(config))  # JSON is YAML
    run("-q", "--config", str(path))
    run("prepare", "--config", str(path), "--output", f"{directory}/data.h5")
    return f"{directory}/run/checkpoints/last.h5"


def language_model_loss(network, dataset, streams):
    """As the documentation of evaluation has it: the split as parallel streams, each from the zero state."""
    tokens = torch.from_numpy(dataset["validation/tokens"][...]).long()
    length = (len(tokens) - 1) // streams
    inputs = tokens[: length * streams].view(streams, length).t()
    targets = tokens[1 : length * streams + 1].view(streams, length).t()
    logits, _ = network(inputs)
    return nn.functional.cross_entropy(logits.flatten(0, 1).double(), targets.flatten()).item()


def tagger_results(network, dataset):
    """The mean loss over the split's words, and the tag of every word, sentence by sentence."""
    split = dataset["validation"]
    tokens, tags = (torch.from_numpy(split[name][...]).long() for name in ("tokens", "tags"))
    offsets = split["offsets"][...]
    loss, given = 0.0, []
    for begin, end in zip(offsets, offsets[1:]):
        logits, _ = network(tokens[begin:end].view(-1, 1))
        loss += nn.functional.cross_entropy(logits[:, 0].double(), tags[begin:end], reduction="sum").item()
        given += logits[:, 0].argmax(1).tolist()
    return loss / len(tokens), given


def expect(holds, what):
    global faults
    print(("ok    " if holds else "FAULT ") + what, flush=True)
    faults += not holds


# Cell, layers, PyTorch's options, and what the configuration has beside them.
networks = [(cell, layers, {}, {}) for cell in ("elman", "lstm", "gru") for layers in (1, 2, 3)]
networks += [("elman", 2, {"nonlinearity": "relu"}, {"activation": "relu"})]
networks += [("lstm", 1, {}, {"tie_embeddings": True, "embedding": 25})]
with torch.no_grad():
    for cell, layers, options, more in networks:
        for task in ("language-model", "tagging"):
            bidirectional = task == "tagging"
            if bidirectional and "tie_embeddings" in more:
                continue
            model = {"embedding": 24, "cell": cell, "hidden": 24 + layers, "layers": layers, "bidirectional": bidirectional}
            model.update(more)
            with tempfile.TemporaryDirectory() as directory:
                checkpoint = train(directory, task, model)
                found = json.loads(run("evaluate", "--checkpoint", checkpoint, "--split", "validation", "--json"))
                network = Network(checkpoint, cell, layers, bidirectional, **options)
                with h5py.File(f"{directory}/data.h5", "r") as dataset:
                    name = f"{cell} x {layers} {'both directions' if bidirectional else 'forward'} {more or ''}"
                    if task == "tagging":
                        loss, given = tagger_results(network, dataset)
                        names = dataset["vocabulary/tags"].asstr()[...]
                        tagged = run("tag", "--checkpoint", checkpoint, str(root / "datasets/english/test.conllu"))
                        rows = (line.split("\t") for line in tagged.splitlines() if line[:1].isdigit())
                        expect([row[3] for row in rows] == [names[tag] for tag in given], f"{name}: every tag")
                    else:
                        loss = language_model_loss(network, dataset, found["streams"])
                    difference = abs(loss - found["nats_per_target"]) / loss
                    expect(difference < tolerance, f"{name}: loss {loss:.6f}, relative difference {difference:.1e}")
print(f"{faults} faults")
sys.exit(1 if faults else 0)
