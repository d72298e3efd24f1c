"""Writes histograms counted by NumPy, for the tests of wandb-core:

    python histograms.py > wandb-core/src/model/histogram/numpy.json

Doubles are written as the 16 hexadecimal digits of their bits.
"""

from __future__ import annotations

import json
import struct
import sys

import numpy as np


def bits(values) -> list[str]:
    return [struct.pack(">d", value).hex() for value in values]


def cases():
    random = np.random.default_rng(7)
    yield "nothing", [], 64
    yield "one", [3.25], 64
    yield "equal", [-7.0] * 9, 64
    yield "negative zero", [-0.0, 0.0], 64
    yield "integers", list(range(-50, 51)), 64
    yield "on every edge", np.linspace(0.1, 0.9, 65), 64
    yield "next to every edge", [np.nextafter(edge, way) for edge in np.linspace(0.1, 0.9, 33)[1:-1] for way in (-1, 1)], 32
    yield "thirds", np.arange(100) / 3, 30
    yield "normal", random.normal(size=300), 64
    yield "uniform", random.random(300), 512
    yield "huge", random.normal(size=50) * 1e300, 64
    yield "tiny", random.normal(size=50) * 1e-300, 64
    yield "subnormal", np.arange(20) * 5e-324, 64
    yield "a subnormal apart", [0.0, 5e-324], 64
    yield "far from zero", 1e15 + random.random(60), 64
    yield "around 2^53", 2.0**53 + np.arange(-20, 20), 7
    yield "one bin", random.random(20), 1
    yield "skewed", np.exp(random.normal(size=200) * 5), 100
    yield "decimal steps", np.arange(0, 1000) / 10, 100


def main() -> None:
    written = []
    for name, values, bins in cases():
        values = np.asarray(values, dtype=float)
        case = {"name": name, "values": bits(values), "bins": bins}
        try:
            counts, edges = np.histogram(values, bins=bins)
            case |= {"counts": counts.tolist(), "edges": bits(edges)}
        except ValueError:
            case |= {"counts": None, "edges": []}
        written.append(json.dumps(case))
    sys.stdout.write("[\n" + ",\n".join(written) + "\n]\n")


if __name__ == "__main__":
    main()
