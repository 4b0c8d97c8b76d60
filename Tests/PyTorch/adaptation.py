#!/usr/bin/env python3
"""Follows a text in PyTorch as `evaluate --dynamic` and `--cache` do, in double precision, and compares.

    adaptation.py PROGRAM                        small LSTMs that it trains on the English that the project ships
    adaptation.py PROGRAM RUN TRAIN TEXT [TOKENS [STREAMS]]
                                                 a run of an LSTM on words that white space divides: its training text, and
                                                 another, of both of which so many tokens are read (4000)

PROGRAM is the built rnn-train; needs torch and h5py. Dynamic evaluation is Krause et al.'s rule: the RMS of the gradients of
minibatches of 100 streams by 5 timesteps, the same divided by the mean over tensors of their means, which is at most 1 /
decay; then a step after every 5 timesteps. The cache is Grave et al.'s, with linear interpolation. Both stand here as their
papers' formulas say, with gradients from autograd.
"""
import json, math, pathlib, subprocess, sys, tempfile
import h5py, torch, torch.nn as nn

torch.set_default_dtype(torch.float64)
root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(sys.argv[1]).resolve()
tolerance = 1e-5  # of the loss
faults = 0


def run(*arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


class Network(nn.Module):
    """Embedding, one LSTM, and a softmax or an adaptive softmax, of a checkpoint."""

    def __init__(self, path):
        super().__init__()
        with h5py.File(path, "r") as file:
            found = {name: torch.from_numpy(data[...]).double() for name, data in file["parameters"].items()}
            tokens = list(file["vocabulary/tokens"].asstr()[...])
        self.ids = {token: index for index, token in enumerate(tokens)}
        hidden = found["rnn.weight_hh_l0"].shape[1]
        self.embedding = nn.Embedding(*found["embedding.weight"].shape)
        self.rnn = nn.LSTM(self.embedding.embedding_dim, hidden)
        # The sum of both biases is all that counts, and only one of them is a parameter here.
        self.rnn.bias_hh_l0.requires_grad_(False).zero_()
        tails = sum(name.startswith("decoder.tail.") for name in found) // 2
        if tails:
            sizes = [len(found[f"decoder.tail.{index}.1.weight"]) for index in range(tails)]
            cutoffs = [len(found["decoder.head.weight"]) - tails]
            for size in sizes[:-1]:
                cutoffs.append(cutoffs[-1] + size)
            self.decoder = nn.AdaptiveLogSoftmaxWithLoss(hidden, len(tokens), cutoffs)
        else:
            self.decoder = nn.Linear(hidden, len(tokens))
        self.load_state_dict({**found, "rnn.bias_hh_l0": self.rnn.bias_hh_l0})

    def forward(self, tokens, targets, state):
        """Losses and hidden states, [timesteps, streams, ...]."""
        output, state = self.rnn(self.embedding(tokens), state)
        rows = output.flatten(0, 1)
        if isinstance(self.decoder, nn.Linear):
            losses = nn.functional.cross_entropy(self.decoder(rows), targets.flatten(), reduction="none")
        else:
            losses = -self.decoder(rows, targets.flatten()).output
        return losses.view(targets.shape), output, tuple(part.detach() for part in state)

    def read(self, text):
        unknown = self.ids["<unk>"]
        lines = ([self.ids.get(token, unknown) for token in line.split()] for line in text.splitlines())
        return torch.tensor([token for line in lines if line for token in line + [self.ids["</s>"]]])


def windows(tokens, streams, timesteps):
    length = (len(tokens) - 1) // streams
    inputs = tokens[: length * streams].view(streams, length).t()
    targets = tokens[1 : length * streams + 1].view(streams, length).t()
    for start in range(0, length, timesteps):
        yield inputs[start : start + timesteps], targets[start : start + timesteps]


def gradients(network, inputs, targets, state):
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)  # a cluster without targets would have none
    losses, hidden, state = network(inputs, targets, state)
    losses.mean().backward()
    return losses.detach(), hidden.detach(), state


