#!/usr/bin/env python3
"""Raw text as a treebank of English has it: a sentence a line, punctuation marks and clitics apart from words.

    raw_text.py FILE ... > raw.txt

FILEs are prose whose paragraphs are apart by empty lines, or text as WikiText's, whose paragraphs are lines. Headings, and sentences
with an <unk>, are left out. For character_model.py's --text; rules as few and as coarse as these will do for that.
"""
import pathlib, re, sys

APART = re.compile(
    r"""([^\w\s'’.,-]|--+|\.\.+|(?<!\w)['’]+(?!(?:s|m|d|re|ve|ll|t)\b)|['’]+(?!\w)|(?<!\d)[.,]|[.,](?!\d)|(?<=\w)-(?=\w))""")
CLITIC = re.compile(r"(?i)(?<=\w)(n['’]t|['’](?:s|m|d|re|ve|ll))(?!\w)")
ABBREVIATION = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Rev|Esq|No|vs|Jr|Sr|[A-Z]) \.(?= )")
END = re.compile(r"(?<= [.!?])((?: [\"”’'\)])*) (?=[\"“‘'\(]? ?[A-Z])")


def paragraphs(text):
    if re.search(r"^ = .* = *$", text, re.MULTILINE):
        yield from (line for line in text.splitlines() if line.strip() and not line.strip().startswith("="))
    else:
        yield from (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if re.search(r"[a-z]", paragraph))


for path in sys.argv[1:]:
    for paragraph in paragraphs(pathlib.Path(path).read_text()):
        text = re.sub(r" @([-,.])@ ", lambda mark: " - " if mark[1] == "-" else mark[1], paragraph).replace("<unk>", "\0")
        text = " ".join(CLITIC.sub(r" \1", APART.sub(r" \1 ", text)).split())
        text = ABBREVIATION.sub(r"\1.", text)
        for sentence in END.sub(r"\1\n", text).splitlines():
            if "\0" not in sentence and " " in sentence.strip():
                print(sentence.strip())
