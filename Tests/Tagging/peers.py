#!/usr/bin/env python3
"""Taggers of all columns beside those of other programs, trained here on the same treebank: accuracy, minutes, speed, size.

    peers.py PROGRAM TRAIN.conllu DEV.conllu [TEST.conllu] [--taggers NAME ...] [--seed N] [--threads N] [--tagger KEY=VALUE ...]
             [--keep FOLDER]

NAME is rnn-train, udpipe (`pip install ufal.udpipe`: UDPipe 1) or spacy (`pip install spacy`, its "efficiency" pipeline of a
tagger and a morphologizer, which asks for no download); all of them where nothing is said. Each is trained on TRAIN, with DEV to
tell when it is best, and tags TEST, or DEV without it; words are given. rnn-train has the settings that follow from TRAIN's size.
UPOS, XPOS, UFeats and AllTags are those of the CoNLL 2018 evaluation; a treebank without XPOS has none of it to learn.
Words a second of others count tagging alone; rnn-train's are the whole program's, with its start, reading and writing. Minutes
of training are the clock's and the processor's. With --keep the models stay in FOLDER, and those that lie there are not trained.
"""
import argparse, json, pathlib, resource, subprocess, sys, tempfile, time

# The features that the CoNLL 2018 evaluation compares: https://universaldependencies.org/u/feat/
UNIVERSAL = set("""PronType NumType Poss Reflex Foreign Abbr Gender Animacy Number Case Definite Degree VerbForm Mood Tense Aspect
Voice Evident Polarity Person Polite""".split())


def universal(features):
    return "|".join(sorted(feature for feature in features.split("|") if feature.split("=")[0] in UNIVERSAL))


def sentences(text):
    """Of each sentence its words' (form, upos, xpos, feats)."""
    words = []
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 10 and fields[0].isdigit():
            words.append((fields[1], *fields[3:6]))
        elif not line and words:
            yield words
            words = []


def has_xpos(path):
    return any(word[2] != "_" for words in sentences(path.read_text()) for word in words)


class RNNTrain:
    def __init__(self, options, folder):
        self.options, self.run = options, folder / "rnn-train"

    def train(self):
        options = self.options
        tags = "[upos, xpos, feats]" if has_xpos(options.train) else "[upos, feats]"
        subprocess.run([options.program, "-q", options.train, f"data.validation={options.dev}", f"data.test={options.test}",
                        f"data.tags={tags}", f"seed={options.seed}", f"output.directory={self.run}", "--threads",
                        str(options.threads), *options.tagger], check=True, stdout=subprocess.DEVNULL)

    def tag(self):
        begin = time.perf_counter()
        text = subprocess.run([self.options.program, "tag", self.run, self.options.test], check=True, capture_output=True,
                              text=True).stdout
        seconds = time.perf_counter() - begin
        return [[word[1:] for word in words] for words in sentences(text)], seconds

    def size(self):
        return (self.run / "checkpoints/best.h5").stat().st_size


class UDPipe:
    def __init__(self, options, folder):
        self.options, self.model = options, folder / "model.udpipe"

    def read(self, path):
        import ufal.udpipe as udpipe
        reader, error = udpipe.InputFormat.newConlluInputFormat(), udpipe.ProcessingError()
        reader.setText(path.read_text())
        sentence = udpipe.Sentence()
        while reader.nextSentence(sentence, error):
            yield sentence
            sentence = udpipe.Sentence()
        if error.occurred():
            raise SystemExit(error.message)

    def train(self):
        import ufal.udpipe as udpipe
        train, dev = udpipe.Sentences(), udpipe.Sentences()
        for path, to in ((self.options.train, train), (self.options.dev, dev)):
            for sentence in self.read(path):
                to.append(sentence)
        error = udpipe.ProcessingError()
        settings = "templates=tagger;use_lemma=0;provide_lemma=0"
        model = udpipe.Trainer.train("morphodita_parsito", train, dev, "none", settings, "none", error)
        if error.occurred():
            raise SystemExit(error.message)
        self.model.write_bytes(model)

    def tag(self):
        import ufal.udpipe as udpipe
        model = udpipe.Model.load(str(self.model))
        given = list(self.read(self.options.test))
        for sentence in given:
            for word in sentence.words:
                word.upostag = word.xpostag = word.feats = ""
        error = udpipe.ProcessingError()
        begin = time.perf_counter()
        for sentence in given:
            model.tag(sentence, "", error)
        seconds = time.perf_counter() - begin
        # The first word is the root.
        return [[(w.upostag, w.xpostag or "_", w.feats or "_") for w in list(s.words)[1:]] for s in given], seconds

    def size(self):
        return self.model.stat().st_size


