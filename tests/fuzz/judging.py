"""What became of a damaged book: refused with a place, the same, another that the damage explains, or a fault."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from leadline.common.bookfiles import read_sources
from leadline.common.errors import BookError, Problem
from leadline.common.problem_codes import CODES
from leadline.rules.backends.oracle import Oracle
from leadline.rules.check import check_book
from leadline.rules.deciding import Engine
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.diffing import differences
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from tests.fuzz.mutations import MUTATIONS, Mutant, damaged

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = 2.0
"""Seconds of CPU that a book may take to be read, checked, compared and asked once."""

Verdict = Literal["refused", "same", "changed", "unplaced", "unexplained", "traceback", "slow"]
GOOD: tuple[Verdict, ...] = ("refused", "same", "changed")
BAD: tuple[Verdict, ...] = ("unplaced", "unexplained", "traceback", "slow")

WHOLE_FILE = frozenset({"no-book", "too-large", "list", "unreadable"})
"""Kinds of problem that are about a file as a whole and have no line."""
FOLLOWS = {
    # What else may differ when a section does: a field's type decides how it is compared, a stage is written by name.
    "fields": frozenset({"scope", "scores", "stages", "paths", "deals"}),
    "scores": frozenset({"grid", "temperature", "write", "stages", "paths"}),
    "stages": frozenset({"write", "guards", "paths"}),
    "paths": frozenset({"stages"}),
    "deals": frozenset({"stages", "paths", "scope", "scores"}),
    "zone": frozenset(),
}
NAMES = {"publish": "write", "temperatures": "temperature"}


@dataclass(frozen=True)
class Judged:
    """One case: reproduce it with ``case(seed, number)``."""

    number: int
    book: str
    kind: str
    verdict: Verdict
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Sample:
    """A book to damage."""

    name: str
    files: Mapping[str, bytes]
    book: Book


def names() -> tuple[str, ...]:
    """Return the names of the examples that are rule books."""
    return tuple(sorted(path.parent.name for path in EXAMPLES.glob("*/rules.yml")))


@cache
def samples() -> tuple[Sample, ...]:
    """Return every example that is a rule book, in the order of ``names``."""
    found = []
    for name in names():
        files = read_sources(EXAMPLES / name)
        found.append(Sample(name, files, read_book(files)))
    return tuple(found)


def case(books: tuple[Sample, ...], seed: int, number: int) -> Judged:
    """Damage one book in one way and judge what becomes of it; the same seed and number give the same case."""
    rng = random.Random(f"{seed}:{number}")
    sample = books[number % len(books)]
    kinds = tuple(MUTATIONS)
    kind = kinds[number // len(books) % len(kinds)]
    mutant = damaged(sample.files, rng, kind)
    began = time.process_time()
    try:
        verdict, detail = judged(sample, mutant)
    except Exception:  # noqa: BLE001  (that nothing of this kind happens is what is tested)
        verdict, detail = "traceback", traceback.format_exc(limit=-4)
    seconds = time.process_time() - began
    if verdict in GOOD and seconds > SLOW:
        verdict, detail = "slow", f"{seconds:.1f} s"
    return Judged(number, sample.name, kind, verdict, seconds, detail)


def judged(sample: Sample, mutant: Mutant) -> tuple[Verdict, str]:
    """Read, check and use a damaged book as the program does."""
    try:
        book = read_book(mutant.files)
    except BookError as error:
        lost = [problem for problem in error.problems if not _placed(problem)]
        if not error.problems:
            return "unplaced", "refused without any problem"
        return ("unplaced", str(lost[0])) if lost else ("refused", "")
    problems = check_book(book)
    doubtful = next((problem for problem in problems if not _placed(problem)), None)
    if doubtful is not None:
        return "unplaced", str(doubtful)
    if all(problem.severity == "warning" for problem in problems):
        _use(book)
    if book.hash == sample.book.hash:
        return "same", ""
    told = differences(sample.book, book)
    if not told:
        return "unexplained", "another hash, but no difference is told"
    strange = {_section(item.section) for item in told} - _reach(mutant.touched)
    if strange:
        return "unexplained", f"touched {sorted(mutant.touched)}, but {[item.text for item in told][:4]}"
    return "changed", ""


def summary(cases: Iterable[Judged]) -> dict[str, dict[Verdict, int]]:
    """Return how often each verdict was given, by kind of damage."""
    found: dict[str, dict[Verdict, int]] = {kind: dict.fromkeys((*GOOD, *BAD), 0) for kind in MUTATIONS}
    for item in cases:
        found[item.kind][item.verdict] += 1
    return found


def _use(book: Book) -> None:
    """Decide once for somebody of whom nothing is known: what `check` lets pass, the engine takes."""
    engine = Engine(book, Oracle(Lifecycle(book).rules))
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    state = engine.begin("somebody", (), at).state
    engine.explain(state)


def _placed(problem: Problem) -> bool:
    if not problem.file or not problem.message or problem.code not in CODES:
        return False
    return problem.line > 0 and problem.column > 0 if problem.code not in WHOLE_FILE else True


def _section(name: str) -> str:
    return NAMES.get(name, name)


def _reach(touched: frozenset[str]) -> frozenset[str]:
    return touched.union(*(FOLLOWS.get(section, frozenset()) for section in touched))
