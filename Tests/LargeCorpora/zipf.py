#!/usr/bin/env python3
"""Writes a text of words drawn by Zipf's law to standard output: as many tokens as wanted, 20 of them a line.

    Tests/LargeCorpora/zipf.py 1000000000 >corpus.txt

Word i, from 1 up to 10,000,000, comes with a probability nearly proportional to 1/i; the more frequent a word, the shorter it is.
The same arguments give the same bytes. Some 4.3 bytes a token, and 10 million tokens a second. Needs numpy.
"""
import argparse
import sys

import numpy

LINE = 20
PIECE = 1_000_000


def words(count):
    """Rows of bytes, each a word of small letters with zeros behind it: the numbers in base 26."""
    numbers = numpy.arange(count, dtype=numpy.int64)
    width, limit = 1, 26
    while limit < count:
        width, limit = width + 1, limit * 26 + 26
    rows = numpy.zeros((count, width), dtype=numpy.uint8)
    start = 0
    for length in range(1, width + 1):
        end = min(count, start + 26**length)
        rest = numbers[start:end] - start
        for column in reversed(range(length)):
            rows[start:end, column] = ord("a") + rest % 26
            rest //= 26
        start = end
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tokens", type=int)
    parser.add_argument("--words", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    table = words(arguments.words)
    random = numpy.random.Generator(numpy.random.Philox(arguments.seed))
    left = arguments.tokens
    while left > 0:
        count = min(PIECE, left)
        left -= count
        # The inverse of a distribution function that is log(i) / log(words).
        ranks = numpy.exp(random.random(count) * numpy.log(arguments.words)).astype(numpy.int64) - 1
        rows = numpy.empty((count, table.shape[1] + 1), dtype=numpy.uint8)
        rows[:, :-1] = table[numpy.minimum(ranks, arguments.words - 1)]
        rows[:, -1] = ord(" ")
        rows[LINE - 1 :: LINE, -1] = ord("\n")
        rows[-1, -1] = ord("\n")
        sys.stdout.buffer.write(rows[rows != 0].tobytes())


if __name__ == "__main__":
    main()
