#!/usr/bin/env python3
"""Computes the constants of exp and tanh in Sources/CKernels/constants.h. Needs mpmath.

    python3 fit_polynomials.py            print them
    python3 fit_polynomials.py --check    compare them with constants.h; ends with 1 where they differ

Each polynomial is the minimax fit of its degree: Remez's algorithm in 50 digits, weighted so that the relative error of the
function, not of the polynomial, is what is smallest. Coefficients are rounded to single precision at the end.
"""
import pathlib
import re
import struct
import sys

import mpmath as mp

mp.mp.dps = 50
CONSTANTS = pathlib.Path(__file__).parents[2] / "Sources" / "CKernels" / "constants.h"
DEGREE = 4


def minimax(function, weight, low, high, degree):
    """Coefficients, lowest first, that minimise the largest |weight(x) * (polynomial(x) - function(x))|, and that error."""
    count = degree + 2
    # Chebyshev's nodes as first guesses of where the error is largest.
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    while True:
        # The polynomial whose weighted error at the points is +e, -e, +e, ...
        rows = [[x**j for j in range(degree + 1)] + [(-1) ** i / weight(x)] for i, x in enumerate(points)]
        *coefficients, level = mp.lu_solve(mp.matrix(rows), mp.matrix([function(x) for x in points]))

        def error(x):
            return weight(x) * (mp.polyval(coefficients[::-1], x) - function(x))

        points = alternation(error, low, high, count)
        largest = max(abs(error(x)) for x in points)
        if largest < abs(level) * (1 + mp.mpf(10) ** -9):
            return coefficients, largest


def alternation(error, low, high, count, samples=400):
    """Where the error is largest between its changes of sign: `count` places, low to high."""
    grid = [low + (high - low) * i / samples for i in range(samples + 1)]
    peaks = []
    for x in grid:
        value = error(x)
        if value == 0:
            continue
        if not peaks or mp.sign(value) != mp.sign(error(peaks[-1])):
            peaks.append(x)
        elif abs(value) > abs(error(peaks[-1])):
            peaks[-1] = x
    while len(peaks) > count:
        peaks.pop(0 if abs(error(peaks[0])) < abs(error(peaks[-1])) else -1)
    if len(peaks) < count:
        raise SystemExit(f"{len(peaks)} extremes found, {count} needed")
    step = (high - low) / samples
    return [refined(error, x, max(low, x - step), min(high, x + step)) for x in peaks]


def refined(error, middle, low, high):
    """The largest |error| near a sample, by thirds."""
    sign = mp.sign(error(middle))
    for _ in range(60):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if sign * error(left) < sign * error(right):
            low = left
        else:
            high = right
    return (low + high) / 2


def exponential_fit():
    """(exp(r) - 1 - r) / r^2."""

    def function(r):
        # The series where the difference would cancel.
        if abs(r) < mp.mpf(10) ** -8:
            return sum(r**k / mp.factorial(k + 2) for k in range(5))
        return (mp.exp(r) - 1 - r) / r**2

    bound = mp.log(2) / 2
    return minimax(function, lambda r: r**2 / mp.exp(r), -bound, bound, DEGREE)


def tangent_fit():
    """(tanh(x) - x) / x^3 in s = x^2."""

    def function(s):
        if s < mp.mpf(10) ** -12:
            return -mp.mpf(1) / 3 + 2 * s / 15 - 17 * s**2 / 315
        x = mp.sqrt(s)
        return (mp.tanh(x) - x) / x**3

    def weight(s):
        x = mp.sqrt(s)
        return x**3 / mp.tanh(x) if x > 0 else mp.mpf(0)

    return minimax(function, weight, mp.mpf(0), mp.mpf("0.625") ** 2, DEGREE)


def single(x):
    """Rounded to single precision."""
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def constants():
    # ln 2 in two: the upper part has 16 bits, so that its product with any n below 2^8 is exact.
    upper = mp.floor(mp.log(2) * 2**16) / 2**16
    values = {"LOG2_E": 1 / mp.log(2), "LN2_UPPER": upper, "LN2_LOWER": mp.log(2) - upper}
    for name, first, fit in [("EXP", 2, exponential_fit), ("TANH", 1, tangent_fit)]:
        coefficients, error = fit()
        print(f"{name}: relative error at most {mp.nstr(error, 4)}", file=sys.stderr)
        values |= {f"{name}_{first + i}": c for i, c in enumerate(coefficients)}
    return {name: single(value) for name, value in values.items()}


def main():
    found = constants()
    if sys.argv[1:] != ["--check"]:
        for name, value in found.items():
            mantissa, exponent = value.hex().split("p")
            print(f"#define {name} {mantissa.removesuffix('0000000')}p{exponent}f")
        return
    definitions = dict(re.findall(r"#define (\w+) (\S+)f\n", CONSTANTS.read_text()))
    wrong = [name for name, value in found.items() if float.fromhex(definitions.get(name, "nan")) != value]
    for name in wrong:
        print(f"{CONSTANTS}: {name} is {definitions.get(name)}, the fit gives {found[name].hex()}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
