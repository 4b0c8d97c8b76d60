#!/usr/bin/env python3
"""Writes the documentation's page on all keys of a configuration, from what the program says of them.

    configuration.py PROGRAM            writes it
    configuration.py PROGRAM --check    fails if it isn't what the program says
"""
import json, pathlib, subprocess, sys

page = pathlib.Path(__file__).resolve().parents[2] / "Sources/Training/Documentation.docc/Configuration.md"
keys = json.loads(subprocess.run([sys.argv[1], "config", "keys", "--json"], check=True, capture_output=True).stdout)["keys"]

text = """# All keys of a configuration

What can be set, with defaults and what it is for.

## Overview

A configuration is a file of YAML, and every key of it can be given on the command line as well, in dotted notation:

    rnn-train --config configs/lm.cfg model.hidden=64 training.optimizer='{name: sgd, learning_rate: 1}'

`rnn-train config keys` prints this list, `rnn-train config explain KEY` tells more of one key, and `rnn-train config show
FILE` prints a file with every default. What is there for one choice among several says so, as
`learning_rate` of each optimizer; without a default it is off, or has to be given.
"""


def cell(value):
    return value.replace("|", "\\|").replace("<", "\\<").replace("\n", " ")


def row(key):
    name = f"`{key['key'].rpartition('.')[2]}`" + (f" (with {key['with']})" if key.get("with") else "")
    default = f"`{key['default']}`" if key.get("default") else ""
    return f"| {name} | {default} | {cell(key['help'])} | {cell(key['values'])} |\n"


sections = {}
for key in keys:
    sections.setdefault(key["key"].rpartition(".")[0], []).append(key)
about = {key["key"]: key for key in keys}
for section, members in sections.items():
    members = [key for key in members if key["key"] not in sections]
    if not members:
        continue
    help = about[section]["help"] if section else "what a run is"
    text += f"\n## {section or 'The first keys'}\n\n{help[0].upper()}{help[1:]}.\n\n"
    text += "| key | default | what for | values |\n|---|---|---|---|\n" + "".join(map(row, members))

if "--check" not in sys.argv:
    page.write_text(text)
elif page.read_text() != text:
    sys.exit(f"{page.name} isn't what `config keys` says; write it anew: {sys.argv[0]} PROGRAM")
