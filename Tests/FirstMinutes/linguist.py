"""A linguist's first ten minutes: a tagger of a treebank, its errors, a model of a text, judgements."""
import re

from terminal import Terminal, expect, readme


SENTENCES = 2000


def visit(directory):
    terminal = Terminal(directory)
    # A treebank.
    terminal.run("rnn-train corpus.conlu", r"corpus\.conlu: no such file; did you mean corpus\.conllu\?", code=64)
    terminal.begin(readme("rnn-train corpus.conllu"))
    terminal.wait(r"corpus\.conllu, .*: that is little for a tagger: expect it to be right on")
    terminal.wait(r"epoch \d+/\d+ .*run [0-9.]+ .*left")
    terminal.press("C-c")
    stopped = terminal.end(code=130)
    resume = re.search(r"rnn-train train --resume \S+", stopped)
    expect(resume, stopped)
    # Two epochs more than the one in which it stopped, however fast this machine is.
    epochs = len(re.findall(r"(?m)^epoch +\d+/\d+ +train ", stopped)) + 2
    output = terminal.run(
        f"{resume[0]} training.epochs={epochs}", r"^resumed    at step", r"^test accuracy +[0-9.]+%$",
        r"^on unknown words +[0-9.]+% of \d+$", r"^A sentence as it tags it:")
    expect("rnn-train tag --checkpoint runs/corpus FILE" in output, output)

    # The README's pair of commands.
    terminal.run(readme("rnn-train --config configs/tagger-quickstart.cfg"), r"^test accuracy")
    terminal.run(
        readme('echo "the tired sailors hoped to fish near the island ." | rnn-train tag --checkpoint runs/tagger-quickstart'),
        r"^the/DET tired/ADJ sailors/NOUN ", fits=False)
    # The run forgotten, and other ways to hold it wrong.
    terminal.run("rnn-train tag", r"expected --checkpoint PATH", r"`rnn-train tag --help` tells more", code=64)
    terminal.run("rnn-train tag corpus.conllu", r"corpus\.conllu: expected a run", code=64)
    terminal.run("rnn-train tag runs/corpus corpus.conllu > tagged.conllu")
    terminal.run("grep -c NOUN tagged.conllu", r"^\d+$")
    terminal.run("rnn-train generate runs/corpus", r"runs/corpus", code=65)
    terminal.run("rnn-train evaluate runs/corpus", r"^accuracy +[0-9.]+%", r"^tag +words precision")
    terminal.run("rnn-train report runs/corpus", r"^runs/corpus/report\.html$")

    terminal.run("grep -v '^#' corpus.conllu | cut -f 2,4 > words.tsv")
    terminal.run(readme("rnn-train words.tsv data.format=columns") + " training.epochs=1 output.directory=runs/columns",
                 r"^test accuracy")

    # A text of one's own.
    terminal.type("rnn-train my.txt")
    terminal.press("Enter")
    terminal.wait(r"my\.txt, 8\.0 kB: that is little: expect letters")
    terminal.end()
    terminal.run(readme('rnn-train generate --checkpoint runs/my --prompt "Once upon" --temperature 0.8'), r"\S", fits=False)
    terminal.run("printf 'the dogs run .\\nthe dogs runs .\\n' | rnn-train score runs/my", r"^-[0-9.]+\t? *\d+", r"^-[0-9.]+")
    terminal.run("rnn-train my.txt", r"runs/my holds a run already", code=73)
    # Texts that nobody can learn from.
    terminal.run("printf 'hello\\n' > tiny.txt; rnn-train tiny.txt", r"tiny\.txt", code=65)
    terminal.run("printf '' > empty.txt; rnn-train empty.txt", r"empty\.txt", code=65)
    terminal.close()