def statistics(network, tokens, segment):
    parameters = [p for p in network.parameters() if p.requires_grad]
    squares, count, state = [torch.zeros_like(p) for p in parameters], 0, None
    for inputs, targets in windows(tokens, min(100, (len(tokens) - 1) // segment), segment):
        *_, state = gradients(network, inputs, targets, state)
        count += 1
        for total, parameter in zip(squares, parameters):
            total += parameter.grad**2
    return [(total / count).sqrt() for total in squares]


def follow(network, tokens, streams, rms=None, rate=0, decay=0, epsilon=2e-5, segment=5, cache=0, theta=0, weight=0):
    """The mean loss over a text; without `rms`, plain SGD."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    trained = [p.detach().clone() for p in parameters]
    scales = [torch.ones(()) for _ in trained] if rms is None else [x + epsilon for x in rms]
    mean = 1 if rms is None else sum(x.mean() for x in rms) / len(rms)
    backs = [torch.ones(()) * decay for _ in trained] if rms is None else [
        decay * torch.clamp(x / mean, max=1 / decay if decay else math.inf) for x in rms]
    total, count, state = 0.0, 0, None
    kept = [(torch.zeros(0, network.rnn.hidden_size), torch.zeros(0, dtype=torch.long)) for _ in range(streams)]
    for inputs, targets in windows(tokens, streams, segment):
        losses, hidden, state = gradients(network, inputs, targets, state)
        for t in range(len(targets)) if cache else ():
            for b in range(streams):
                states, following = (part[-cache:] for part in kept[b])
                if len(following):
                    p = torch.softmax(theta * states @ hidden[t, b], 0)[following == targets[t, b]].sum()
                    losses[t, b] = -torch.log((1 - weight) * torch.exp(-losses[t, b]) + weight * p)
                kept[b] = torch.cat([states, hidden[t, b][None]]), torch.cat([following, targets[t, b][None]])
        total, count = total + losses.sum().item(), count + losses.numel()
        with torch.no_grad():
            for p, first, scale, back in zip(parameters, trained, scales, backs):
                p += back * (first - p) - rate * p.grad / scale
    with torch.no_grad():
        for p, first in zip(parameters, trained):
            p.copy_(first)
    return total / count


def compare(name, checkpoint, train, text, tokens, streams):
    """Both read the first tokens of two texts."""
    global faults
    network = Network(checkpoint)
    with tempfile.TemporaryDirectory() as directory:
        parts = []
        for index, path in enumerate((train, text)):
            lines, count = [], 0
            for line in open(path):
                if count >= tokens:
                    break
                if line.split():
                    lines.append(line)
                    count += len(line.split()) + 1
            part = pathlib.Path(directory) / f"{index}.txt"
            part.write_text("".join(lines))
            parts.append((str(part), network.read("".join(lines))))
        (training, training_tokens), (data, data_tokens) = parts
        rms = statistics(network, training_tokens, 5)
        dynamic = {"rate": 2e-4, "decay": 0.01}
        cache = {"cache": 500, "theta": 0.2, "weight": 0.2}
        ways = {
            "plain": {}, "dynamic": {"rms": rms, **dynamic}, "SGD": {"rate": 0.1, "decay": 0.01}, "cache": cache,
            "both": {"rms": rms, **dynamic, **cache},
        }
        for way, settings in ways.items():
            options = []
            if "rate" in settings:
                options += ["--dynamic", "--dynamic-rate", settings["rate"], "--dynamic-decay", settings["decay"]]
                options += ["--training-text", training] if "rms" in settings else ["--dynamic-sgd"]
            if "cache" in settings:
                options += ["--cache", settings["cache"], "--cache-theta", settings["theta"]]
                options += ["--cache-weight", settings["weight"]]
            found = json.loads(run("evaluate", "--checkpoint", checkpoint, "--data", data, "--streams", str(streams),
                                   "--json", *map(str, options)))
            expected = follow(network, data_tokens, streams, **settings)
            difference = abs(found["nats_per_target"] - expected) / expected
            faults += difference >= tolerance
            print(f"{'ok    ' if difference < tolerance else 'FAULT '}{name}, {streams} streams, {way}: loss "
                  f"{expected:.6f}, perplexity {math.exp(expected):.3f}, relative difference {difference:.1e}", flush=True)


if len(sys.argv) > 2:
    checkpoint, train, text = sys.argv[2:5]
    path = pathlib.Path(checkpoint)
    links = [path / "checkpoints" / name for name in ("best.h5", "last.h5")]
    file = next((link for link in links if link.exists()), path)
    tokens, streams = (sys.argv[5:7] + ["4000", "1"][len(sys.argv[5:7]):])
    compare(path.name, str(file), train, text, int(tokens), int(streams))
else:
    train, text = (root / "datasets/english" / f"{split}.txt" for split in ("train", "test"))
    for output in ({"kind": "softmax"}, {"kind": "adaptive", "cutoffs": [20, 60]}):
        with tempfile.TemporaryDirectory() as directory:
            config = {
                "data": {"train": str(root / "datasets/english/validation.txt"), "validation": str(text),
                         "tokens": "whitespace"},
                "model": {"embedding": 24, "cell": "lstm", "hidden": 21, "output": output},
                "training": {"epochs": 1, "batch_size": 20, "optimizer": {"name": "adam", "learning_rate": 0.01}},
                "output": {"directory": f"{directory}/run"},
            }
            path = pathlib.Path(directory) / "network.cfg"
            path.write_text(json.dumps(config))  # JSON is YAML
            run("-q", "--config", str(path))
            for streams in (1, 3):
                compare(output["kind"], f"{directory}/run/checkpoints/last.h5", train, text, 2000, streams)
print(f"{faults} faults")
sys.exit(1 if faults else 0)
