#!/usr/bin/env python3
"""Measures rnn-train and PyTorch side by side: in turn, on the same configurations, as often as asked.

    speed.py PROGRAM [--threads N] [--rounds R] [--seconds S] [NAME ...]

PROGRAM is the built rnn-train; needs torch and PyYAML. NAME is a configuration of configs/benchmark without its ending
(default: all), or `generate`: text of one stream, as `rnn-train generate` writes it, or `score`: 1,000 sentences by the
same checkpoint, in PyTorch padded in batches of 64 of similar length; ours also one at a time, each line sent when the
one before is answered.

PyTorch gets what makes it fastest: memory that malloc keeps and takes in huge pages, sparse gradients of embeddings
where the first round finds them faster, flushed denormals. One step is the same for both: forward, mean loss,
backward, the norm of all gradients clipped to 5, plain SGD, the state handed on. Rates are medians over the steps of a
round, and shown as medians over the rounds, as are the rounds' ratios, beside the least and the most of these. Memory is
the largest resident size of the process, beside a bound for ours: 40 MB, 16 bytes a parameter (itself, its gradient and
two moments) and the activations of one minibatch.
"""
import argparse, json, os, pathlib, re, resource, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
configurations = root / "configs/benchmark"
allocator = ":".join([
    "glibc.malloc.mmap_threshold=4294967296", "glibc.malloc.trim_threshold=8589934592", "glibc.malloc.top_pad=268435456",
    "glibc.malloc.hugetlb=1"])


def network(torch, vocabulary, classes, model, is_sparse):
    """Embedding, layers and output of a configuration; called with ids [T, B] and a state it gives logits and the next."""
    nn = torch.nn
    kind = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[model["cell"]]
    both = model.get("bidirectional", False)
    embedding = nn.Embedding(vocabulary, model["embedding"], sparse=is_sparse)
    layers = kind(model["embedding"], model["hidden"], model.get("layers", 1), bidirectional=both)
    output = nn.Linear(model["hidden"] * (2 if both else 1), classes)

    def forward(ids, state):
        hidden, state = layers(embedding(ids), state)
        return output(hidden), state

    return forward, [*embedding.parameters(), *layers.parameters(), *output.parameters()], embedding.weight


def clip_sparse(torch, parameters, embedding, most):
    """As `clip_grad_norm_` does, which takes no sparse gradients."""
    embedding.grad = embedding.grad.coalesce()
    gradients = [p.grad._values() if p is embedding else p.grad for p in parameters]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    torch._foreach_mul_(gradients, torch.clamp(most / (norm + 1e-6), max=1))


def train_in_pytorch(configuration, threads, seconds, is_sparse):
    """Tokens per second."""
    import torch
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    corpus, training, model = configuration["data"]["synthetic"], configuration["training"], configuration["model"]
    vocabulary, (batch, bptt) = corpus["vocabulary"], (training["batch_size"], training["bptt"])
    classes = corpus.get("classes", vocabulary)
    forward, parameters, embedding = network(torch, vocabulary, classes, model, is_sparse)
    optimizer = torch.optim.SGD(parameters, lr=training["optimizer"]["learning_rate"])

    def ids(size):
        return torch.multinomial(1 / torch.arange(1.0, size + 1), bptt * batch, replacement=True)

    minibatches = [(ids(vocabulary).view(bptt, batch), ids(classes)) for _ in range(16)]
    times, state, begin = [], None, time.perf_counter()
    while len(times) < 8 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        inputs, targets = minibatches[len(times) % len(minibatches)]
        optimizer.zero_grad()
        logits, state = forward(inputs, state)
        torch.nn.functional.cross_entropy(logits.view(-1, classes), targets).backward()
        if is_sparse:
            clip_sparse(torch, parameters, embedding, training["clip_norm"])
        else:
            torch.nn.utils.clip_grad_norm_(parameters, training["clip_norm"])
        optimizer.step()
        if configuration["task"] == "tagging":
            state = None
        else:
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        times.append(time.perf_counter() - start)
    return batch * bptt / statistics.median(times[3:])


def generate_in_pytorch(configuration, threads, tokens):
    """Tokens per second of one stream."""
    import torch
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    vocabulary = configuration["data"]["vocabulary"]
    forward, _, _ = network(torch, vocabulary, vocabulary, configuration["model"], False)
    with torch.inference_mode():
        token, state = torch.zeros(1, 1, dtype=torch.long), None
        for count in range(-20, tokens):
            if count == 0:
                start = time.perf_counter()
            logits, state = forward(token, state)
            token = torch.multinomial(torch.softmax(logits[0, 0], 0), 1).view(1, 1)
    return tokens / (time.perf_counter() - start)


