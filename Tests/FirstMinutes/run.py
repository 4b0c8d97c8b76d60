#!/usr/bin/env python3
"""The first ten minutes of a student, a linguist and an engineer with the program, from the README alone, in real
terminals: typed by hand, with what people mistype, stopped by Ctrl-C, gone on with. Takes under a minute on two cores.

    apt-get install tmux zsh fish
    Tests/FirstMinutes/run.py PROGRAM [student|linguist|engineer...]
"""
import pathlib
import sys
import tempfile
import time

import engineer
import linguist
import student
from terminal import Stumble, Terminal, place

visitors = {module.__name__: module for module in (student, linguist, engineer)}
program = pathlib.Path(sys.argv[1]).resolve()
stumbles = 0
for name in sys.argv[2:] or visitors:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary) / name
        place(directory, program, visitors[name].SENTENCES)
        try:
            visitors[name].visit(directory)
        except Stumble as stumble:
            stumbles += 1
            print(f"FAULT {name}: {stumble}")
        finally:
            Terminal.close_all()
    print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
sys.exit(stumbles > 0)
