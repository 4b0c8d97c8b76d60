#!/usr/bin/env python3
"""Reads event files by the tensorboard package itself, and compares them with the metrics.

    check.py PROGRAM        PROGRAM is the built rnn-train; needs tensorboard

A language model and a tagger are trained, killed in the middle, and resumed. TensorBoard must find every number of
metrics.jsonl, no step of a tag twice, and a sample for every epoch.
"""
import collections, json, pathlib, signal, subprocess, sys, tempfile, time

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.util import tensor_util

root = pathlib.Path(__file__).resolve().parents[2]
program = pathlib.Path(sys.argv[1]).resolve()
names = {
    "loss": "loss/train", "gradient_norm": "gradient_norm", "learning_rate": "learning_rate",
    "validation_loss": "loss/validation", "validation_accuracy": "accuracy/validation",
}


def train(directory, task):
    """Kills the run once, when it has a checkpoint of its own, and lets it end."""
    corpus = {"language-model": "txt", "tagging": "conllu"}[task]
    data = {split: str(root / "datasets/english" / f"{split}.{corpus}") for split in ("train", "validation")}
    config = {
        "task": task, "data": data, "model": {"hidden": 50},
        "training": {"epochs": 3, "batch_size": 8, "optimizer": {"name": "adam", "learning_rate": 0.005}},
        "output": {"directory": f"{directory}/run", "tensorboard": True, "checkpoint_every": 150},
    }
    path = pathlib.Path(directory) / "run.cfg"
    path.write_text(json.dumps(config))  # JSON is YAML
    run = pathlib.Path(directory) / "run"
    process = subprocess.Popen([program, "-q", "--config", path], stdout=subprocess.DEVNULL)
    while process.poll() is None and not list(run.glob("checkpoints/step-00000[1-9]*.h5")):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run had ended before it was killed"
    subprocess.run([program, "train", "-q", "--resume", run], check=True, stdout=subprocess.DEVNULL)
    return run


def check(task):
    with tempfile.TemporaryDirectory() as directory:
        run = train(directory, task)
        events = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        found = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
        expected = collections.defaultdict(dict)
        epochs = []
        for line in (run / "metrics.jsonl").read_text().splitlines():
            line = json.loads(line)
            if line["kind"] == "epoch":
                epochs.append(line["step"])
            for name, tag in names.items():
                if name in line:
                    expected[tag][line["step"]] = line[name]
        for tag, values in expected.items():
            assert found[tag].keys() == values.keys(), (tag, found[tag].keys() ^ values.keys())
            for step, value in values.items():
                assert abs(found[tag][step] - value) <= 1e-6 * abs(value), (tag, step, found[tag][step], value)
        assert set(found) - set(expected) <= {"perplexity/validation"}, set(found)
        samples = [(e.step, tensor_util.make_ndarray(e.tensor_proto)[0].decode()) for e in events.Tensors("sample")]
        assert [step for step, _ in samples] == epochs, samples
        assert all(text.startswith("    ") and len(text) > 20 for _, text in samples), samples
        # Not even before TensorBoard has dropped what comes twice.
        (path,) = run.glob("events.out.tfevents.*")
        raw = [(e.step, v.tag) for e in map(parse, RawEventFileLoader(str(path)).Load()) for v in e.summary.value]
        assert len(raw) == len(set(raw)), "a step comes twice"
        print(f"{task}: {len(raw)} values of {len(set(tag for _, tag in raw))} tags, last sample:\n{samples[-1][1]}")


def parse(record):
    from tensorboard.compat.proto.event_pb2 import Event

    return Event.FromString(record)


for task in ("language-model", "tagging"):
    check(task)
