"""A language model as a configuration of rnn-train describes it, in PyTorch, with the recipe of Merity, Keskar and Socher (ICLR
2018): for `wikitext.py`. Of LSTM layers and one softmax, tied or not, trained as a whole or on samples; what it doesn't know it refuses."""
import math, time

import numpy
import torch
import torch.nn as nn
import torch.nn.functional as F

KNOWN = {
    "model": {"embedding", "cell", "hidden", "layers", "dropout", "embedding_dropout", "output_dropout", "vocabulary_dropout",
              "variational_dropout", "weight_dropout", "tie_embeddings", "initialization", "output"},
    "training": {"epochs", "batch_size", "bptt", "random_windows", "optimizer", "schedule", "averaging", "clip_norm",
                 "activation_regularization", "temporal_activation_regularization", "time_limit", "on_divergence"},
}


def refuse_others(configuration):
    """Settings that change something and that aren't known here."""
    for section, known in KNOWN.items():
        unknown = [f"{section}.{key}: {value}" for key, value in configuration[section].items()
                   if key not in known and value not in (0, False, None) and (key, value) != ("shards", 1)]
        assert not unknown, f"PyTorch's model has no {unknown}"
    assert configuration["model"]["cell"] == "lstm" and configuration["model"]["output"]["kind"] in ("softmax", "sampled")


class Model(nn.Module):
    def __init__(self, vocabulary, model):
        super().__init__()
        self.settings = model
        hidden = model["hidden"] if isinstance(model["hidden"], list) else [model["hidden"]] * model["layers"]
        widths = [model["embedding"], *hidden]
        self.embedding = nn.Embedding(vocabulary, model["embedding"])
        if not model["tie_embeddings"]:
            nn.init.normal_(self.embedding.weight, std=model["initialization"]["embedding_scale"])
        self.layers = nn.ModuleList(nn.LSTM(*pair) for pair in zip(widths, widths[1:]))
        for layer in self.layers:  # one bias is enough
            nn.init.zeros_(layer.bias_hh_l0).requires_grad = False
        self.decoder = nn.Linear(hidden[-1], vocabulary)
        if model["tie_embeddings"]:
            self.embedding.weight = self.decoder.weight

    def drop(self, x, share):
        """x [T, B, width]: for each timestep, or one mask for all of them."""
        if not self.training or share == 0:
            return x
        if not self.settings["variational_dropout"]:
            return F.dropout(x, share)
        return x * F.dropout(torch.ones_like(x[:1]), share)

    def forward(self, tokens, states):
        """The last layer's outputs before and behind dropout, and the next states."""
        settings, words = self.settings, self.embedding.weight
        if self.training and settings.get("vocabulary_dropout", 0):
            words = words * F.dropout(torch.ones(len(words), 1), settings["vocabulary_dropout"])
        x = self.drop(F.embedding(tokens, words), settings["embedding_dropout"])
        after = []
        for index, layer in enumerate(self.layers):
            recurrent = F.dropout(layer.weight_hh_l0, settings.get("weight_dropout", 0), self.training)
            weights = [layer.weight_ih_l0, recurrent, layer.bias_ih_l0, layer.bias_hh_l0]
            state = states[index] if states else [torch.zeros(1, tokens.shape[1], layer.hidden_size)] * 2
            raw, h, c = torch._VF.lstm(x, state, weights, True, 1, 0.0, self.training, False, False)
            after.append((h.detach(), c.detach()))
            last = index == len(self.layers) - 1
            own = settings.get("output_dropout")
            x = self.drop(raw, own if last and own is not None else settings["dropout"])
        return raw, x, after

    def sampled_loss(self, x, targets, draw):
        """The mean loss of a softmax over each row's target and the words that a step draws log-uniformly: x [rows, inputs], with
        the samples' logits less the logarithm of the probability that they are drawn at all."""
        weight, bias, samples = self.decoder.weight, self.decoder.bias, self.settings["output"]["samples"]
        words = len(weight)
        drawn = numpy.unique(numpy.minimum(numpy.exp(draw.random(samples) * math.log(words + 1)).astype(numpy.int64) - 1, words - 1))
        each = numpy.log((drawn + 2) / (drawn + 1)) / math.log(words + 1)
        offsets = torch.from_numpy(numpy.log(-numpy.expm1(samples * numpy.log1p(-each)))).float()
        drawn = torch.from_numpy(drawn)
        others = F.linear(x, weight[drawn], bias[drawn] - offsets)
        others = others.masked_fill(drawn[None] == targets[:, None], -torch.inf)
        own = (x * weight[targets]).sum(1, keepdim=True) + bias[targets, None]
        return F.cross_entropy(torch.cat([own, others], 1), torch.zeros_like(targets))


class Averages:
    """`training.averaging`; None where there is none."""

    def __init__(self, parameters, settings):
        self.parameters, self.settings, self.count, self.means = parameters, settings, 0, None

    def has_begun(self, measures):
        """By the validation losses so far, one for each epoch."""
        if self.settings["name"] != "nt-asgd":
            return len(measures) >= self.settings["start"]
        n = self.settings["interval"]
        return any(t > n and measures[t] > min(measures[:t - n]) for t in range(len(measures)))

    @torch.no_grad()
    def step(self):
        self.count += 1
        if self.means is None:
            self.means = [p.clone() for p in self.parameters]
        weight = 1 / self.count
        if self.settings["name"] == "exponential":
            weight = (1 - self.settings["decay"]) / (1 - self.settings["decay"] ** self.count)
        torch._foreach_lerp_(self.means, self.parameters, weight)

    @torch.no_grad()
    def swap(self):
        """The means for the parameters, or back."""
        if self.means:
            for parameter, mean in zip(self.parameters, self.means):
                parameter.data, mean.data = mean.data, parameter.data


