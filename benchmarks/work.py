"""One workload for every benchmark: people of the waterfall book with seeded facts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from leadline.common.bookfiles import read_sources
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.state import Fact

AT = datetime(2026, 6, 30, 16, tzinfo=UTC)
CHOICES = {
    "title": ["VP Sales", "Head of IT", "Engineer", "Student", None],
    "country": ["Germany", "United States", "Japan", None],
    "industry": ["Software", "Retail", "Logistics", None],
    "employees": [12, 80, 900, 12_000, None],
    "email": ["a@acme.example", "b@gmail.com", "c@rivalsoft.example", None],
    "phone": ["+49 30 1234567", None],
    "status": ["Working", "Rejected", None, None, None],
    "budget": [True, False, None],
    "authority": [True, False, None],
    "need": [True, False, None],
    "opted_out": [True, False, False, None],
}

Result = TypeVar("Result")


def waterfall() -> Book:
    """Read the example book."""
    return read_book(read_sources(Path(__file__).parent.parent / "examples" / "waterfall"))


def people(book: Book, count: int, seed: int, activities: int = 10) -> list[tuple[Fact, ...]]:
    """Return the facts of ``count`` people: a value for each field and ``activities`` activities in 120 days."""
    chance = random.Random(seed)
    names = sorted(book.activities)
    return [
        (
            *(Fact("field", name, chance.choice(values), AT, "files", "p", AT) for name, values in CHOICES.items()),
            *(
                Fact("activity", chance.choice(names), True, AT - timedelta(minutes=chance.randrange(172_800)),
                     "files", f"a{number}", AT)
                for number in range(activities)
            ),
        )
        for _ in range(count)
    ]  # fmt: skip


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return CPU seconds of this process and what the work gave."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def show(title: str, unit: str, rows: list[tuple[str, float, int]]) -> None:
    """Print rates and ratios to the first row. A row is (name, seconds, units of work)."""
    print(title)
    base = rows[0][2] / rows[0][1]
    for name, seconds, amount in rows:
        rate = amount / seconds
        print(f"  {name:<52} {rate:>12,.0f} {unit}/s   {base / rate:>8.2f}x the first row's time")
    print()
