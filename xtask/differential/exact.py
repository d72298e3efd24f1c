"""Defines when two values are equal.

The rules, which check_rules.py tests:

- Doubles are equal if their bits are; -0.0 is not 0.0. All NaN values are equal.
- Integers are equal if their digits are. An integer is not equal to a double or a boolean.
- The strings "NaN", "Infinity" and "-Infinity" are equal to the non-finite doubles, since W&B and JSON Lines write them
  so.
- A key with null is not a missing key. The order of keys in a row does not matter; that of rows and lists does.
"""

from __future__ import annotations

import dataclasses
import json
import math
import struct

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def canonical(value) -> str:
    """Returns a text that two values share if and only if they are equal."""
    if isinstance(value, str) and value in NON_FINITE:
        value = NON_FINITE[value]
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return f"int {value}"
    if isinstance(value, float):
        return "nan" if math.isnan(value) else f"float {struct.pack('>d', value).hex()}"
    if isinstance(value, str):
        return f"text {json.dumps(value)}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        items = sorted((json.dumps(key), canonical(item)) for key, item in value.items())
        return "{" + ", ".join(f"{key}: {item}" for key, item in items) + "}"
    raise TypeError(f"no rule for a {type(value).__name__}: {value!r}")


@dataclasses.dataclass(frozen=True)
class Items:
    """The number of items in a list."""

    count: int


def describe(value) -> str:
    """Formats a value for people, with every bit of its doubles."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value!r} ({value.hex()})"
    return f"{value!r}"


class Missing:
    """A missing value."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()


@dataclasses.dataclass(frozen=True)
class Difference:
    """A place at which the two answers differ."""

    place: str
    sdk: object
    ours: object


def differences(theirs, ours, place: str = "") -> list[Difference]:
    """Returns every place where the values differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = []
        for key in list(theirs) + [key for key in ours if key not in theirs]:
            inner = f"{place}.{key}" if place else key
            if key in theirs and key in ours:
                found += differences(theirs[key], ours[key], inner)
            else:
                found.append(Difference(inner, theirs.get(key, MISSING), ours.get(key, MISSING)))
        return found
    if isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)):
        found = []
        if len(theirs) != len(ours):
            found.append(Difference(f"{place}[]", Items(len(theirs)), Items(len(ours))))
        for index, (left, right) in enumerate(zip(theirs, ours)):
            found += differences(left, right, f"{place}[{index}]")
        return found
    return [] if canonical(theirs) == canonical(ours) else [Difference(place, theirs, ours)]