class SpaCy:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder / "spacy"

    def train(self):
        from spacy.tokens import Doc, DocBin
        import spacy
        self.folder.mkdir()
        vocabulary = spacy.blank("xx").vocab
        for name, path in (("train", self.options.train), ("dev", self.options.dev)):
            documents = DocBin(attrs=["ORTH", "POS", "TAG", "MORPH", "SENT_START"])
            for words in sentences(path.read_text()):
                forms, upos, xpos, feats = zip(*words)
                documents.add(Doc(vocabulary, words=forms, pos=upos, tags=xpos, morphs=["" if f == "_" else f for f in feats]))
            documents.to_disk(self.folder / f"{name}.spacy")
        program = [sys.executable, "-m", "spacy"]
        pipeline = "tagger,morphologizer" if has_xpos(self.options.train) else "morphologizer"
        subprocess.run([*program, "init", "config", "config.cfg", "--lang", "xx", "--pipeline", pipeline, "--optimize",
                        "efficiency"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*program, "train", "config.cfg", "--output", "model", "--paths.train", "train.spacy", "--paths.dev",
                        "dev.spacy", "--system.seed", str(self.options.seed)], cwd=self.folder, check=True, stdout=sys.stderr)

    def tag(self):
        import spacy
        from spacy.tokens import Doc
        model = spacy.load(self.folder / "model/model-best")
        given = [Doc(model.vocab, words=[word[0] for word in words]) for words in sentences(self.options.test.read_text())]
        begin = time.perf_counter()
        tagged = list(model.pipe(given))
        seconds = time.perf_counter() - begin
        return [[(w.pos_, w.tag_ or "_", str(w.morph) or "_") for w in document] for document in tagged], seconds

    def size(self):
        return sum(path.stat().st_size for path in (self.folder / "model/model-best").rglob("*") if path.is_file())


taggers = {"rnn-train": RNNTrain, "udpipe": UDPipe, "spacy": SpaCy}
parser = argparse.ArgumentParser()
for name in ("program", "train", "dev"):
    parser.add_argument(name, type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("test", nargs="?", type=lambda path: pathlib.Path(path).resolve())
parser.add_argument("--taggers", nargs="*", choices=taggers, default=list(taggers))
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--tagger", nargs="*", default=[])
parser.add_argument("--keep", type=pathlib.Path)
parser.add_argument("--part", choices=("train", "tag"), help=argparse.SUPPRESS)
options = parser.parse_args()
options.test = options.test or options.dev


def alone(name, part, folder):
    """One part in a process of its own, so that its memory is what the part needs."""
    command = [sys.executable, __file__, *map(str, (options.program, options.train, options.dev, options.test)), "--taggers", name,
               "--part", part, "--seed", str(options.seed), "--threads", str(options.threads), "--keep", str(folder)]
    if options.tagger:
        command += ["--tagger", *options.tagger]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if options.part:
    tagger = taggers[options.taggers[0]](options, options.keep)
    begin = time.perf_counter()
    result = tagger.train() if options.part == "train" else (*tagger.tag(), tagger.size())
    seconds = time.perf_counter() - begin
    # rnn-train, and spaCy's training, are processes of their own below this one.
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    memory = used[isinstance(tagger, RNNTrain)].ru_maxrss / 1024
    print(json.dumps((result, seconds, sum(one.ru_utime + one.ru_stime for one in used), memory)))
    sys.exit()

gold = [[word[1:] for word in words] for words in sentences(options.test.read_text())]
words = sum(map(len, gold))
print(f"{words:,} words of {options.test.name}, seed {options.seed}, {options.threads} threads")
print("              UPOS    XPOS  UFeats AllTags   training (processor)   words/s    model  tagging")
with tempfile.TemporaryDirectory() as folder:
    folder = (options.keep or pathlib.Path(folder)).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in options.taggers:
        spent = folder / f"{name}.json"
        if not spent.exists():
            spent.write_text(json.dumps(alone(name, "train", folder)))
        _, clock, processor, _ = json.loads(spent.read_text())
        (found, seconds, size), _, _, memory = alone(name, "tag", folder)
        right = [0] * 4
        for expected, tagged in zip(gold, found, strict=True):
            for (upos, xpos, feats), (u, x, f) in zip(expected, tagged, strict=True):
                same = (u == upos, x == xpos, universal(f) == universal(feats))
                right = [count + one for count, one in zip(right, (*same, all(same)))]
        print(f"{name:10} " + " ".join(f"{100 * count / words:6.2f}%" for count in right)
              + f"  {clock / 60:5.1f} min ({processor / 60:5.1f} min)  {words / seconds:8,.0f}  {size / 1e6:4.1f} MB  {memory:4.0f} MB",
              flush=True)
