"""What is expected in a rule test, read against the names of the book."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.causes import WORDS
from leadline.rules.fieldops import NUMBER_OPS
from leadline.rules.model import Book
from leadline.rules.model.accounts import PREFIX
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short
from leadline.rules.testing.instants import timed_entries, when
from leadline.rules.testing.model import Expectation, ExpectedMove, Wanted, What
from leadline.rules.testing.slas import read_due, read_sla

NONE: Final = "none"
NEVER: Final = "never"


@dataclass(frozen=True, slots=True)
class Expecting:
    """Reads expectations of one test."""

    report: Report
    book: Book
    start: datetime

    def expectations(self, node: Node) -> tuple[Expectation, ...]:
        """Return what ``expect`` says, in order of time (by file order where equal)."""
        found: list[Expectation] = []
        for entry in timed_entries(self.report, node, "`expect`"):
            at = when(self.report, entry.key, self.start, self.book.zone)
            wanted = self._wanted(entry)
            if at is None:
                continue
            if at.end < self.start:
                self.report.add(entry.key.mark, "this is before the test begins", "see `start`", "out-of-range")
            found.append(Expectation(at.at, at.end, wanted, entry.key.mark))
        return tuple(sorted(found, key=lambda item: item.at))

    def moves(self, node: Node) -> tuple[ExpectedMove, ...]:
        """Return what ``moves`` says: every stage change of the test, in order."""
        if isinstance(node, Scalar) and node.text == NONE:
            return ()
        found: list[ExpectedMove] = []
        for entry in timed_entries(self.report, node, "`moves`"):
            at = when(self.report, entry.key, self.start, self.book.zone)
            for source, target in self._arrows(entry.value):
                if at is not None:
                    found.append(ExpectedMove(at.at, at.end, source, target, entry.key.mark))
        return tuple(found)

    def _wanted(self, entry: Entry) -> tuple[Wanted, ...]:
        if not isinstance(entry.value, MappingNode):
            self.report.wrong(entry.value, "what is expected is a mapping", "such as {stage: mql, interest: 40}")
            return ()
        return tuple(wanted for inner in entry.value.entries for wanted in self._one(inner))

    def _one(self, entry: Entry) -> list[Wanted]:
        readers: Mapping[str, Callable[[Entry], list[Wanted]]] = {
            "stage": lambda inner: self._name(inner, "stage", self.book.stages),
            "previous": lambda inner: self._name(inner, "previous", (*self.book.stages, NONE)),
            "waits_for": lambda inner: self._name(inner, "waits_for", (*self.book.capacity, NONE)),
            "grade": lambda inner: self._name(inner, "grade", (*_cells(self.book), NONE)),
            "temperature": lambda inner: self._name(inner, "temperature", (*_temperatures(self.book), NONE)),
            "scope": lambda inner: self._name(inner, "scope", ("in", "out")),
            "pass": self._pass,
            "reason": self._reason,
            "disqualified": self._disqualified,
            "moves": self._moves,
            "next_change": self._next_change,
            "actions": self._actions,
            "sla": lambda inner: read_sla(self.report, self.book, inner),
            "due": lambda inner: read_due(self.report, self.book, self.start, inner),
        }
        if entry.name in readers:
            return readers[entry.name](entry)
        if entry.name in self.book.scores:
            return self._score(entry)
        if entry.name.startswith(PREFIX) and entry.name in self.book.readable:
            return self._account(entry)
        facts = tuple(name for name in self.book.readable if name not in self.book.fields)
        known = (*readers, *self.book.scores, *facts)
        hint = nearest(entry.name, known, few=len(known))
        if entry.name in self.book.stages:
            hint = f"write {{stage: {entry.name}}}"
        self.report.add(entry.key.mark, f"`{short(entry.name)}` cannot be expected", hint, "unknown-key")
        return []

    def _name(self, entry: Entry, what: What, names: Mapping[str, object] | tuple[str, ...]) -> list[Wanted]:
        name = self.report.choice(entry.value, names, f"`{what}`")
        if name is None:
            return []
        value = None if name == NONE and what in {"previous", "waits_for", "grade", "temperature"} else name
        return [Wanted(what, value, mark=entry.key.mark)]

    def _pass(self, entry: Entry) -> list[Wanted]:
        number = self.report.count(entry.value, "`pass`")
        return [] if number is None else [Wanted("pass", number, mark=entry.key.mark)]

    def _reason(self, entry: Entry) -> list[Wanted]:
        text = self.report.text(entry.value, "`reason`")
        return [] if text is None else [Wanted("reason", text, mark=entry.key.mark)]

    def _disqualified(self, entry: Entry) -> list[Wanted]:
        node = entry.value
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return [Wanted("disqualified", node.value, mark=entry.key.mark)]
        criteria = [item for score in self.book.scores.values() for item in score.criteria]
        reasons = [item.disqualify for item in criteria if item.disqualify is not None]
        return [Wanted("disqualified", self.report.choices(node, reasons, "`disqualified`"), mark=entry.key.mark)]

    def _moves(self, entry: Entry) -> list[Wanted]:
        return [Wanted("moves", self._arrows(entry.value), mark=entry.key.mark)]

    def _actions(self, entry: Entry) -> list[Wanted]:
        """Read ``[task, note]`` or ``none``."""
        if isinstance(entry.value, Scalar) and entry.value.text == NONE:
            return [Wanted("actions", (), mark=entry.key.mark)]
        words = self.report.choices(entry.value, (*WORDS.values(), "remove_from"), "`actions`")
        return [Wanted("actions", words, mark=entry.key.mark)]

    def _next_change(self, entry: Entry) -> list[Wanted]:
        node = entry.value
        if not isinstance(node, Scalar):
            self.report.wrong(node, "`next_change` is an instant or `never`")
            return []
        if node.text == NEVER:
            return [Wanted("next_change", None, mark=entry.key.mark)]
        at = when(self.report, node, self.start, self.book.zone)
        return [] if at is None else [Wanted("next_change", (at.at, at.end), mark=entry.key.mark)]

    def _score(self, entry: Entry) -> list[Wanted]:
        """Read ``fit: 40``, ``fit: A``, or ``fit: {at_least: 40, grade: A}``."""
        name, node, mark = entry.name, entry.value, entry.key.mark
        grades = tuple(grade for grade, _ in self.book.scores[name].grades)
        if isinstance(node, Scalar) and isinstance(node.value, bool | str):
            grade = self.report.choice(node, grades, f"grades of `{name}`", "unknown-grade")
            return [] if grade is None else [Wanted("score grade", grade, name, mark=mark)]
        if not isinstance(node, MappingNode):
            number = self.report.number(node, f"the points of `{name}`")
            return [] if number is None else [Wanted("score", number, name, mark=mark)]
        found: list[Wanted] = []
        for op, inner in (self.report.keys(node, (*NUMBER_OPS, "grade"), f"the score `{name}`") or {}).items():
            if op == "grade":
                grade = self.report.choice(inner.value, (*grades, NONE), f"grades of `{name}`", "unknown-grade")
                found += [Wanted("score grade", None if grade == NONE else grade, name, mark=mark)] if grade else []
                continue
            number = self.report.number(inner.value, f"`{op}`")
            found += [Wanted("score", number, name, op, mark)] if number is not None else []
        return found

    def _account(self, entry: Entry) -> list[Wanted]:
        """Read ``account.engaged people: 2``, ``{at_least: 2}``, or ``none``."""
        name, node, mark = entry.name, entry.value, entry.key.mark
        if isinstance(node, Scalar) and node.text == NONE:
            return [Wanted("account", None, name, mark=mark)]
        if not isinstance(node, MappingNode):
            number = self.report.number(node, f"`{name}`")
            return [] if number is None else [Wanted("account", number, name, mark=mark)]
        tested = (self.report.keys(node, NUMBER_OPS, f"`{name}`") or {}).items()
        read = ((op, self.report.number(inner.value, f"`{op}`")) for op, inner in tested)
        return [Wanted("account", number, name, op, mark) for op, number in read if number is not None]

    def _arrows(self, node: Node) -> tuple[tuple[str, str], ...]:
        """Read ``inquiry -> mql``, several steps in one line, a list of them, or ``none``."""
        if isinstance(node, Scalar) and node.text == NONE:
            return ()
        found: list[tuple[str, str]] = []
        for item in node.items if isinstance(node, SequenceNode) else (node,):
            text = self.report.text(item, "a move")
            stages = [part.strip() for part in (text or "").split("->")]
            if text is not None and len(stages) < 2:
                self.report.add(
                    item.mark, f"`{short(text)}` is no move", "such as `inquiry -> mql`, or `none`", "path"
                )
                continue
            for stage in (stage for stage in stages if stage and stage not in self.book.stages):
                hint = nearest(stage, self.book.stages)
                self.report.add(item.mark, f"stages: there is no `{short(stage)}`", hint, "unknown-name")
            found += list(pairwise(stages))
        return tuple(found)


def _cells(book: Book) -> tuple[str, ...]:
    if book.grid is None:
        return ()
    rows, columns = book.scores[book.grid.rows].grades, book.scores[book.grid.columns].grades
    return tuple(row + column for row, _ in rows for column, _ in columns)


def _temperatures(book: Book) -> tuple[str, ...]:
    if book.temperatures is None:
        return ()
    otherwise = (book.temperatures.otherwise,) if book.temperatures.otherwise is not None else ()
    return (*(name for name, _ in book.temperatures.cells), *otherwise)
