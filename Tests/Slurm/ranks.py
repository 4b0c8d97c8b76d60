#!/usr/bin/env python3
"""Runs of several processes under a real Slurm: the bytes of one process, and what signals, limits and wrong launchers lead to.

    Tests/Slurm/with-slurm.sh Tests/Slurm/ranks.py PROGRAM PLUGIN

PROGRAM is an rnn-train built with --traits MPI, PLUGIN what srun --mpi has to be for its MPI: pmix for Open MPI, pmi2 for
MPICH. Takes two minutes, and needs what with-slurm.sh needs.
"""
import json, os, pathlib, random, re, shlex, signal, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
program, plugin = os.path.realpath(sys.argv[1]), sys.argv[2]
LIMIT = 100
# Epochs of runs that are to be caught while they train.
LONG = 100
references = {}
above = tempfile.TemporaryDirectory()
work = pathlib.Path(above.name)
page = (root / "Sources/Training/Documentation.docc/SeveralMachines.md").read_text()

numbers = random.Random(1)
for name, words in (("train.txt", 4000), ("validation.txt", 400)):
    text = "".join(numbers.choice("abcdefgh") * numbers.randint(1, 3) + (".\n" if numbers.random() < 0.1 else " ")
                   for _ in range(words))
    (work / name).write_text(text)
SETTINGS = ["data.train=train.txt", "data.validation=validation.txt", "data.test=null", "data.vocabulary.size=50",
            "model.cell=lstm", "model.hidden=48", "model.dropout=0.1", "training.batch_size=8", "training.bptt=11",
            "training.shards=4", "training.optimizer.name=adam"]
environment = dict(os.environ, XDG_CACHE_HOME=str(work / "cache"))


def run(command, **more):
    return subprocess.run(command, cwd=work, env=environment, text=True, capture_output=True, timeout=LIMIT, **more)


def wait(condition, what):
    begun = time.time()
    while not condition():
        time.sleep(0.1)
        assert time.time() - begun < LIMIT, f"there is no {what}"


def settings(epochs, directory="run"):
    return SETTINGS + [f"training.epochs={epochs}", f"output.directory={directory}", "output.keep=1000",
                       "output.checkpoint_every=200"]


def configured(epochs):
    """lm.cfg, as the page's script names it."""
    text = run([program, "config", "show", str(root / "configs/lm.cfg")] + settings(epochs)).stdout
    (work / "lm.cfg").write_text(text)


def srun(ranks, *arguments, plugin=plugin):
    return ["srun", f"--mpi={plugin}", "-n", str(ranks), "-c", "1", "-K", program, *arguments]