def score_in_pytorch(configuration, threads, lines):
    """Tokens per second, of the lines of a text by a checkpoint."""
    import torch
    torch.set_num_threads(threads)
    names, page = {}, (root / "Sources/Training/Documentation.docc/PyTorch.md").read_text()
    exec(re.search(r"```python\n(.*?)```", page, re.S).group(1), names)
    model = configuration["model"]
    network = names["Network"](configuration["checkpoint"], model["cell"], model["layers"])
    with names["h5py"].File(configuration["checkpoint"], "r") as file:
        ids = {token: row for row, token in enumerate(file["vocabulary/tokens"].asstr()[...])}
    sentences = [[ids[word] for word in [*line.split(), "</s>"]] for line in lines]
    order = sorted(range(len(sentences)), key=lambda index: -len(sentences[index]))
    scores = [0.0] * len(sentences)

    def score(batch):
        targets = torch.full((len(sentences[batch[0]]), len(batch)), -1)
        for column, index in enumerate(batch):
            targets[: len(sentences[index]), column] = torch.tensor(sentences[index])
        inputs = torch.cat([torch.full((1, len(batch)), ids["</s>"]), targets[:-1].clamp(min=0)])
        logits, _ = network(inputs)
        losses = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="none").view(targets.shape)
        for index, value in zip(batch, losses.double().sum(0).tolist()):
            scores[index] = -value

    with torch.inference_mode():
        score(order[:64])
        start = time.perf_counter()
        for first in range(0, len(order), 64):
            score(order[first : first + 64])
        return sum(map(len, sentences)) / (time.perf_counter() - start)


def peer(task, configuration, threads, amount, is_sparse=False):
    """What a function of this file returns, run in a process of its own, and that process's memory in bytes."""
    environment = {**os.environ, "GLIBC_TUNABLES": allocator}
    environment.pop("OPENBLAS_CORETYPE", None)
    arguments = json.dumps([task, configuration, threads, amount, is_sparse])
    result = subprocess.run(
        [sys.executable, __file__, "--peer", arguments], check=True, capture_output=True, text=True, env=environment)
    return json.loads(result.stdout)


def compare_training(program, name, options):
    import yaml
    configuration = yaml.safe_load((configurations / f"{name}.cfg").read_text())
    ours, theirs, kinds = [], [], (False, True)
    for _ in range(options.rounds):
        result = subprocess.run(
            [program, "benchmark", "--config", configurations / f"{name}.cfg", "--threads", str(options.threads),
             "--seconds", str(options.seconds), "--json"], check=True, capture_output=True, text=True)
        ours.append(json.loads(result.stdout))
        results = {
            is_sparse: peer("train", configuration, options.threads, options.seconds, is_sparse) for is_sparse in kinds}
        kinds = (max(results, key=results.get),)
        theirs.append(results[kinds[0]])
    rates = [statistics.median(result["tokens_per_second"] for result in ours), statistics.median(r for r, _ in theirs)]
    ratios = [result["tokens_per_second"] / rate for result, (rate, _) in zip(ours, theirs)]
    megabytes = [max(result["peak_memory_bytes"] for result in ours) / 1e6, min(m for _, m in theirs) / 1e6]
    gflops = statistics.median(result["gflops"] for result in ours)
    bound = 40 + (16 * ours[0]["parameters"] + ours[0]["activation_bytes"]) / 1e6
    print(f"{name:16s} {rates[1]:10,.0f} {rates[0]:10,.0f} {statistics.median(ratios):6.2f} {min(ratios):6.2f} "
          f"{max(ratios):6.2f} "
          f"{gflops:8.0f} {megabytes[1]:8.0f} {megabytes[0]:8.0f} {bound:8.0f}", flush=True)


