#!/usr/bin/env python3
"""Several hosts on one machine, network namespaces whose links have a limit, that train together over TCP.

    hosts.py check PROGRAM LAUNCHER [--hosts N] [--rate 1gbit]
    hosts.py speed PROGRAM LAUNCHER [--rate 1gbit] [--steps N] [NAME ...]
    hosts.py memory PROGRAM LAUNCHER

PROGRAM is an rnn-train built with --traits MPI, LAUNCHER the mpirun of the MPI that it was built with: mpirun.openmpi or
mpirun.mpich. `check` trains on 2 to N hosts, compares checkpoints with one process's byte for byte, and the bytes that leave each
host in a step with what the documentation says. `speed` measures tokens per second of one model, of which PyTorch's
DistributedDataParallel over Gloo trains the same, by threads, by processes that share memory, and by hosts; NAMEs choose some of
its lines. Both need root, `ip` and `tc` (Debian's iproute2), and `speed` torch as well. `memory` measures what 1, 2 and 4 processes
of this machine take each that train one larger model by Adam, checkpoints included.
"""
import argparse, json, os, pathlib, random, shlex, signal, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("task", choices=["check", "speed", "memory", "ddp"])
parser.add_argument("program")
parser.add_argument("launcher")
parser.add_argument("--hosts", type=int, default=4)
parser.add_argument("--rate", default="1gbit")
parser.add_argument("--steps", type=int, default=110)
parser.add_argument("names", nargs="*")

# The model that is measured, and its minibatch.
VOCABULARY, EMBEDDING, HIDDEN, STREAMS, TIMESTEPS = 5000, 128, 256, 32, 20
# Parameters that have gradients in all rows: those of the layer and of the output.
DENSE = 4 * HIDDEN * (EMBEDDING + HIDDEN + 1) + (VOCABULARY + 2) * (HIDDEN + 1)
LIMIT = 120


class Hosts:
    """Network namespaces on a bridge, each with a name of its own: MPI takes processes of one host for neighbours that share memory."""

    def __init__(self, count, rate, place):
        self.names = [f"rnn{os.getpid()}h{index}" for index in range(count)]
        self.bridge, self.rate = f"rnn{os.getpid()}", rate
        # Stands in for ssh: agent [-x ...] HOST COMMAND...
        self.agent = place / "agent"
        self.agent.write_text('#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\nhost=$1; shift\n'
                              'exec ip netns exec "$host" unshare -u bash -c \'hostname "$0"; exec bash -c "$1"\' "$host" "$*"\n')
        self.agent.chmod(0o755)
        self.file = place / "hosts"
        self.file.write_text("".join(f"{name} slots=1\n" for name in self.names))

    def __enter__(self):
        def call(line): subprocess.run(line.split(), check=True)
        call(f"ip link add {self.bridge} type bridge")
        call(f"ip link set {self.bridge} up")
        table = "127.0.0.1 localhost\n" + "".join(f"{self.address(i)} {name}\n" for i, name in enumerate(self.names))
        for index, name in enumerate(self.names):
            call(f"ip netns add {name}")
            call(f"ip link add v{name} type veth peer name eth0 netns {name}")
            call(f"ip link set v{name} master {self.bridge} up")
            call(f"ip -n {name} addr add {self.address(index)}/24 dev eth0")
            call(f"ip -n {name} link set eth0 up")
            call(f"ip -n {name} link set lo up")
            call(f"ip netns exec {name} tc qdisc add dev eth0 root tbf rate {self.rate} burst 256k latency 100ms")
            directory = pathlib.Path("/etc/netns") / name
            directory.mkdir(parents=True)
            (directory / "hosts").write_text(table)
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name])
            subprocess.run(["rm", "-rf", f"/etc/netns/{name}"])
        subprocess.run(["ip", "link", "del", self.bridge])

    def address(self, index): return f"10.99.0.{10 + index}"

    def on(self, index, command): return [str(self.agent), self.names[index], shlex.join(command)]

    def launched(self, launcher, ranks, command):
        if "openmpi" in launcher:
            return self.on(0, [
                launcher, "--allow-run-as-root", "--bind-to", "none", "--hostfile", str(self.file), "--mca", "plm_rsh_agent",
                str(self.agent), "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include",
                "eth0", "-n", str(ranks), *command])
        return self.on(0, [
            "env", "UCX_TLS=tcp,self", "UCX_NET_DEVICES=eth0", launcher, "-hosts", ",".join(self.names[:ranks]), "-launcher",
            "ssh", "-launcher-exec", str(self.agent), "-iface", "eth0", "-n", str(ranks), *command])

    def sent(self, index):
        """Bytes that have left a host."""
        path = "/sys/class/net/eth0/statistics/tx_bytes"
        return int(subprocess.run(self.on(index, ["cat", path]), check=True, capture_output=True, text=True).stdout)


