"""Patterns never take long, and say why they cannot be read."""

from __future__ import annotations

import time

import pytest

from leadline.rules.patterns import LONGEST, searcher


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", "(a?){100}a{100}b", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_a_hostile_pattern_takes_no_time(pattern: str) -> None:
    """What makes a backtracking engine run for years is done at once on a long text."""
    holds = searcher(pattern)
    began = time.process_time()
    assert holds("a" * 50_000 + "!") is False
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing"),
        ("(?<=a)b", "invalid"),
        ("a{1001}", "repetition"),
        ("x" * (LONGEST + 1), "longer than"),
        ("(((a{100}){100}){100}){100}", "repetition"),
        ("\ud800", "surrogates"),
    ],
)
def test_a_bad_pattern_says_why(pattern: str, why: str) -> None:
    """A pattern that RE2 has no meaning for is an error of whoever wrote it, with a reason."""
    with pytest.raises(ValueError, match=why):
        searcher(pattern)
