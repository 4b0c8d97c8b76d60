"""An engineer's first ten minutes: completion, a configuration that is checked, a job that is killed, a sweep, an export."""
import os
import re
import shutil
import signal

from terminal import Terminal, expect, readme

SENTENCES = 1200
SHELLS = {"zsh": "zsh -f", "fish": "fish --no-config"}


def visit(directory):
    complete(directory)
    terminal = Terminal(directory)
    typo = readme("training.bach_size=64: unknown key; did you mean batch_size?")
    terminal.run(readme("rnn-train --config configs/lm.cfg training.bach_size=64"), re.escape(typo), code=65)
    terminal.run("rnn-train --config configs/lm.cfg --epochs 3", r"settings are given as KEY=VALUE.*\s+training\.epochs=3", code=64)
    terminal.run("rnn-train config keys", r"^  seed ", r"^data: ", r"^training\.optimizer: ", r"^output: ")
    terminal.run("rnn-train config explain training.schedule", r"^training\.schedule\.name$", r"^ +default  constant$")
    terminal.run("rnn-train config explain trainin.schedule", r"did you mean\s+training\.schedule\?", code=64)
    terminal.run("rnn-train config init", r"^task: language-model$")
    terminal.run("rnn-train config init --output my.cfg", r"^wrote my\.cfg; next: ")
    terminal.run("rnn-train config check my.cfg", r"^my\.cfg:\d+:\d+: data\.train: no such file: ", code=65, fits=False)
    terminal.run("rnn-train config check my.cfg data.train=my.txt", r".")

    # A job that the system ends, and that a batch system begins again with the same line.
    job = readme("rnn-train train --config FILE --resume-or-begin").replace("FILE", "my.cfg")
    job += " data.train=my.txt training.epochs=20"
    terminal.begin(job)
    terminal.wait(r"epoch \d+/20 .* left")
    os.kill(terminal.children()[0], signal.SIGTERM)
    stopped = terminal.end(code=143)
    expect("stopped by SIGTERM with everything up to step" in stopped, stopped)
    terminal.run(job, r"^resumed    at step", r"^test perplexity")
    terminal.run(job, r"nothing to do: the run has finished")
    terminal.run("rnn-train metrics --csv runs/mine | head -2", r"^step,epoch,kind,loss", fits=False)
    terminal.run("rnn-train inspect runs/mine", r"^epochs done +\d+ of 20", fits=False)
    terminal.run("rnn-train evaluate runs/mine --json", r'"perplexity"', fits=False)
    terminal.run(readme("rnn-train export RUN --format onnx").replace("RUN", "runs/mine"), r"runs/mine/model\.onnx")

    # A sweep, stopped and gone on with.
    sweep = readme("rnn-train sweep --config configs/sweep.cfg --jobs 2")
    terminal.begin(sweep)
    terminal.wait(r"(?m)^\d of 6 trials run, .*about .* left$")
    table = [line for line in terminal.screen() if "  running  " in line]
    expect(1 <= len(table) <= 2, f"running trials aren't updated in place: {table}")
    terminal.press("C-c")
    stopped = terminal.end(code=130)
    expect("rnn-train sweep --resume sweeps/lm" in stopped, stopped)
    terminal.run("rnn-train sweep --resume sweeps/lm --jobs 2", r"^trial +state +epochs +validation_loss", r"  best$")
    terminal.run("rnn-train report sweeps/lm", r"^sweeps/lm/report\.html$")
    terminal.close()


def complete(directory):
    """Tab in every shell that is here, by the README's lines."""
    terminal = Terminal(directory, "bash --norc --noprofile")
    terminal.run(readme("mkdir -p ~/.local/share/bash-completion/completions ~/.zfunc ~/.config/fish/completions"))
    terminal.run(readme(
        "rnn-train --generate-completion-script bash > ~/.local/share/bash-completion/completions/rnn-train"))
    terminal.run(readme("rnn-train --generate-completion-script zsh > ~/.zfunc/_rnn-train"))
    terminal.run(readme("rnn-train --generate-completion-script fish > ~/.config/fish/completions/rnn-train.fish"))
    terminal.run("source ~/.local/share/bash-completion/completions/rnn-train")
    terminal.complete("rnn-train gen", "rnn-train generate")
    offer(terminal)
    terminal.complete("rnn-train train data.train=my.t", "data.train=my.txt")
    terminal.complete("rnn-train export runs --format ", "onnx", "safetensors", tabs=2)
    terminal.close()
    for name, command in SHELLS.items():
        if not shutil.which(name):
            print(f"     {name} isn't here: its completion isn't tried")
            continue
        shell = Terminal(directory, command)
        if name == "zsh":
            shell.run("fpath+=~/.zfunc; autoload -U compinit; compinit -u")
        else:
            shell.type("function fish_prompt; printf '[%s] ' $status; end; source ~/.config/fish/completions/rnn-train.fish; clear")
            shell.press("Enter")
        offer(shell)
        shell.close()


def offer(terminal):
    """What every shell offers: without a command the program trains, on a text or by a configuration."""
    terminal.complete("rnn-train repo", "rnn-train report")
    terminal.complete("rnn-train my.t", "rnn-train my.txt")
    terminal.complete("rnn-train --conf", "rnn-train --config")
    terminal.complete("rnn-train --config configs/tagger-q", "rnn-train --config configs/tagger-quickstart.cfg")
    terminal.complete("rnn-train --config configs/lm.cfg training.batch", "training.batch_size=")
    terminal.complete("rnn-train train --config configs/lm.cfg model.cell=", "elman", "lstm", tabs=2)
    terminal.complete("rnn-train evaluate --spl", "rnn-train evaluate --split")
