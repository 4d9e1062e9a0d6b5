"""What is asked of ourselves beside what a run measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HELD, MISSED, UNKNOWN = "held", "missed", "not measured"


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table: ``measured`` and ``asked`` in the same unit; ``measured`` is None where nothing was.

    ``at_most`` means that less is better.
    """

    what: str
    measured: float | None
    asked: float
    unit: str = "x"
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """Whether it is held."""
        if self.measured is None:
            return UNKNOWN
        return HELD if (self.measured <= self.asked if self.at_most else self.measured >= self.asked) else MISSED

    def __str__(self) -> str:
        measured = "" if self.measured is None else f"{self.measured:,.2f}{self.unit}"
        asked = f"{'under' if self.at_most else 'at least'} {self.asked:,g}{self.unit}"
        return f"  {self.what:<86}{measured:>14}   {asked:<20}{self.verdict}"


def show_targets(targets: Sequence[Target], head: str) -> None:
    """Print all lines."""
    missed = sum(one.verdict == MISSED for one in targets)
    absent = sum(one.verdict == UNKNOWN for one in targets)
    print(f"targets of this run ({head})")
    for one in targets:
        print(one)
    print(f"  {len(targets) - missed - absent} held, {missed} missed, {absent} not measured")