def streams(tokens, count):
    """Inputs and targets [L, count]."""
    length = (len(tokens) - 1) // count
    return (tokens[:length * count].view(count, length).t().contiguous(),
            tokens[1:length * count + 1].view(count, length).t().contiguous())


@torch.no_grad()
def loss(model, tokens, count, window=64):
    """Nats per token, read as so many streams."""
    model.eval()
    inputs, targets = streams(tokens, count)
    total, states = 0.0, None
    for begin in range(0, len(inputs), window):
        _, x, states = model(inputs[begin:begin + window], states)
        total += F.cross_entropy(model.decoder(x).flatten(0, 1), targets[begin:begin + window].flatten(), reduction="sum").item()
    model.train()
    return total / inputs.numel()


def windows(length, training, draw):
    """Lengths of an epoch's windows."""
    settings, base, lengths = training.get("random_windows"), training["bptt"], []
    while sum(lengths) < length:
        rest, next = length - sum(lengths), base
        if settings:
            mean = base / 2 if draw.random() < settings["halved"] else base
            next = max(settings["shortest"], round(draw.normal(mean, settings["deviation"])))
            next = rest if rest - next < settings["shortest"] else next
        lengths.append(min(next, rest))
    return lengths


def rate(training, step, steps):
    """The schedule's learning rate of a step, counted from 0."""
    schedule, top = training["schedule"], training["optimizer"]["learning_rate"]
    if schedule["name"] == "constant":
        return top
    assert schedule["name"] == "cosine", schedule
    if step < schedule["warmup"]:
        return top * (step + 1) / schedule["warmup"]
    done = (step - schedule["warmup"]) / max(steps - schedule["warmup"], 1)
    return top * (schedule["minimum"] + (1 - schedule["minimum"]) * 0.5 * (1 + math.cos(math.pi * min(done, 1))))


def optimizer(parameters, settings):
    if settings["name"] == "sgd":
        return torch.optim.SGD(parameters, lr=0, momentum=settings["momentum"], weight_decay=settings["weight_decay"])
    assert settings["name"] in ("adam", "adamw"), settings
    kind = torch.optim.Adam if settings["name"] == "adam" else torch.optim.AdamW
    # PyYAML reads 1e-08 as text.
    return kind(parameters, lr=0, betas=(settings["beta1"], settings["beta2"]), eps=float(settings["epsilon"]),
                weight_decay=float(settings["weight_decay"]))


def train(configuration, vocabulary, splits, seconds, report):
    """Trains until the time is over or all epochs are done; reports (epoch, seconds, validation loss) after each, and returns the
    model as it is at the end with tokens a second of its steps."""
    refuse_others(configuration)
    training, count = configuration["training"], configuration["evaluation"]["streams"]
    torch.manual_seed(configuration["seed"])
    draw = numpy.random.default_rng(configuration["seed"])
    model = Model(vocabulary, configuration["model"])
    parameters = [p for p in model.parameters() if p.requires_grad]
    update = optimizer(parameters, training["optimizer"])
    averages = Averages(parameters, training["averaging"]) if training.get("averaging") else None
    inputs, targets = streams(splits["train"], training["batch_size"])
    samples = configuration["model"]["output"]["kind"] == "sampled"
    activation = training.get("activation_regularization", 0)
    temporal = training.get("temporal_activation_regularization", 0)
    begin, step, measures, trained, busy = time.perf_counter(), 0, [], 0, 0.0
    for epoch in range(training["epochs"]):
        states, start = None, 0
        lengths = windows(len(inputs), training, draw)
        for length in lengths:
            if time.perf_counter() - begin > seconds:
                break
            clock = time.perf_counter()
            for group in update.param_groups:
                group["lr"] = rate(training, step, training["epochs"] * len(lengths))
                if training.get("random_windows"):
                    group["lr"] *= length / training["bptt"]
            raw, dropped, states = model(inputs[start:start + length], states)
            wanted = targets[start:start + length].flatten()
            if samples:
                cost = model.sampled_loss(dropped.flatten(0, 1), wanted, draw)
            else:
                cost = F.cross_entropy(model.decoder(dropped).flatten(0, 1), wanted)
            if activation:
                cost = cost + activation * dropped.pow(2).mean()
            if temporal and length > 1:
                cost = cost + temporal * (raw[1:] - raw[:-1]).pow(2).mean()
            update.zero_grad()
            cost.backward()
            if training["clip_norm"]:
                nn.utils.clip_grad_norm_(parameters, training["clip_norm"])
            update.step()
            if averages and averages.has_begun(measures):
                averages.step()
            start, step, trained = start + length, step + 1, trained + length * training["batch_size"]
            busy += time.perf_counter() - clock
        if start < len(inputs):
            break
        if averages:
            averages.swap()
        measures.append(loss(model, splits["validation"], count))
        if averages:
            averages.swap()
        report(epoch + 1, time.perf_counter() - begin, measures[-1])
    if averages:
        averages.swap()
    return model, trained / max(busy, 1e-9)