def started(*arguments):
    """A run by srun that has begun, and its job."""
    wait(lambda: not queue(), "end of the jobs before")
    process = subprocess.Popen(srun(*arguments), cwd=work, env=environment, text=True, stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    wait(queue, "job")
    return process, queue()[0]


def queue():
    return run(["squeue", "--noheader", "--format", "%A"]).stdout.split()


def ended(process):
    try:
        _, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError("srun hangs")
    return errors


def results(directory):
    files = sorted((work / directory / "checkpoints").glob("step-*.h5"))
    return {file.name: file.read_bytes() for file in files}


def begin(directory):
    """Takes a run out of the way, so that another one of the same name can come."""
    subprocess.run(["rm", "-rf", str(work / directory)], check=True)


def alone(epochs):
    """What one process comes to; leaves its configuration, and no run."""
    begin("run")
    configured(epochs)
    if epochs not in references:
        done = run([program, "--config", "lm.cfg", "--threads", "1"])
        assert done.returncode == 0, done.stderr
        references[epochs] = results("run")
        begin("run")
    return references[epochs]


def compare(expected, about):
    """Stops and their checkpoints may be more."""
    found = results("run")
    missing = [name for name in expected if found.get(name) != expected[name]]
    assert expected and not missing, f"{about}: others are {missing[:5]}"


def begun(directory="run"):
    return list(work.glob(f"{directory}/checkpoints/step-*[1-9]*.h5"))


# MARK: what srun starts


def ranks_of_one_run():
    expected = alone(1)
    for ranks in (1, 2, 4):
        begin("run")
        done = run(srun(ranks, "--config", "lm.cfg"))
        assert done.returncode == 0, done.stderr
        assert ranks == 1 or f"{ranks} ranks of 1 thread" in done.stderr, done.stderr
        compare(expected, f"{ranks} ranks")
    return next(line for line in done.stderr.splitlines() if line.startswith("compute"))


def another_plugin():
    begin("run")
    configured(1)
    done = run(srun(2, "--config", "lm.cfg", plugin="none"))
    lines = [line for line in done.stderr.splitlines() if line.startswith("rnn-train:")]
    assert len(lines) == 1 and "they would train apart" in lines[0] and not (work / "run").exists(), done.stderr
    # With -K the first one to leave has the others ended, which says more to srun.
    assert done.returncode in (64, 143), done.returncode
    return lines[0]


def a_killed_rank_ends_all():
    expected = alone(LONG)
    process, _ = started(3, "--config", "lm.cfg")
    wait(begun, "checkpoint")
    victim = max(int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit() and trains(entry))
    since = time.time()
    os.kill(victim, signal.SIGKILL)
    errors = ended(process)
    assert process.returncode != 0, errors
    seconds = time.time() - since
    wait(lambda: not queue(), "end of the job")
    done = run(srun(2, "train", "--resume", "run"))
    assert done.returncode == 0, done.stderr
    compare(expected, "killed, and gone on")
    return f"srun ended {seconds:.1f} s after a rank was killed, with {process.returncode}"


def trains(entry):
    try:
        return os.readlink(entry / "cwd") == str(work) and os.readlink(entry / "exe") == program
    except OSError:
        return False


# MARK: batch jobs


def state(job):
    return run(["squeue", "--noheader", "--job", job, "--format", "%t"]).stdout.strip()


def submitted(*options):
    """The script that the page shows, as a job."""
    script = re.search(r"^    #!/bin/bash\n(?:    .*\n|\n)+", page, re.M)[0]
    script = "\n".join(line[4:] for line in script.splitlines()) + "\n"
    # Here are one node and few processors, and the program isn't where one looks for it.
    script = script.replace("--mpi=pmix", f"--mpi={plugin}").replace(" rnn-train ", f" {shlex.quote(program)} ")
    (work / "lm.sbatch").write_text(script)
    done = run(["sbatch", "--parsable", "--nodes=1", "--ntasks-per-node=2", "--cpus-per-task=1", "--output=job.log", *options, "lm.sbatch"])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def stopped_at_its_limit_and_requeued():
    # So long that it isn't done before the limit on fast processors.
    expected = alone(5 * LONG)
    (work / "job.log").unlink(missing_ok=True)
    # The signal comes 50 seconds before the limit of a minute; Slurm may be late by a while.
    job = submitted("--time=1", "--signal=TERM@50")
    log = work / "job.log"
    wait(lambda: log.exists() and "stopped by SIGTERM" in log.read_text(), "stop at the limit")
    wait(lambda: state(job) == "PD", "requeued job")
    # Slurm would wait two minutes, and stop it again.
    run(["scontrol", "update", f"JobId={job}", "StartTime=now", "TimeLimit=20"])
    wait(lambda: state(job) == "", "end of the job")
    assert "resumed" in log.read_text(), log.read_text()
    compare(expected, "requeued")
    return next(line for line in log.read_text().splitlines() if "stopped by SIGTERM" in line)


def signals_by_scancel():
    """What all ranks get at once: SIGUSR1 saves, SIGTERM saves and ends, and so does scancel itself."""
    expected = alone(LONG)
    process, job = started(2, "--config", "lm.cfg")
    wait(begun, "checkpoint")
    run(["scancel", "--signal=USR1", job])
    time.sleep(0.3)
    run(["scancel", "--signal=TERM", job])
    errors = ended(process)
    assert process.returncode == 143 and "stopped by SIGTERM" in errors, f"{process.returncode}: {errors}"
    before = len(begun())
    process, job = started(3, "train", "--resume", "run")
    wait(lambda: len(begun()) > before, "checkpoint")
    run(["scancel", job])
    errors = ended(process)
    assert "stopped by SIGTERM" in errors, f"{process.returncode}: {errors}"
    done = run(srun(1, "train", "--resume", "run"))
    assert done.returncode == 0, done.stderr
    compare(expected, "signals")
    return next(line for line in errors.splitlines() if "stopped by SIGTERM" in line)


def a_sweep_of_several_ranks():
    (work / "base.cfg").write_text(run([program, "config", "show", str(root / "configs/lm.cfg")] + settings(2)).stdout)
    (work / "sweep.cfg").write_text("base: base.cfg\nparameters: {model.hidden: {values: [16, 24]}}\noutput: {directory: here}\n")
    done = run([program, "sweep", "export", "--config", "sweep.cfg", "--slurm", "array", "--ranks", "2"])
    assert done.returncode == 0, done.stderr
    job = run(["sbatch", "--parsable", "--time=5", "array/sweep.sbatch"]).stdout.strip()
    done = run([program, "sweep", "--quiet", "--config", "sweep.cfg"])
    assert done.returncode == 0, done.stderr
    wait(lambda: run(["squeue", "--noheader", "--job", job]).stdout == "", "end of the array")
    for trial in sorted((work / "array/trials").iterdir()):
        # What is in a checkpoint but its configuration, which has the directory.
        mine, theirs = [run([program, "evaluate", "--json", "--split", "validation", f"{sweep}/trials/{trial.name}"]).stdout
                        for sweep in ("array", "here")]
        assert mine and json.loads(mine) == json.loads(theirs), f"{mine} for {theirs}"
        assert "2 ranks of 1 thread" in (trial / "train.log").read_text()
    done = run([program, "sweep", "--quiet", "--resume", "array"])
    assert done.returncode == 0 and "best trial" in done.stdout, done.stderr
    refused = run([program, "sweep", "export", "--config", "sweep.cfg", "--slurm", "wide", "--ranks", "5"])
    assert refused.returncode == 64 and "can't share out" in refused.stderr and not (work / "wide").exists(), refused.stderr
    return next(line for line in done.stdout.splitlines() if "best trial" in line)


failures = 0
for test in (ranks_of_one_run, another_plugin, a_killed_rank_ends_all, signals_by_scancel, stopped_at_its_limit_and_requeued,
             a_sweep_of_several_ranks):
    if len(sys.argv) > 3 and test.__name__ not in sys.argv[3:]: continue
    since = time.time()
    try:
        print(f"{test.__name__}: {test()} ({time.time() - since:.0f} s)", flush=True)
    except AssertionError as error:
        failures += 1
        print(f"{test.__name__} FAILED: {error}", flush=True)
        for job in queue(): run(["scancel", job])
sys.exit(failures > 0)
