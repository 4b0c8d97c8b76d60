#!/usr/bin/env python3
"""Changes bytes of datasets and checkpoints that are not sealed, or are sealed again by whoever changed them, and reads
them.

    Tests/Faults/hostile.py               every byte: an hour
    Tests/Faults/hostile.py --every 300   as CI does

The HDF5 library crashes on some of them, and some it reads for ever; the program has to come to its end by itself, with
exit code 0 or 65, within a minute.
"""

import hashlib

from faults import Texts, Workspace, arguments, count_losses, finish

MARK = b"sealed by rnn-train: SHA-256 behind the image"


def seal(image):
    return image + b"\nrnn-train seal 1 sha256 %s length %019d\n" % (hashlib.sha256(image).hexdigest().encode(), len(image))


def read(options, texts, bytes, fault):
    """A fault: reading a file with one byte changed, sealed or not."""
    place, mask, is_sealed = fault
    changed = bytearray(bytes)
    changed[place] ^= mask
    with Workspace(options.program, texts) as workspace:
        (workspace.path / "file.h5").write_bytes(seal(changed) if is_sealed else changed)
        code, errors = workspace.run(["inspect", "file.h5"], through=["timeout", "-s", "KILL", "60"])
        return None if code in (0, 65) else f"exit code {code}: {errors}"


options = arguments(__doc__, every=(1, "change each n-th byte"))
losses = 0
with Texts() as texts, Workspace(options.program, texts) as workspace:
    for command in [["prepare", "--config", "lm.cfg", "--output", "data.h5"], [*workspace.begin, "training.epochs=1"]]:
        code, errors = workspace.run(command)
        assert code == 0, errors
    for name in ["data.h5", "run/checkpoints/last.h5"]:
        sealed = (workspace.path / name).read_bytes()
        image = sealed[: sealed.rindex(b"\nrnn-train seal 1")]
        # Nothing tells any more that it ever had a seal.
        assert image.count(MARK) == 1
        image = image.replace(MARK, b"x" * len(MARK))
        # A file is mostly zeros, which are of little interest.
        places = [place for place, byte in enumerate(image) if byte != 0 or place % 8 == 0][:: options.every]
        faults = [(place, mask, is_sealed) for place in places for mask in (0xFF, 0x01) for is_sealed in (False, True)]
        losses += count_losses(
            f"changed bytes of {name}", faults, lambda fault: read(options, texts, image, fault), options.jobs)
finish(losses)