def compare_generation(program, options):
    sizes = {
        "lstm-char": ("character", 35, {"cell": "lstm", "embedding": 64, "hidden": 128, "layers": 2}, 2_000, 40_000),
        "lstm-medium": ("whitespace", 459, {"cell": "lstm", "embedding": 650, "hidden": 650, "layers": 2}, 300, 3_000),
    }
    for name, (tokens, vocabulary, model, few, many) in sizes.items():
        with tempfile.TemporaryDirectory() as directory:
            text = str(root / "datasets/english/train.txt")
            configuration = {
                "task": "language-model", "data": {"train": text, "tokens": tokens}, "model": model,
                "training": {"time_limit": "1s"}, "output": {"directory": f"{directory}/run"}}
            path = pathlib.Path(directory) / "network.cfg"
            path.write_text(json.dumps(configuration))  # JSON is YAML
            subprocess.run([program, "-q", "--config", path], check=True, capture_output=True)
            ours, theirs = [], []
            for _ in range(options.rounds):
                seconds = []
                for length in (0, many):
                    start = time.perf_counter()
                    subprocess.run(
                        [program, "generate", "--checkpoint", f"{directory}/run", "--length", str(length)], check=True,
                        stdout=subprocess.DEVNULL)
                    seconds.append(time.perf_counter() - start)
                ours.append(many / (seconds[1] - seconds[0]))
                peers = [peer("generate", {"data": {"vocabulary": vocabulary}, "model": model}, threads, few)
                         for threads in sorted({1, options.threads})]
                theirs.append(max(peers)[0])
        rates = [statistics.median(ours), statistics.median(theirs)]
        print(f"{'generate ' + name:20s} {rates[1]:8,.0f} {rates[0]:10,.0f} {rates[0] / rates[1]:6.2f}", flush=True)


def compare_scoring(program, options):
    text = root / "datasets/english/train.txt"
    lines = text.read_text().splitlines()[:1000]
    tokens = sum(len(line.split()) + 1 for line in lines)
    sizes = {
        "lstm-small": {"cell": "lstm", "embedding": 200, "hidden": 200, "layers": 2},
        "lstm-medium": {"cell": "lstm", "embedding": 650, "hidden": 650, "layers": 2},
    }
    for name, model in sizes.items():
        with tempfile.TemporaryDirectory() as directory:
            configuration = {
                "data": {"train": str(text), "tokens": "whitespace"}, "model": model, "training": {"time_limit": "1s"},
                "output": {"directory": f"{directory}/run"}}
            path = pathlib.Path(directory) / "network.cfg"
            path.write_text(json.dumps(configuration))  # JSON is YAML
            subprocess.run([program, "-q", "--config", path], check=True, capture_output=True)
            checkpoint = f"{directory}/run/checkpoints/last.h5"
            command = [program, "score", "-q", "--threads", str(options.threads), "--checkpoint", checkpoint]
            together, apart, theirs = [], [], []
            for _ in range(options.rounds):
                seconds = []
                for part in ([], lines):
                    start = time.perf_counter()
                    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, input="\n".join(part), text=True)
                    seconds.append(time.perf_counter() - start)
                together.append(tokens / (seconds[1] - seconds[0]))
                with subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
                    for number, line in enumerate([lines[0], *lines]):
                        if number == 1:
                            start = time.perf_counter()
                        process.stdin.write(line + "\n")
                        process.stdout.readline()
                    apart.append(tokens / (time.perf_counter() - start))
                theirs.append(peer("score", {"checkpoint": checkpoint, "model": model}, options.threads, lines)[0])
        rates = [statistics.median(rates) for rates in (theirs, together, apart)]
        print(f"{'score ' + name:18s} {rates[0]:8,.0f} {rates[1]:10,.0f} {rates[1] / rates[0]:6.2f}   "
              f"one at a time {rates[2]:,.0f}, {rates[1] / rates[2]:.1f} times less", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_intermixed_args()
    print(f"tokens/s{'PyTorch':>19s} {'rnn-train':>10s} {'ratio':>6s} {'least':>6s} {'most':>6s} {'GFLOP/s':>8s} {'MB':>8s} "
          f"{'MB':>8s} {'bound':>8s}")
    for name in options.names or [*sorted(path.stem for path in configurations.glob("*.cfg")), "generate", "score"]:
        if name == "generate":
            compare_generation(options.program, options)
        elif name == "score":
            compare_scoring(options.program, options)
        else:
            compare_training(options.program, name, options)


if sys.argv[1:2] == ["--peer"]:
    task, configuration, threads, amount, is_sparse = json.loads(sys.argv[2])
    if task == "train":
        rate = train_in_pytorch(configuration, threads, amount, is_sparse)
    else:
        rate = {"generate": generate_in_pytorch, "score": score_in_pytorch}[task](configuration, threads, amount)
    print(json.dumps([rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
else:
    main()
