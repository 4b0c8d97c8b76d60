#!/usr/bin/env python3
"""Runs of several processes over MPI: the same bytes as those of one process, whatever happens to them.

    check.py PROGRAM LAUNCHER [--without PROGRAM] [--other LAUNCHER] [--rounds N] [NAME ...]

PROGRAM is an rnn-train built with --traits MPI, LAUNCHER the mpirun of the MPI that it was built with: mpirun.openmpi or
mpirun.mpich. --without names a program that was built without the trait, --other the mpirun of another MPI: with them, what
they lead to is tested as well. Of NAMEs, only the tests of these names run.
"""
import argparse, contextlib, json, os, pathlib, random, re, shutil, signal, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("program")
parser.add_argument("launcher")
parser.add_argument("--without")
parser.add_argument("--other")
parser.add_argument("--rounds", type=int, default=4)
parser.add_argument("names", nargs="*")
options = parser.parse_args()
# As /proc names it.
program = os.path.realpath(options.program)
configs = pathlib.Path(__file__).resolve().parents[2] / "configs"

# None of these takes longer than some seconds; one that hangs is a fault.
LIMIT = 60


def launched(launcher, ranks):
    if "openmpi" in launcher:
        return [launcher, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
    return [launcher, "-n", str(ranks)]


def text(words, seed):
    numbers = random.Random(seed)
    lexicon = ["".join(numbers.choice("abcdefgh") for _ in range(numbers.randint(1, 6))) for _ in range(60)]
    return "".join(numbers.choice(lexicon) + (".\n" if numbers.random() < 0.1 else " ") for _ in range(words))


def treebank(sentences, seed):
    numbers = random.Random(seed)
    lines = []
    for _ in range(sentences):
        for number in range(numbers.randint(1, 9)):
            word = "".join(numbers.choice("abcdef") for _ in range(numbers.randint(1, 5)))
            tag = "NOUN" if word[0] < "c" else "VERB" if word[-1] < "c" else "ADJ"
            lines.append("\t".join([str(number + 1), word, "_", tag] + ["_"] * 6))
        lines.append("")
    return "\n".join(lines) + "\n"


class Place:
    """A directory with texts, in which programs run. All have one path, which is a part of checkpoints: one at a time."""

    above = tempfile.TemporaryDirectory()

    def __init__(self):
        self.path = pathlib.Path(self.above.name) / "place"
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        (self.path / "train.txt").write_text(text(1500, 1))
        (self.path / "validation.txt").write_text(text(400, 2))
        (self.path / "train.conllu").write_text(treebank(120, 3))
        (self.path / "validation.conllu").write_text(treebank(20, 4))

    def start(self, command, **more):
        environment = dict(os.environ, XDG_CACHE_HOME=str(self.path / "cache"), OMPI_MCA_rmaps_base_oversubscribe="1")
        return subprocess.Popen(command, cwd=self.path, env=environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def run(self, command):
        """Its exit code and what it has said on standard error."""
        return finished(self.start(command))

    def results(self, run):
        """The bytes of all checkpoints and of what is said of steps that diverged, and the metrics but times."""
        directory = self.path / run
        files = sorted([*(directory / "checkpoints").glob("step-*.h5"), *directory.glob("diverged-*.txt")])
        lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
        for line in lines:
            for name in ("seconds", "tokens_per_second"): line.pop(name, None)
        return {file.name: file.read_bytes() for file in files} | {"metrics": [line for line in lines if line["kind"] != "test"]}


def finished(process):
    try:
        _, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it hangs: {process.args}")
    return process.returncode, errors


# As many shards as four ranks need. All runs are called `run`, since a configuration is part of a checkpoint.
LANGUAGE = ["--config", str(configs / "lm.cfg"), "data.train=train.txt", "data.validation=validation.txt",
            "data.test=null", "data.vocabulary.size=50", "model.cell=lstm", "model.hidden=24", "model.embedding=12",
            "model.dropout=0.1", "training.batch_size=8", "training.bptt=11", "training.shards=5", "training.epochs=2",
            "output.directory=run", "output.checkpoint_every=7", "output.keep=100"]
TAGGER = ["--config", str(configs / "tagger-quickstart.cfg"), "data.train=train.conllu",
          "data.validation=validation.conllu", "data.test=null", "model.hidden=12", "model.embedding=8",
          "model.characters={embedding: 5, hidden: 6}", "training.batch_size=16", "training.shards=4", "training.epochs=2",
          "output.directory=run", "output.checkpoint_every=3", "output.keep=100"]
DIVERGING = LANGUAGE + ["model.cell=elman", "model.activation=relu", "training.clip_norm=0", "training.optimizer.learning_rate=20",
                        "training.on_divergence=rollback", "training.rollbacks=30"]
# Long enough to be caught.
LONG = LANGUAGE + ["training.epochs=10", "model.hidden=64"]
references = {}


def reference(arguments):
    """What one process comes to. To be asked for before there is a place to compare with it."""
    key = tuple(arguments)
    if key not in references:
        place = Place()
        code, errors = place.run([program] + arguments + ["--threads", "1"])
        assert code == 0, errors
        references[key] = place.results("run")
    return references[key]


def compare(found, expected, about):
    assert found.keys() == expected.keys(), f"{about}: {sorted(found)} for {sorted(expected)}"
    others = [name for name in expected if found[name] != expected[name]]
    assert not others, f"{about}: others are {others[:5]}"


def many(ranks, arguments):
    # MPI waits for messages by looking for them: more of that than there are processors takes its time.
    return launched(options.launcher, ranks) + [program] + arguments + ["--threads", "1" if ranks > 2 else "2"]


def processes(place):
    """Those that train in a place."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit(): continue
        try:
            if os.readlink(entry / "cwd") == str(place.path) and os.readlink(entry / "exe") == program:
                found.append(int(entry.name))
        except OSError:
            pass
    return sorted(found)


def in_the_middle(place, ranks, arguments, after):
    """Starts a run, and waits until it has trained for a while, which it goes on with."""
    process = place.start(many(ranks, arguments))
    begun = time.time()
    while not list(place.path.glob("run/checkpoints/step-*[1-9].h5")) and process.poll() is None:
        time.sleep(0.01)
        assert time.time() - begun < LIMIT, "it doesn't begin"
    time.sleep(after)
    assert processes(place), "the run was over too soon"
    return process


# MARK: what has to be the same


def any_number_of_ranks():
    for name, arguments in [("language model", LANGUAGE), ("tagger", TAGGER), ("diverging", DIVERGING)]:
        expected = reference(arguments)
        for ranks in [1, 2, 3, 4]:
            if name == "diverging" and ranks != 3: continue
            place = Place()
            code, errors = place.run(many(ranks, arguments))
            assert code == 0, errors
            assert ranks == 1 or f"{ranks} ranks of " in errors, errors
            assert errors.count("compute ") == 1, errors
            if name == "diverging": assert "rollback 1)" in errors, errors
            compare(place.results("run"), expected, f"{name}, {ranks} ranks")


def any_instruction_set():
    expected = reference(LANGUAGE)
    place = Place()
    script = pathlib.Path(as_one_rank(place, "= 1", ""))
    script.write_text(script.read_text().replace("exec", 'if [ "$rank" = 1 ]; then export RNN_TRAIN_ISA=scalar; fi\nexec'))
    code, errors = place.run(launched(options.launcher, 2) + [str(script)] + LANGUAGE)
    assert code == 0, errors
    compare(place.results("run"), expected, "ranks of different instruction sets")


def killed_and_resumed():
    expected = reference(LONG)
    for round in range(options.rounds):
        place = Place()
        process = in_the_middle(place, 3, LONG, random.uniform(0, 0.3))
        os.kill(random.choice(processes(place)), signal.SIGKILL)
        code, errors = finished(process)
        assert code != 0, errors
        time.sleep(0.5)
        assert not processes(place), "a rank has survived"
        ranks = round % 4 + 1
        resume = ["train", "--resume", "run"]
        code, errors = place.run([program] + resume if ranks == 1 else many(ranks, resume))
        assert code == 0, errors
        compare(place.results("run"), expected, f"killed, then {ranks} ranks")


def stopped_by_a_signal_to_any_rank():
    last = reference(LONG)
    for number, expected in [(signal.SIGTERM, 143), (signal.SIGUSR2, 0), (signal.SIGINT, 130)]:
        place = Place()
        process = in_the_middle(place, 3, LONG, 0.1)
        os.kill(processes(place)[-1], number)
        code, errors = finished(process)
        assert code == expected, f"{code}: {errors}"
        assert f"stopped by {number.name} with everything up to step" in errors, errors
        code, errors = place.run(many(2, ["train", "--resume", "run"]))
        assert code == 0, errors
        found = place.results("run")
        # The checkpoint of the stop is one more, unless there is one anyway.
        compare({name: found[name] for name in last if name in found}, last, f"stopped by {number.name}")


def checkpoint_on_request():
    expected = reference(LONG)
    place = Place()
    process = in_the_middle(place, 2, LONG, 0)
    # More than once: a step may be one that has a checkpoint anyway.
    for number in processes(place)[-1:] * 4:
        with contextlib.suppress(ProcessLookupError): os.kill(number, signal.SIGUSR1)
        time.sleep(0.02)
    code, errors = finished(process)
    assert code == 0, errors
    assert len(place.results("run")) > len(expected), "there is no checkpoint more"


def launcher_asks_to_stop():
    # What the launcher hands on, and leaves time for.
    # MPICH's, stopped itself, ends with the code of a rank or with 0, as it happens.
    number, expected = (signal.SIGUSR2, [0]) if "openmpi" in options.launcher else (signal.SIGTERM, [0, 143])
    place = Place()
    process = in_the_middle(place, 2, LONG, 0)
    process.send_signal(number)
    code, errors = finished(process)
    assert code in expected and f"stopped by {number.name}" in errors, f"{code}: {errors}"


# MARK: what can't work


def fails(command, code, line, place=None):
    """One line of ours, the exit code, and nothing left behind."""
    place = place or Place()
    found, errors = place.run(command)
    ours = [text for text in errors.splitlines() if re.search(line, text)]
    assert len(ours) == 1 and errors.count("rnn-train: ") <= 1, f"expected one line with {line}: {errors}"
    assert found == code, f"expected {code}, found {found}: {errors}"
    assert not (place.path / "run").exists() or "holds a run" in ours[0], "something is half written"


def more_ranks_than_shards():
    fails(many(3, LANGUAGE + ["training.shards=2"]), 64, "start at most 2")
    fails(many(2, LANGUAGE + ["training.shards=1"]), 64, "begin a run with training.shards=2 or more")


def without_mpi():
    if options.without:
        fails(launched(options.launcher, 2) + [os.path.abspath(options.without)] + LANGUAGE, 64, "built without MPI")


def wrong_launcher():
    if options.other:
        fails(launched(options.other, 2) + [program] + LANGUAGE, 64, "they would train apart")


def as_one_rank(place, condition, setting):
    """A program that has a setting of its own on one rank."""
    script = place.path / "ranked.sh"
    script.write_text(f'#!/bin/sh\nrank=${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}\n'
                      f'if [ "$rank" {condition} ]; then set -- "$@" {setting}; fi\nexec {program} "$@"\n')
    script.chmod(0o755)
    return str(script)


def something_else_on_one_rank():
    place = Place()
    fails(launched(options.launcher, 3) + [as_one_rank(place, "= 2", "seed=9")] + LANGUAGE, 65,
          "rank 2 has another configuration", place)
    # Other contents under the same path, as another machine may have them.
    if os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"]).returncode == 0:
        place = Place()
        (place.path / "other.txt").write_text(text(1500, 7))
        script = pathlib.Path(as_one_rank(place, "= 1", ""))
        script.write_text(script.read_text().replace(
            "exec", 'if [ "$rank" = 1 ]; then exec unshare --mount sh -c "mount --bind other.txt train.txt; exec \\"\\$@\\"" _ '
            f'{program} "$@"; fi\nexec'))
        fails(launched(options.launcher, 2) + [str(script)] + LANGUAGE, 65, "rank 1 has another dataset", place)
    else:
        print("another dataset on one rank isn't tested, since this user may not mount anything")
    place = Place()
    fails(launched(options.launcher, 2) + [as_one_rank(place, "= 1", "data.train=missing.txt")] + LANGUAGE, 65,
          "missing.txt", place)


def wrong_on_all_ranks():
    place = Place()
    fails(many(3, LANGUAGE + ["data.train=missing.txt"]), 65, "missing.txt", place)
    place = Place()
    assert place.run(many(2, LANGUAGE + ["training.epochs=1"]))[0] == 0
    fails(many(3, LANGUAGE), 73, "holds a run already", place)


def one_fails_while_it_trains():
    place = Place()
    process = in_the_middle(place, 3, LONG, 0)
    # The run may be writing there.
    while (place.path / "run").exists(): shutil.rmtree(place.path / "run", ignore_errors=True)
    code, errors = finished(process)
    assert code == 73 and "directory" in errors, f"{code}: {errors}"
    time.sleep(0.5)
    assert not processes(place), "a rank has survived"


def wrong_usage():
    place = Place()
    code, errors = place.run(many(3, ["--config", "lm.cfg", "--theads", "2"]))
    assert code == 64 and errors.count("rnn-train: ") == 1, f"{code}: {errors}"


tests = [any_number_of_ranks, any_instruction_set, killed_and_resumed, stopped_by_a_signal_to_any_rank, checkpoint_on_request, launcher_asks_to_stop,
         more_ranks_than_shards, without_mpi, wrong_launcher, something_else_on_one_rank, wrong_on_all_ranks,
         one_fails_while_it_trains, wrong_usage]
failures = 0
for test in tests:
    if options.names and test.__name__ not in options.names: continue
    begun = time.time()
    try:
        test()
        print(f"{test.__name__}: {time.time() - begun:.1f} s", flush=True)
    except AssertionError as error:
        failures += 1
        print(f"{test.__name__} FAILED: {error}", flush=True)
sys.exit(failures > 0)
