#!/usr/bin/env python3
"""What runs compute, as digests: for changes that must not change a bit.

    digests.py PROGRAM                    compares with digests.json beside this file
    digests.py PROGRAM --record           writes that file anew
    digests.py PROGRAM --data CORPORA     also runs on tinyshakespeare, the novels and the English Web Treebank
    digests.py PROGRAM NAME ...           only these runs

PROGRAM is the built rnn-train; needs h5py. A digest is over the parameters, moments, carried states and counters of the
last checkpoint and all of the metrics but times: the same for any number of threads, any instruction set, and a run that
was killed and resumed. CORPORA holds the folders tinyshakespeare, novels-words and ud-ewt.
"""
import argparse, hashlib, json, pathlib, signal, subprocess, sys, tempfile, time

import h5py

here = pathlib.Path(__file__).resolve().parent
configs = here.parents[1] / "configs"
english = here.parents[1] / "datasets/english"

characters_and_dropouts = [
    "model.cell=gru", "model.bidirectional=true", "model.layers=2", "model.residual=true",
    "model.characters={embedding: 9, hidden: 13}", "model.dropout=0.2", "model.embedding_dropout=0.1",
    "model.variational_dropout=true", "model.word_dropout=0.05", "training.epochs=1",
]
outputs = {
    "softmax": "{kind: softmax}", "class": "{kind: class, classes: 20}", "adaptive": "{kind: adaptive}",
    "sampled": "{kind: sampled, samples: 100}",
}


def shipped():
    """Name: (configuration, overrides). Small enough for every change."""
    runs = {
        "lm": ("lm.cfg", ["training.epochs=2"]),
        "tagger": ("tagger-quickstart.cfg", ["training.epochs=1"]),
        "tagger-dropouts": ("tagger-quickstart.cfg", characters_and_dropouts),
        "characters-lstm": ("tinyshakespeare.cfg", [
            f"data.train={english / 'validation.txt'}", "training.epochs=1", "model.hidden=40"]),
        "rollback": ("lm.cfg", [
            f"data.train={english / 'validation.txt'}", "training.epochs=3", "model.activation=relu",
            "training.optimizer={name: sgd, learning_rate: 1000}", "training.clip_norm=0", "training.on_divergence=rollback", "training.rollbacks=30",
            "output.checkpoint_every=5", "training.schedule={name: constant}"]),
        "momentum-tied": ("lm.cfg", [
            f"data.train={english / 'validation.txt'}", "training.epochs=2",
            "model={cell: lstm, embedding: 60, hidden: 60, layers: 2, tie_embeddings: true, dropout: 0.3, initialization: "
            "{weights: glorot, recurrent: orthogonal, forget_bias: 1}}",
            "training.optimizer={name: sgd, learning_rate: 0.5, momentum: 0.9, nesterov: true}"]),
        "rmsprop-relu": ("lm.cfg", [
            f"data.train={english / 'validation.txt'}", "training.epochs=2", "model.activation=relu",
            "model.initialization.recurrent=identity",
            "training.optimizer={name: rmsprop, learning_rate: 0.001}", "training.sparse_updates=true"]),
    }
    for name, output in outputs.items():
        runs[f"words-{name}"] = ("novels.cfg", [
            f"model.output={output}", "training.epochs=1", "model.hidden=50", "model.embedding=30"])
    return runs


def corpora(data):
    """Real text, some minutes of it."""
    runs = {
        "lm-whole": ("lm.cfg", []),
        "tagger-whole": ("tagger-quickstart.cfg", []),
        "tinyshakespeare": ("tinyshakespeare.cfg", [
            f"data.train={next((data / 'tinyshakespeare').glob('*.txt'))}", "training.epochs=1"]),
        "ewt-dropouts": ("tagger-quickstart.cfg", [
            f"data.train={next((data / 'ud-ewt').glob('*train*'))}",
            f"data.validation={next((data / 'ud-ewt').glob('*dev*'))}", "data.test=null", *characters_and_dropouts]),
    }
    novels = [f"data.train={next((data / 'novels-words').glob('*train*'))}",
              f"data.validation={next((data / 'novels-words').glob('*valid*'))}", "training.epochs=1"]
    for name, output in outputs.items():
        runs[f"novels-{name}"] = ("novels.cfg", [*novels, f"model.output={output}"])
    return runs


def digest(run):
    hash = hashlib.sha256()

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            hash.update(f"{name} {item.dtype} {item.shape}\n".encode())
            hash.update(item[()].tobytes())

    with h5py.File((run / "checkpoints/last.h5").resolve(), "r") as file:
        for group in ["parameters", "optimizer", "state"]:
            file[group].visititems(lambda name, item: add(f"{group}/{name}", item))
        for name, value in sorted(file["state"].attrs.items()):
            if not name.endswith("sha256"):
                hash.update(f"{name} {value!r}\n".encode())
    for line in (run / "metrics.jsonl").read_text().splitlines():
        fields = json.loads(line)
        # Measured beside training, and newer than the recorded digests.
        if fields["kind"] == "test":
            continue
        for name in ["seconds", "tokens_per_second", "validation_unknown", "validation_perplexity_per_word", "validation_bits_per_byte"]:
            fields.pop(name, None)
        hash.update(json.dumps(fields, sort_keys=True).encode() + b"\n")
    return hash.hexdigest()


def train(program, configuration, overrides, run, threads, kill):
    arguments = [program, "-q", "--config", configs / configuration, "--threads", str(threads), "output.checkpoint_every=20", *overrides,
                 f"output.directory={run}"]
    if not kill:
        return subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    while process.poll() is None and not list(run.glob("checkpoints/step-0000*[1-9]*.h5")):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run had ended before it was killed"
    subprocess.run([program, "train", "-q", "--resume", run, "--threads", str(threads)], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--data", type=pathlib.Path)
    options = parser.parse_intermixed_args()
    program = options.program.resolve()
    runs = shipped() | (corpora(options.data.resolve()) if options.data else {})
    path = here / "digests.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    failures = 0
    for name, (configuration, overrides) in runs.items():
        if options.names and name not in options.names:
            continue
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as directory:
            run = pathlib.Path(directory) / "run"
            train(program, configuration, overrides, run, threads=2, kill=False)
            found = digest(run)
            if name in ["lm", "tagger-dropouts", "words-sampled"]:
                other = pathlib.Path(directory) / "other"
                train(program, configuration, overrides, other, threads=1, kill=True)
                if digest(other) != found:
                    failures += 1
                    print(f"{name}: one thread, killed and resumed, computes something else")
        if options.record:
            expected[name] = found
        elif expected.get(name) != found:
            failures += 1
            print(f"{name}: {found}, expected {expected.get(name)}")
        print(f"{name}: {found[:16]} ({time.monotonic() - begin:.0f} s)", flush=True)
    if options.record:
        path.write_text(json.dumps(expected, indent=2, sort_keys=True) + "\n")
    print(f"{failures} of {len(runs)} runs differ" if failures else "all the same")
    sys.exit(1 if failures else 0)


main()
