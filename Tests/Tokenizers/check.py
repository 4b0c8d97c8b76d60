#!/usr/bin/env python3
"""Compares the program's subwords with those of Hugging Face's tokenizers: ids of whole files, and what both learn.

    check.py PROGRAM [TEXT] [--speed THREADS]     the built rnn-train; a text, by default some megabytes in many scripts

Tokenizers of many kinds are trained by the package on a part of the text; the program reads their files and prepares the whole text.
With --speed both prepare it on so many threads, the package line by line (`encode_batch`), and MB/s are printed.
pip install tokenizers h5py
"""
import json, os, pathlib, random, subprocess, sys, tempfile, time
arguments = sys.argv[1:]
speed = "--speed" in arguments
threads = arguments[arguments.index("--speed") + 1] if speed else "2"
if speed: arguments = arguments[:arguments.index("--speed")] + arguments[arguments.index("--speed") + 2:]
# Before the package is there, which reads them once.
os.environ.update(TOKENIZERS_PARALLELISM="false" if threads == "1" else "true", RAYON_NUM_THREADS=threads)
import h5py
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

program = pathlib.Path(arguments[0]).resolve()
byte_level = lambda: pre_tokenizers.ByteLevel(add_prefix_space=False)
alphabet = pre_tokenizers.ByteLevel.alphabet()


def many_scripts():
    """Words of made-up languages in many scripts, the same each time."""
    generator = random.Random(1)
    scripts = [range(0x61, 0x7B), range(0x3B1, 0x3CA), range(0x430, 0x450), range(0x5D0, 0x5EB), range(0x627, 0x64B), range(0x905, 0x93A),
               range(0xE01, 0xE2F), range(0x3041, 0x3097), range(0x4E00, 0x4F00), range(0xAC00, 0xAD00), range(0x1F600, 0x1F640)]
    marks = ["", "", "", "", ".", ",", "'s", "!?", "…", "\u0301", "\u200d", "-", "\u00a0", " ", "\t", "12", "٣"]
    lexicon = ["".join(chr(generator.choice(script)) for _ in range(generator.randrange(1, 9))) for script in scripts for _ in range(900)]
    lines = []
    for _ in range(30_000):
        words = [lexicon[min(int(generator.paretovariate(0.6)), len(lexicon)) - 1] + generator.choice(marks) for _ in range(generator.randrange(0, 20))]
        generator.shuffle(lexicon) if generator.random() < 1e-3 else None
        lines.append(" ".join(words))
    return "\n".join(lines) + "\n"


def trained(text, size, pre, normalizer=None, special=(), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer, tokenizer.normalizer = pre, normalizer
    byte = isinstance(pre, pre_tokenizers.ByteLevel) or "ByteLevel" in str(pre)
    tokenizer.train_from_iterator([line + "\n" for line in text.split("\n")], trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet if byte else [], special_tokens=list(special), show_progress=False))
    return tokenizer


def prepare(directory, text, tokens, *more):
    """The ids that the program gives a file, and the seconds that it took."""
    (directory / "lm.cfg").write_text(f"data: {{train: {json.dumps(str(text))}, tokens: {tokens}}}\n")
    start = time.monotonic()
    subprocess.run([program, "prepare", "--config", "lm.cfg", "--output", "d.h5", "--threads", threads, *more], check=True, cwd=directory,
                   stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    with h5py.File(directory / "d.h5") as file:
        vocabulary = [token.decode() for token in file["vocabulary/tokens"][:]]
        tokenizer = file["vocabulary/tokenizer"][()] if "vocabulary/tokenizer" in file else None
        return file["train/tokens"][:].tolist(), vocabulary, tokenizer, seconds


def encode_lines(tokenizer, text):
    """The seconds that the package takes for all lines."""
    lines = text.splitlines(keepends=True)
    start = time.monotonic()
    for first in range(0, len(lines), 10_000):
        tokenizer.encode_batch(lines[first:first + 10_000], add_special_tokens=False)
    return time.monotonic() - start


def whitespace(directory, path, text, megabytes):
    """Words between white space, learnt and encoded."""
    start = time.monotonic()
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.WordLevelTrainer(vocab_size=10_000_000, special_tokens=["<unk>"], show_progress=False)
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    learning = time.monotonic() - start
    theirs = learning + encode_lines(tokenizer, text)
    seconds = prepare(directory, path, "whitespace")[3]
    print(f"whitespace: whole program {megabytes / seconds:.1f} MB/s, their learning and encoding {megabytes / theirs:.1f} MB/s")


def main():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tokenizers-"))
    if len(arguments) > 1:
        path = pathlib.Path(arguments[1]).resolve()
        text = path.read_text(encoding="utf-8")
    else:
        path = directory / "text.txt"
        text = many_scripts()
        path.write_text(text, encoding="utf-8")
    megabytes = len(text.encode()) / 1e6
    part = text[:1_000_000]
    nfkc = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    apart = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    kinds = [
        ("GPT-2", lambda: trained(part, 8000, byte_level(), special=["<|endoftext|>"])),
        ("NFC", lambda: trained(part, 3000, byte_level(), normalizers.NFC())),
        ("NFKC, lowercase", lambda: trained(part, 3000, byte_level(), nfkc)),
        ("Metaspace", lambda: trained(part, 6000, pre_tokenizers.Metaspace(), special=["<unk>"], unk_token="<unk>")),
        ("words and marks", lambda: trained(part, 6000, apart, special=["<unk>"], unk_token="<unk>", fuse_unk=True)),
    ]
    for name, make in kinds:
        tokenizer = make()
        tokenizer.save(str(directory / "tokenizer.json"))
        expected = tokenizer.encode(text, add_special_tokens=False).ids
        theirs = encode_lines(tokenizer, text) if speed else 1
        found, _, _, seconds = prepare(directory, path, "{tokenizer: tokenizer.json}")
        assert found == expected, f"{name}: ids differ from position {next(i for i, (a, b) in enumerate(zip(found, expected)) if a != b)} on"
        print(f"{name}: {len(found)} ids of {megabytes:.1f} MB agree" + (
            f"; whole program {megabytes / seconds:.1f} MB/s, their encode {megabytes / theirs:.1f} MB/s" if speed else ""))

    if speed: whitespace(directory, path, text, megabytes)

    # What is learnt, and the file that is written of it.
    size = 8000 if speed else 2000
    start = time.monotonic()
    lines = pre_tokenizers.Sequence([pre_tokenizers.Split("\n", "isolated"), byte_level()])
    theirs = trained(text, size, lines)
    their_seconds = time.monotonic() - start
    found, vocabulary, written, seconds = prepare(directory, path, "bpe", f"data.vocabulary.size={size}")
    expected = theirs.get_vocab()
    assert vocabulary == sorted(expected, key=expected.get), "what is learnt differs"
    again = Tokenizer.from_str(written.decode())
    assert again.encode(text, add_special_tokens=False).ids == found
    assert again.decode(found) == text
    print(f"bpe: the same {size} tokens learnt; the written tokenizer.json gives the same ids, and the text back" + (
        f"; learning and encoding {seconds:.1f} s, their learning {their_seconds:.1f} s" if speed else ""))


main()
