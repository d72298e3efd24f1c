"""Tests the comparison itself: a rule that hid a difference would let all tests pass."""

from __future__ import annotations

import math
import struct
import unittest

from compare import clean_rows
from exact import MISSING, Difference, Items, canonical, differences
from known import RELATIONS, Known

# Values on one line are equal; values on different lines differ.
SAME = [
    [math.nan, -math.nan, struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0], "NaN"],
    [math.inf, "Infinity"],
    [-math.inf, "-Infinity"],
    [0.0],
    [-0.0],
    [0],
    [1],
    [1.0],
    [True],
    [False],
    [None],
    ["1"],
    ["nan"],
    ["null"],
    [""],
    [2**53],
    [2**53 + 1],
    [float(2**53)],
    [0.1 + 0.2],
    [0.3],
    [5e-324],
    [[], ()],
    [[1, 2]],
    [[2, 1]],
    [[[1], 2]],
    [{}],
    [{"a": None}],
    [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
    [{"a": math.nan}, {"a": "NaN"}],
]


class Rules(unittest.TestCase):
    def test_canonical_text_identifies_equal_values(self):
        for index, line in enumerate(SAME):
            for other_index, other in enumerate(SAME):
                for left in line:
                    for right in other:
                        same = index == other_index
                        self.assertEqual(canonical(left) == canonical(right), same, (left, right))
                        self.assertEqual(differences(left, right) == [], same, (left, right))

    def test_places_are_reported(self):
        theirs = [{"a": {"b": [1, 2.5]}, "gone": None}]
        ours = [{"a": {"b": [1, 2]}, "new": "x"}, {}]
        self.assertEqual(
            [it.place for it in differences(theirs, ours)], ["[]", "[0].a.b[1]", "[0].gone", "[0].new"]
        )

    def test_value_without_a_rule_is_rejected(self):
        with self.assertRaises(TypeError):
            canonical(object())


class CleanRows(unittest.TestCase):
    def test_copy_most_similar_to_ours_is_kept(self):
        theirs = [{"_step": 0, "a": "1"}, {"_step": 0, "a": 1}, {"_step": 1, "a": 5}, {"_step": 1, "a": 6}]
        rows, found = clean_rows(theirs, [{"_step": 0, "a": 1}, {"_step": 1, "a": 7}], [])
        self.assertEqual(rows, [{"_step": 0, "a": 1}, {"_step": 1, "a": 5}])
        self.assertEqual(found, [Difference("repeated rows", Items(4), Items(2))])

    def test_nulls_of_exported_copy_are_not_differences(self):
        exported, live = {"_step": 0, "a": "1", "b": None, "c": None}, {"_step": 0, "a": 1}
        self.assertEqual(clean_rows([live, exported], [{"_step": 0, "a": "1"}], [])[0], [exported])

    def test_rows_without_a_key_are_removed(self):
        theirs = [{"_step": 0, "a": None}, {"_step": 1}, {"_step": 2, "a": 0}]
        rows, found = clean_rows(theirs, [], ["a"])
        self.assertEqual(rows, [{"_step": 2, "a": 0}])
        self.assertEqual(found, [Difference("rows without the keys", Items(3), Items(1))])

    def test_row_missing_from_ours_is_kept(self):
        self.assertEqual(clean_rows([{"_step": 0}, {"_step": 1}], [{"_step": 1}], []), ([{"_step": 0}, {"_step": 1}], []))


class KnownDifferences(unittest.TestCase):
    ENTRY = {"source": "live", "question": "scan *", "place": "*.x", "relation": "null for missing", "reason": "…"}

    def test_only_listed_differences_are_covered(self):
        known = Known([self.ENTRY])
        self.assertTrue(known.covers("live", "scan a/b", Difference("[3].x", None, MISSING)))
        for other in [
            ("exported", "scan a/b", Difference("[3].x", None, MISSING)),
            ("live", "history a/b", Difference("[3].x", None, MISSING)),
            ("live", "scan a/b", Difference("[3].y", None, MISSING)),
            ("live", "scan a/b", Difference("[3].x", MISSING, None)),
        ]:
            self.assertFalse(known.covers(*other), other)

    def test_relations_are_exact(self):
        cases = {
            "whole double as integer": ([(1, 1.0), (0, -0.0), (2**53, 2.0**53)], [(1, 2.0), (1.0, 1), (True, 1.0)]),
            "integer as nearest double": ([(2.0**53, 2**53 + 1), (1.0, 1)], [(1.0, 2), (1, 1.0), (1.0, True)]),
            "null for missing": ([(None, MISSING)], [(MISSING, None), (None, 0), (0, MISSING)]),
            "null for NaN": ([(None, math.nan), (None, "NaN")], [(math.nan, None), (None, 0.0), (None, None), (None, "nan")]),
            "more items": ([(Items(2), Items(1))], [(Items(1), Items(2)), (Items(1), Items(1)), (2, 1)]),
        }
        self.assertEqual(set(cases), set(RELATIONS))
        for name, (right, wrong) in cases.items():
            for pairs, expected in ((right, True), (wrong, False)):
                for pair in pairs:
                    self.assertEqual(RELATIONS[name](*pair), expected, (name, pair))

    def test_unused_entries_are_reported(self):
        known = Known([self.ENTRY])
        self.assertEqual(known.unseen("live"), [self.ENTRY])
        self.assertEqual(known.unseen("exported"), [])
        known.covers("live", "scan a/b", Difference("[3].x", None, MISSING))
        self.assertEqual(known.unseen("live"), [])

    def test_invalid_entries_are_rejected(self):
        for change in ({"reason": " "}, {"relation": "like"}):
            with self.assertRaises(ValueError):
                Known([{**self.ENTRY, **change}])

    def test_brackets_in_a_pattern_are_literal(self):
        known = Known([{**self.ENTRY, "place": "[0].x"}])
        self.assertTrue(known.covers("live", "scan a", Difference("[0].x", None, MISSING)))
        self.assertFalse(known.covers("live", "scan a", Difference("0.x", None, MISSING)))

    def test_committed_list_is_valid(self):
        self.assertIsInstance(Known.read().entries, list)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(1 if failed or not result.testsRun else 0)
