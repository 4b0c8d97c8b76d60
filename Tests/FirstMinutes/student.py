"""A student's first ten minutes: what is this, train the network of the lecture, stop it, go on, look at it."""
import re

from terminal import Terminal, expect, readme


SENTENCES = 6000


def visit(directory):
    terminal = Terminal(directory)
    # What is it?
    terminal.run(
        "rnn-train", r"^  rnn-train my\.txt +a language model", r"^  rnn-train corpus\.conllu +a tagger",
        r"^  rnn-train --config configs/lm\.cfg", r"^  rnn-train report runs/my", r"--help` tells more", code=64)
    terminal.run("rnn-train --help", r"^SUBCOMMANDS:", r"^  generate +Let a language model write", r"^  lesson ")
    terminal.run("rnn-train --confg configs/lm.cfg", r"did you mean --config\?", code=64)
    terminal.run("rnn-train --config configs/ml.cfg", r"configs/ml\.cfg", code=65)

    # The README's first command, stopped by Ctrl-C.
    train = readme("rnn-train --config configs/lm.cfg")
    terminal.begin(train)
    terminal.wait(r"epoch \d+/12 .*loss .* run [0-9.]+ .*left")
    progress = [line for line in terminal.screen() if " left" in line]
    expect(len(progress) == 1, f"progress isn't one line that is updated: {progress}")
    for fact in ("corpus  ", "model  ", "training  ", "optimizer  ", "compute  ", "run  "):
        terminal.wait(f"(?m)^{fact}")
    terminal.press("C-c")
    stopped = terminal.end(code=130)
    expect("saving a checkpoint and stopping" in stopped, stopped)
    expect(" left" not in stopped, f"the progress is left behind:\n{stopped}")
    remedy = re.search(r"rnn-train train --resume \S+", stopped)
    expect(remedy, f"nothing says how to go on:\n{stopped}")

    # Once more: refused, with a way on.
    terminal.run(train, r"runs/lm holds a run already", r"`rnn-train train --resume runs/lm`", code=73)
    # As it said; somebody else watches.
    other = Terminal(directory)
    terminal.begin(remedy[0])
    terminal.wait(r"resumed    at step")
    other.begin("rnn-train watch runs/lm")
    other.wait(r"under way  epoch \d+/12 done")
    other.wait(r"(?s)│.*└─.*step; loss: . training  \+ validation")
    output = terminal.end()
    expect(re.search(r"(?m)^epoch 12/12  train .* perplexity ", output), output)
    expect(re.search(r"(?s)^best epoch.*^test perplexity  +[0-9.]+$.*^A sample of what it writes:", output, re.M), output)
    watched = other.end()
    expect(re.search(r"(?m)^done  epoch 12/12 done  loss .* test perplexity ", watched), watched)
    expect(watched.count("└") == 1, f"the curve isn't drawn in one place:\n{watched}")
    other.close()

    # What it says comes next.
    for command in re.findall(r"(?m)^  (rnn-train .*)$", output):
        # What a model writes has no line breaks but its own.
        terminal.run(command, r"\S", fits=" generate " not in command)
    expect((directory / "runs/lm/report.html").exists(), "no page")
    terminal.run("rnn-train generat runs/lm", r"did you mean `rnn-train generate`\?", code=64)
    terminal.run("rnn-train generate --checkpoint runs/lm --prompt 'the xyzzy' --length 5", r"doesn't know .*xyzzy", fits=False)
    terminal.begin("rnn-train generate --checkpoint runs/lm --interactive --length 8")
    terminal.wait(r"^> ?$")
    terminal.type("the farmer")
    terminal.press("Enter")
    terminal.wait(r"(?m)^> the farmer\n.+\n> ?$")
    terminal.press("C-d")
    terminal.end()
    terminal.run("rnn-train inspect --gradient-flow runs/lm", r"x 0\.\d+ a timestep, below 1 % past \d+ timesteps")
    terminal.run("rnn-train lesson", r"^1\. The network", r"^7\. The same again", r"^tick +tack ")
    terminal.run("rnn-train runs", r"^runs/lm .*test perplexity.* ago +done$")
    terminal.run("rnn-train train --resume runs/lm", r"^resumed    at step [0-9,]+, all epochs done")
    terminal.close()
