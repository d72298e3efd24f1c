"""Known differences, with the reason why ours is right: known-differences.json, known-documented.json.

In an entry, `*` matches any text:

    source    "live" or "exported", the server it occurs on, "*" for both; "documented" for the documentation's examples
    question  name of the question
    place     place in the answer
    relation  how the SDK's value relates to ours: a name in RELATIONS
    reason    why ours is right

A difference without an entry fails, and so does an entry without a difference.
"""

from __future__ import annotations

import functools
import json
import math
import pathlib
import re

from exact import MISSING, Difference, Items, canonical

FIELDS = {"source", "question", "place", "relation", "reason"}


def _is_integer(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _whole_double_as_integer(sdk, ours) -> bool:
    """Ours is a whole double, and the SDK has the equal integer; -0.0 becomes 0."""
    return _is_integer(sdk) and isinstance(ours, float) and math.isfinite(ours) and sdk == ours


def _integer_as_double(sdk, ours) -> bool:
    """Ours is an integer, and the SDK has the nearest double."""
    return isinstance(sdk, float) and _is_integer(ours) and float(ours) == sdk


def _null_for_missing(sdk, ours) -> bool:
    """Ours lacks the key, and the SDK has null."""
    return sdk is None and ours is MISSING


def _null_for_nan(sdk, ours) -> bool:
    """Ours is NaN, and the SDK has null."""
    return sdk is None and canonical(ours) == canonical(math.nan)


def _more_items(sdk, ours) -> bool:
    """The SDK returns some rows more than once."""
    return isinstance(sdk, Items) and isinstance(ours, Items) and sdk.count > ours.count


RELATIONS = {
    "whole double as integer": _whole_double_as_integer,
    "integer as nearest double": _integer_as_double,
    "null for missing": _null_for_missing,
    "null for NaN": _null_for_nan,
    "more items": _more_items,
}


@functools.lru_cache(maxsize=None)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


class Known:
    """The known differences, and which of them have occurred."""

    def __init__(self, entries: list[dict[str, str]]):
        for entry in entries:
            if set(entry) != FIELDS or not all(text.strip() for text in entry.values()):
                raise ValueError(f"a known difference needs {', '.join(sorted(FIELDS))}: {entry}")
            if entry["relation"] not in RELATIONS:
                raise ValueError(f"unknown relation {entry['relation']!r}; known are {', '.join(RELATIONS)}")
        self.entries = entries
        self.seen: set[int] = set()

    @classmethod
    def read(cls, name: str = "known-differences.json") -> Known:
        path = pathlib.Path(__file__).with_name(name)
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def covers(self, source: str, question: str, difference: Difference) -> bool:
        """Whether an entry covers the difference."""
        texts = {"source": source, "question": question, "place": difference.place}
        for index, entry in enumerate(self.entries):
            patterns = all(_pattern(entry[field]).fullmatch(text) for field, text in texts.items())
            if patterns and RELATIONS[entry["relation"]](difference.sdk, difference.ours):
                self.seen.add(index)
                return True
        return False

    def unseen(self, source: str) -> list[dict[str, str]]:
        """Returns the entries for that source that did not occur."""
        return [
            entry
            for index, entry in enumerate(self.entries)
            if index not in self.seen and entry["source"] in (source, "*")
        ]
