#!/usr/bin/env python3
"""Goes on from a run's parameters in PyTorch and in the program, and compares where both come to.

    going_on.py PROGRAM     PROGRAM is the built rnn-train; needs torch and h5py

A language model is trained, and goes on over a text with words of its own by SGD with clipping, with all of its parameters and
with some that stay as they are. PyTorch begins with what the first checkpoint has, by the very lines of the documentation,
and reads the windows that the program reads. After the same steps the parameters must be the same, to single precision.
"""
import json, pathlib, re, subprocess, sys, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
page = root / "Sources/Training/Documentation.docc/PyTorch.md"
exec(re.search(r"```python\n(.*?)```", page.read_text(), re.S).group(1))

program = pathlib.Path(sys.argv[1]).resolve()
tolerance = 1e-5  # of the largest parameter
streams, window, rate, clip = 10, 12, 0.5, 0.2
frozen = {"nothing": (), "embedding": ("embedding",), "embedding, rnn.l0": ("embedding", "_l0")}
faults = 0


def run(*arguments):
    subprocess.run([program, *arguments], check=True, capture_output=True)


def train(path, train, directory, model, *arguments):
    path.write_text(json.dumps({  # JSON is YAML
        "data": {"train": str(train), "tokens": "whitespace"}, "model": model,
        "training": {"epochs": 1, "batch_size": streams, "bptt": window, "clip_norm": clip,
                     "optimizer": {"name": "sgd", "learning_rate": rate}},
        "output": {"directory": str(directory), "keep": 9},
    }))
    run("train", "-q", "--config", str(path), *arguments)


def go_on(network, tokens, names):
    """One epoch of the program's, as the documentation of its order has it."""
    for name, parameter in network.named_parameters():
        parameter.requires_grad = "bias_hh" not in name and not any(part in name for part in names)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer, state = torch.optim.SGD(trained, lr=rate), None
    length = (len(tokens) - 1) // streams
    inputs = tokens[: length * streams].view(streams, length).t()
    targets = tokens[1 : length * streams + 1].view(streams, length).t()
    for begin in range(0, length, window):
        optimizer.zero_grad()
        logits, state = network(inputs[begin : begin + window], state)
        state = tuple(part.detach() for part in state)
        nn.functional.cross_entropy(logits.flatten(0, 1), targets[begin : begin + window].flatten()).backward()
        nn.utils.clip_grad_norm_(trained, clip)
        optimizer.step()


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    text = (root / "datasets/english/test.txt").read_text().splitlines(keepends=True)
    (folder / "first.txt").write_text("".join(text[:300]))
    (folder / "second.txt").write_text("".join(text[300:500]))
    model = {"embedding": 20, "cell": "lstm", "hidden": 25, "layers": 2}
    train(folder / "first.cfg", folder / "first.txt", folder / "first", model)
    for title, names in frozen.items():
        target = folder / ("second-" + str(len(names)))
        settings = ["data.vocabulary.extend=true"] + ([f"training.freeze=[{title}]"] if names else [])
        train(folder / "second.cfg", folder / "second.txt", target, model, "--from", str(folder / "first"), *settings)
        start = target / "checkpoints/step-00000000.h5"
        with h5py.File(start) as file:
            ids = {token: i for i, token in enumerate(file["vocabulary/tokens"].asstr()[...])}
        with h5py.File(folder / "first/checkpoints/last.h5") as file:
            added = len(ids) - len(file["vocabulary/tokens"])
        words = [ids[w] for line in (folder / "second.txt").read_text().splitlines() for w in line.split() + ["</s>"]]
        network = Network(start, "lstm", 2)
        go_on(network, torch.tensor(words), names)
        found = Network(target / "checkpoints/last.h5", "lstm", 2).state_dict()
        begun = Network(start, "lstm", 2).state_dict()
        difference = max((found[n] - p).abs().max().item() / p.abs().max().item()
                         for n, p in network.named_parameters() if p.abs().max() > 0)
        moved = sum(not torch.equal(found[n], begun[n]) for n in found)
        holds = difference < tolerance and added > 0 and moved > 0
        faults += not holds
        print(("ok    " if holds else "FAULT ") + f"frozen {title}: {added} words added, {moved} parameters moved, "
              f"relative difference {difference:.1e}", flush=True)
print(f"{faults} faults")
sys.exit(1 if faults else 0)
