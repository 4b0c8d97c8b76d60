"""Makes the files of this folder: HDF5 files that a reader of strangers' files has to refuse, and honest.h5, which it
has to read. Each is a few kilobytes. Needs h5py.

    cd Tests/HDF5Tests/Hostile && python3 make.py
"""

import h5py
import numpy as np

SMALL = np.arange(6, dtype="<f4")


def file(name):
    # Of the library's formats the one that all its versions read.
    return h5py.File(f"{name}.h5", "w", libver=("earliest", "v110"))


with file("honest") as f:
    f.attrs["format"] = "from h5py"
    f.attrs["number"] = 7
    f.attrs["ratio"] = 0.5
    f["big_endian"] = SMALL.astype(">f4")
    f["big_endian_ids"] = np.array([1, -2, 3], dtype=">i4")
    f.create_dataset("growing", data=SMALL, maxshape=(None,))
    f["words"] = ["größe", "", "日本"]
    f["text"] = "seed: 1\n"
    f["latin"] = np.array([b"gr\xf6\xdfe"], dtype=object)
    f["latin"].attrs["note"] = "not UTF-8"

with file("external-link") as f:
    f["link"] = h5py.ExternalLink("/etc/other.h5", "/x")

with file("soft-link") as f:
    f["x"] = SMALL
    f["link"] = h5py.SoftLink("/x")

with file("external-storage") as f:
    f.create_dataset("x", shape=(16,), dtype="<f4", external=[("/etc/passwd", 0, 64)])

with file("virtual") as f:
    layout = h5py.VirtualLayout(shape=(6,), dtype="<f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", shape=(6,))
    f.create_virtual_dataset("x", layout)

with file("gzip") as f:
    f.create_dataset("x", data=SMALL, compression="gzip")

with file("checksum") as f:
    f.create_dataset("x", data=SMALL, chunks=(6,), fletcher32=True)

with file("huge") as f:
    f.create_dataset("x", shape=(1 << 40,), dtype="<f4")

with file("overflow") as f:
    f.create_dataset("x", shape=(1 << 31, 1 << 31, 4), dtype="<f4")

with file("circle") as f:
    f.create_group("a")["b"] = f["/"]

with file("deep") as f:
    f.create_group("/".join("abcdefghij"))

with file("compound") as f:
    f["x"] = np.zeros(3, dtype=[("a", "<f4"), ("b", "<i4")])

with file("unsigned") as f:
    f["x"] = np.zeros(3, dtype="<u4")

with file("half") as f:
    f["x"] = np.zeros(3, dtype="<f2")

with file("fixed-strings") as f:
    f["x"] = np.array([b"abc", b"de"], dtype="S3")

with file("references") as f:
    f.attrs.create("x", f["/"].ref, dtype=h5py.ref_dtype)

with file("named-type") as f:
    f["x"] = np.dtype("<f4")

with file("empty-space") as f:
    f["x"] = h5py.Empty("<f4")

# A hundred strings that all are one: a little file that takes a lot of memory to read.
with file("string-bomb") as f:
    f["x"] = ["a" * 1500] + ["b"] * 99
    offset = f["x"].id.get_offset()
with open("string-bomb.h5", "r+b") as f:
    f.seek(offset)
    reference = f.read(16)
    f.seek(offset)
    f.write(100 * reference)

# Sizes in the heap of strings that are lies: reading them crashes some versions of the library, or never ends.
for name, offset in [("crash", 8), ("endless", 24)]:
    with file(name) as f:
        f.attrs["format"] = "rnn-train dataset"
        f.attrs["format_version"] = 1
        f["vocabulary/tokens"] = ["<unk>", "</s>", "a"]
        f["train/tokens"] = np.array([2, 1], dtype="<i4")
        f["train/offsets"] = np.array([0, 2], dtype="<i8")
        f["train"].attrs["source_sha256"] = "ab"
    with open(f"{name}.h5", "r+b") as f:
        place = f.read().index(b"GCOL") + offset
        f.seek(place)
        size = f.read(1)[0]
        f.seek(place)
        f.write(bytes([size ^ 0xFF]))