def run(place, command, **more):
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
                          env={**os.environ, "XDG_CACHE_HOME": str(place / "cache")}, **more)
    if done.returncode != 0: sys.exit(f"{shlex.join(command)}: {done.returncode}\n{done.stderr[-2000:]}")
    return done


def locally(launcher, ranks, command):
    if "openmpi" in launcher:
        return [launcher, "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *command]
    return [launcher, "-n", str(ranks), *command]


def settings(place, steps):
    """A text of so many steps, and a run over it."""
    numbers = random.Random(1)
    words = STREAMS * TIMESTEPS * steps + 1
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
    vocabulary = [f"w{index}" for index in range(VOCABULARY)]
    # Each of them once, so that the model is of the size it is meant to have.
    text = vocabulary + numbers.choices(vocabulary, weights, k=words - VOCABULARY)
    (place / "train.txt").write_text(" ".join(text) + "\n")
    return ["--config", str(root / "configs/lm.cfg"), "data.train=train.txt", "data.validation=null", "data.test=null",
            f"data.vocabulary.size={VOCABULARY + 2}", "model.cell=lstm", f"model.hidden={HIDDEN}", f"model.embedding={EMBEDDING}",
            "model.layers=1", f"training.batch_size={STREAMS}", f"training.bptt={TIMESTEPS}", "training.shards=4",
            "training.epochs=1", "training.optimizer={name: sgd, learning_rate: 1}", "training.clip_norm=5",
            "output.directory=run", "output.checkpoint_every=100000"]


def forget(place): subprocess.run(["rm", "-rf", str(place / "run")], check=True)


# MARK: check


def checkpoint(place):
    return max((place / "run/checkpoints").glob("step-*.h5")).read_bytes()


def check(options, place):
    steps = 40
    for ranks in range(2, options.hosts + 1):
        # With a shard each, ranks have a node of the tree each.
        arguments = [*settings(place, steps), f"training.shards={ranks}"]
        forget(place)
        run(place, [options.program, *arguments, "--threads", "2"])
        expected = checkpoint(place)
        with Hosts(ranks, options.rate, place) as hosts:
            forget(place)
            command = [options.program, *arguments, "--threads", "1"]
            before = [hosts.sent(index) for index in range(ranks)]
            run(place, hosts.launched(options.launcher, ranks, command))
            sent = [hosts.sent(index) - start for index, start in enumerate(before)]
            assert checkpoint(place) == expected, f"{ranks} hosts: another checkpoint"
            said = ", ".join(f"{count / steps / 1e6:.2f}" for count in sent)
            formula = 2 * (ranks - 1) / ranks * 4 * DENSE / 1e6
            print(f"{ranks} hosts: the checkpoint of one process; MB a step that left each: {said}; by the formula, without rows of "
                  f"embeddings and the network's headers: {formula:.2f}", flush=True)


# MARK: speed


def ours(place, command):
    """Tokens per second of the last hundred steps, and the time of a step that went into exchange."""
    forget(place)
    done = run(place, command)
    lines = [json.loads(line) for line in (place / "run/metrics.jsonl").read_text().splitlines()]
    rates = [line["tokens_per_second"] for line in lines if line["kind"] == "train"]
    exchange = next((line.strip() for line in done.stdout.splitlines() if "exchange" in line), "")
    return rates[-1], exchange


def ddp(options):
    """A process of PyTorch's: what torchrun would start."""
    import torch, torch.distributed as distributed
    from torch import nn
    torch.manual_seed(1)
    torch.set_num_threads(options.steps)
    torch.set_flush_denormal(True)
    ranks = int(os.environ["WORLD_SIZE"])
    if ranks > 1: distributed.init_process_group("gloo")

    class Model(nn.Module):
        def __init__(self, is_sparse):
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY + 2, EMBEDDING, sparse=is_sparse)
            self.rnn = nn.LSTM(EMBEDDING, HIDDEN)
            self.decoder = nn.Linear(HIDDEN, VOCABULARY + 2)

        def forward(self, ids, state):
            hidden, state = self.rnn(self.embedding(ids), state)
            return self.decoder(hidden), state

    best = 0
    for is_sparse in (False, True):
        model = Model(is_sparse)
        trained = nn.parallel.DistributedDataParallel(model) if ranks > 1 else model
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        streams = STREAMS // ranks
        weights = 1 / torch.arange(1.0, VOCABULARY + 1)
        ids = [torch.multinomial(weights, TIMESTEPS * streams, replacement=True).view(TIMESTEPS, streams) for _ in range(16)]
        times, state, begun, step = [], None, time.perf_counter(), 0
        # As many steps on all ranks.
        while step < 40:
            start = time.perf_counter()
            logits, state = trained(ids[step % 16], state)
            state = tuple(part.detach() for part in state)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[(step + 1) % 16].flatten())
            optimizer.zero_grad()
            loss.backward()
            if is_sparse:
                nn.utils.clip_grad_norm_([p for p in model.parameters() if not p.grad.is_sparse], 5)
            else:
                nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
            times.append(time.perf_counter() - start)
            step += 1
        best = max(best, STREAMS * TIMESTEPS / statistics.median(times[10:]))
    if int(os.environ["RANK"]) == 0: print(f"{best:.0f}")


