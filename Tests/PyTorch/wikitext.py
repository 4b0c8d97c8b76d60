#!/usr/bin/env python3
"""The same model by the same recipe for the same time, in rnn-train and in PyTorch: perplexities side by side.

    wikitext.py PROGRAM DATA [--minutes M] [--share S] [--published] [--config FILE] [--threads N] [--only ours|pytorch]
                [--pytorch-epochs E] [--keep FOLDER] [KEY=VALUE ...]

PROGRAM is the built rnn-train; needs torch, numpy and PyYAML. DATA holds train.txt, valid.txt and test.txt, words apart
(WikiText-2). Each trains for M minutes (default 90), one after the other, by configs/wikitext-2.cfg with what KEY=VALUE changes;
the time includes validations. With `--share 0.05` each split is the first twentieth of its lines, for a look at first epochs. With
`--published` the end of every line is a token, of empty ones too, as in published perplexities. `--keep` leaves texts and run in FOLDER.
At the end both are measured as they are then. Who makes fewer epochs in that time than the configuration has
never comes to the end of its learning rates: `--pytorch-epochs` gives PyTorch as many as it makes.

PyTorch gets the allocator's settings that speed.py gives it, and flushed denormals. It has the same vocabulary, streams,
dropouts, weight dropout (the recurrent matrix through `F.dropout`), penalties (AR, TAR), random windows, samples of the output
layer, learning rates and means of parameters, and draws its own random numbers.
"""
import argparse, collections, json, math, os, pathlib, re, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
# Memory that malloc keeps and takes in huge pages, without which PyTorch is slower.
tunables = ("glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:"
            "glibc.malloc.top_pad=268435456:glibc.malloc.hugetlb=1")


def resolved(program, options, folder):
    """The configuration with every default, and as text."""
    import yaml
    arguments = [program, "config", "show", str(options.config), f"data.train={folder / 'train.txt'}",
                 f"data.validation={folder / 'valid.txt'}", f"data.test={folder / 'test.txt'}", *options.settings]
    shown = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout
    return yaml.safe_load(shown), shown


def ours(program, options, configuration, text, folder):
    (folder / "run.cfg").write_text(text)
    arguments = [program, "--config", str(folder / "run.cfg"), "--threads", str(options.threads),
                 f"output.directory={folder / 'run'}", f"training.time_limit={round(60 * options.minutes)}s"]
    begin, times = time.perf_counter(), []
    plain = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    with subprocess.Popen(arguments, env=plain, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if re.match(r"epoch +\d+/\d+ +train .*loss .*validation loss", line):
                times.append(time.perf_counter() - begin)
    assert process.returncode == 0, line
    lines = [json.loads(line) for line in (folder / "run/metrics.jsonl").read_text().splitlines()]
    losses = [line["validation_loss"] for line in lines if line["kind"] == "epoch"]
    rates = [line["tokens_per_second"] for line in lines if line["kind"] == "train"]

    def measure(split):
        found = subprocess.run(
            [program, "evaluate", str(folder / "run/checkpoints/last.h5"), "--split", split, "--json", "--threads",
             str(options.threads)], check=True, capture_output=True, text=True).stdout
        return json.loads(found)["nats_per_target"]

    return {"epochs": list(zip(range(1, len(losses) + 1), times, losses)), "validation": measure("validation"),
            "test": measure("test"), "rate": statistics.median(rates) if rates else math.nan}


def pytorch(options, configuration):
    import torch
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import recipe
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    words = {}
    for name in ("train", "validation", "test"):
        paths = configuration["data"][name]
        text = "".join(pathlib.Path(p).read_text() for p in (paths if isinstance(paths, list) else [paths]))
        # A line is a sentence, an empty one none; one that has an end of its own gets no second.
        lines = [line.split() for line in text.split("\n")]
        words[name] = [word for line in lines if line for word in (line if line[-1] == "</s>" else [*line, "</s>"])]
    by_frequency = [word for word, _ in collections.Counter(words["train"]).most_common() if word != "<unk>"]
    ids = {word: index for index, word in enumerate(["<unk>", *by_frequency])}
    splits = {name: torch.tensor([ids.get(word, 0) for word in tokens]) for name, tokens in words.items()}
    epochs = []

    def report(*line):
        epochs.append(line)
        print(f"PyTorch: epoch {line[0]} at {line[1]:.0f} s, validation {math.exp(line[2]):.2f}", file=sys.stderr, flush=True)

    model, rate = recipe.train(configuration, len(ids), splits, 60 * options.minutes, report)
    streams = configuration["evaluation"]["streams"]
    return {"epochs": epochs, "rate": rate, "validation": recipe.loss(model, splits["validation"], streams),
            "test": recipe.loss(model, splits["test"], streams)}


def table(results):
    names = list(results)
    print(f"{'':24}" + "".join(f"{name:>24}" for name in names))
    for index in range(max(len(results[name]["epochs"]) for name in names)):
        cells = []
        for name in names:
            found = results[name]["epochs"][index:index + 1]
            cells.append(f"{math.exp(found[0][2]):.2f} at {found[0][1]:.0f} s" if found else "")
        print(f"{f'validation, epoch {index + 1}':24}" + "".join(f"{cell:>24}" for cell in cells))
    for key, title in (("validation", "validation at the end"), ("test", "test at the end")):
        print(f"{title:24}" + "".join(f"{math.exp(results[name][key]):>24.2f}" for name in names))
    print(f"{'tokens a second':24}" + "".join(f"{results[name]['rate']:>24,.0f}" for name in names), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--share", type=float, default=1)
    parser.add_argument("--published", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--config", type=pathlib.Path, default=root / "configs/wikitext-2.cfg")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--pytorch-epochs", type=int)
    parser.add_argument("--only", choices=["ours", "pytorch"])
    options = parser.parse_intermixed_args()
    program = str(options.program.resolve())
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or pathlib.Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("train.txt", "valid.txt", "test.txt"):
            lines = (options.data / name).read_text().removesuffix("\n").split("\n")
            lines = lines[:round(options.share * len(lines))]
            (folder / name).write_text("".join(f"{line} </s>\n" if options.published else f"{line}\n" for line in lines))
        configuration, text = resolved(program, options, folder)
        results = {}
        if options.only != "pytorch":
            results["rnn-train"] = ours(program, options, configuration, text, folder)
        if options.only != "ours":
            configuration["training"]["epochs"] = options.pytorch_epochs or configuration["training"]["epochs"]
            results["PyTorch"] = pytorch(options, configuration)
        table(results)


if os.environ.get("GLIBC_TUNABLES") != tunables:  # malloc reads them when a process begins
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "GLIBC_TUNABLES": tunables})
main()
