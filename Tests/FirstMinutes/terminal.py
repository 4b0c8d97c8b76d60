"""A shell in a terminal of 80 columns and 24 rows, by tmux: keys go in, and what is to be seen on the screen comes out."""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = " ".join((ROOT / "README.md").read_text().split())
# Seconds to wait for what has to come: far more than it takes on a slow machine that has other work.
PATIENCE = 300


class Stumble(Exception):
    """What a newcomer would have stumbled over."""


def place(directory, program, sentences):
    """A directory as a reader has it: the installed program, the shipped configurations, so many sentences of the shipped
    corpus, with which they train in seconds, and files of the reader's own."""
    (directory / "bin").mkdir(parents=True)
    (directory / "bin/rnn-train").symlink_to(program)
    shutil.copytree(ROOT / "configs", directory / "configs")
    english = directory / "datasets/english"
    english.mkdir(parents=True)
    for split, count in (("train", sentences), ("validation", 300), ("test", 300)):
        for ending, end in (("txt", "\n"), ("conllu", "\n\n")):
            sentences = (ROOT / f"datasets/english/{split}.{ending}").read_text().split(end)[:count]
            (english / f"{split}.{ending}").write_text(end.join(sentences) + end)
    (directory / "my.txt").write_text((english / "train.txt").read_text()[:8000])
    (directory / "corpus.conllu").write_text("\n\n".join((english / "train.conllu").read_text().split("\n\n")[:1200]) + "\n\n")


class Terminal:
    """Its shell's prompt shows the last exit code: `[0] `."""

    columns, rows = 80, 24
    numbers = itertools.count()
    opened = set()

    def __init__(self, directory, shell="bash --norc --noprofile"):
        self.tmux_name = f"first-minutes-{os.getpid()}-{next(self.numbers)}"
        environment = {
            "PATH": f"{directory}/bin:/usr/local/bin:/usr/bin:/bin", "HOME": directory, "LANG": "C.UTF-8", "TERM": "screen",
            "PS1": "[$?] ", "PROMPT": "[%?] ", "HISTFILE": "", "LC_ALL": "C.UTF-8",
        }
        words = " ".join(f"'{name}={value}'" for name, value in environment.items())
        # Options that are to hold for the first window have to be there before it.
        self.opened.add(self)
        self.tmux("new-session", "-d", "-x", "80", "-y", "24", "-c", str(directory), "sleep 1000")
        self.tmux("set-option", "-g", "history-limit", "20000")
        self.tmux("new-window", "-k", "-t", ":0", "-c", str(directory), f"exec env -i {words} {shell}")

    def tmux(self, *arguments):
        command = ["tmux", "-L", self.tmux_name, "-f", "/dev/null", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def close(self):
        """Its shell goes, and with it what runs there, which may have a checkpoint to write yet."""
        self.opened.discard(self)
        left = self.children()
        self.tmux("kill-server")
        end = time.monotonic() + PATIENCE
        while any(runs(process) for process in left):
            if time.monotonic() > end:
                raise Stumble(f"goes on without its terminal: processes {left}")
            time.sleep(0.04)

    @classmethod
    def close_all(cls):
        """Those as well that somebody who stumbled has left open."""
        for terminal in list(cls.opened):
            terminal.close()

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def children(self):
        """The numbers of the processes that the shell runs."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        return [int(number) for number in pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text().split()]

    def screen(self):
        """Its lines as one sees them."""
        return self.tmux("capture-pane", "-p").rstrip().split("\n")

    def lines(self):
        """All lines since the beginning, those that have left the screen as well; one that the terminal broke is whole."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-J", "-S", "-").rstrip().split("\n")]

    def wait(self, condition, what=None):
        """Until a pattern is to be seen behind the last command, or something holds."""
        end = time.monotonic() + PATIENCE
        holds = condition if callable(condition) else lambda: re.search(condition, self.output())
        while True:
            if found := holds():
                return found
            if time.monotonic() > end:
                raise Stumble(f"waited {PATIENCE} s for {what or condition}:\n" + "\n".join(self.lines()[-40:]))
            time.sleep(0.04)

    def commands(self):
        """Where in `lines` each command that was typed stands."""
        return [index for index, line in enumerate(self.lines()) if re.match(r"\[\d+\] \S", line)]

    def output(self):
        """What is to be seen behind the line of the last command."""
        starts = self.commands()
        return "\n".join(self.lines()[starts[-1] + 1:] if starts else self.lines())

    def begin(self, command):
        """Types a command when the prompt is there."""
        self.wait(lambda: re.fullmatch(r"\[\d+\]", self.lines()[-1]), what="a prompt")
        # The same may have been typed before.
        before = len(self.commands())
        self.type(command)
        self.press("Enter")
        self.wait(lambda: len(self.commands()) > before, what=command)

    def end(self, code=0, fits=True):
        """What the command wrote, when it has ended with an exit code.

        fits: whether no line of it goes over the end of the terminal's lines, which would break it within words."""
        shown = self.wait(lambda: re.search(r"^\[(\d+)\]$", "\n" + self.output(), re.M), "the command's end")
        output = self.output().rsplit("\n", 1)[0] if "\n" in self.output() else ""
        if int(shown[1]) != code:
            raise Stumble(f"exit code {shown[1]}, expected {code}:\n" + "\n".join(self.lines()[-40:]))
        broken = [line for line in output.split("\n") if len(line) > self.columns]
        if fits and broken:
            raise Stumble("the terminal broke lines:\n" + "\n".join(broken))
        return output

    def run(self, command, *patterns, code=0, fits=True):
        """Types a command and waits for its end; what it wrote has to show each pattern, in their order."""
        self.begin(command)
        output = self.end(code, fits)
        rest = output
        for pattern in patterns:
            found = re.search(pattern, rest, re.M)
            if not found:
                raise Stumble(f"{command}: expected {pattern!r} in\n{output}")
            rest = rest[found.end():]
        return output

    def complete(self, text, *expected, tabs=1):
        """Types the beginning of a command and Tab; what then is to be seen has to show each text. Takes the line back."""
        before = self.lines()
        self.press("C-u")
        self.type(text)
        for _ in range(tabs):
            self.press("Tab")
            time.sleep(0.15)
        def shown():
            return "\n".join(self.lines()[len(before) - 1:])
        self.wait(lambda: all(word in shown() for word in expected), what=f"{expected} behind {text!r} and Tab")
        self.press("C-c")
        self.wait(lambda: re.fullmatch(r"\[\d+\]", self.lines()[-1]), what="a prompt")


def runs(process):
    """Whether a process is there that hasn't ended."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def readme(command):
    """A command that the README shows."""
    if command not in README:
        raise Stumble(f"the README doesn't show `{command}`")
    return command


def expect(holds, what):
    if not holds:
        raise Stumble(what)