def pytorch(place, ranks, threads, hosts=None):
    """Tokens per second of PyTorch, with dense or with sparse gradients of embeddings, whichever is faster."""
    processes = []
    for rank in range(ranks):
        command = [sys.executable, str(pathlib.Path(__file__).resolve()), "ddp", "-", "-", "--steps", str(threads)]
        master = hosts.address(0) if hosts else "127.0.0.1"
        environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": str(ranks), "MASTER_ADDR": master, "MASTER_PORT": "29517",
                       "GLOO_SOCKET_IFNAME": "eth0" if hosts else "lo", "OMP_NUM_THREADS": str(threads)}
        processes.append(subprocess.Popen(hosts.on(rank, command) if hosts else command, cwd=place, env=environment, text=True,
                                          stdout=subprocess.PIPE))
    results = [process.communicate(timeout=LIMIT)[0] for process in processes]
    if any(process.returncode for process in processes): sys.exit("PyTorch has failed")
    return float(results[0]), ""


def speed(options, place):
    arguments = settings(place, options.steps)
    run(place, [options.program, "prepare", *arguments, "--output", "data.h5"])
    program = [options.program, *arguments, "--explain-speed", "--threads"]
    with Hosts(2, options.rate, place) as hosts:
        lines = {
            "threads": ("2 threads", lambda: ours(place, [*program, "2"])),
            "one": ("1 rank x 1 thread", lambda: ours(place, [*program, "1"])),
            "ranks": ("2 ranks x 1 thread", lambda: ours(place, locally(options.launcher, 2, [*program, "1"]))),
            "hosts": (f"2 hosts x 1 thread, {options.rate}", lambda: ours(place, hosts.launched(options.launcher, 2, [*program, "1"]))),
            "torch-threads": ("PyTorch, 2 threads", lambda: pytorch(place, 1, 2)),
            "torch-one": ("PyTorch, 1 thread", lambda: pytorch(place, 1, 1)),
            "torch-ranks": ("PyTorch, DDP, 2 ranks x 1 thread", lambda: pytorch(place, 2, 1)),
            "torch-hosts": (f"PyTorch, DDP, 2 hosts x 1 thread, {options.rate}", lambda: pytorch(place, 2, 1, hosts)),
        }
        for name, (title, measure) in lines.items():
            if options.names and name not in options.names: continue
            rate, note = measure()
            print(f"{title:<45} {rate:>8,.0f} tokens/s  {note}", flush=True)


# MARK: memory


def memory(options, place):
    """The most that each process has had in memory."""
    arguments = [*settings(place, 8), "model.hidden=1024", "model.embedding=512", "model.layers=2",
                 "training.optimizer={name: adam}"]
    run(place, [options.program, "prepare", *arguments, "--output", "data.h5"])
    wrapper = place / "peak"
    wrapper.write_text("""#!/usr/bin/env python3
import os, resource, subprocess, sys
# MPICH speaks to its launcher by a descriptor.
code = subprocess.run(sys.argv[1:], close_fds=False).returncode
rank = os.environ.get("OMPI_COMM_WORLD_RANK", os.environ.get("PMI_RANK", "0"))
with open(f"peak-{rank}", "w") as file: file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
""")
    wrapper.chmod(0o755)
    for ranks in (1, 2, 4):
        forget(place)
        command = [str(wrapper), options.program, *arguments, "--threads", "1"]
        run(place, command if ranks == 1 else locally(options.launcher, ranks, command))
        peaks = [int((place / f"peak-{rank}").read_text()) / 1024 for rank in range(ranks)]
        print(f"{ranks} ranks: MiB of each: {', '.join(f'{peak:.0f}' for peak in peaks)}", flush=True)


options = parser.parse_intermixed_args()
# Nothing of the hosts is to be left.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
if options.task == "ddp":
    ddp(options)
else:
    options.program = os.path.realpath(options.program)
    with tempfile.TemporaryDirectory() as temporary:
        {"check": check, "speed": speed, "memory": memory}[options.task](options, pathlib.Path(temporary))
