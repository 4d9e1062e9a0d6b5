"""Numbers inside a rule book by their path, such as ``scores.interest.grades.1``: found, and replaced in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leadline.common.errors import UsageError
from leadline.common.includes import ENDINGS
from leadline.common.yamltree import MappingNode, Node, Scalar, SequenceNode, parse
from leadline.rules.nearest import nearest

_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Place:
    """A number in one file of a book: where its scalar begins (both counted from 1), its text, and the number."""

    path: str
    file: str
    line: int
    column: int
    text: str
    number: str

    def put(self, sources: Mapping[str, bytes], number: str) -> dict[str, bytes]:
        """Return the book's files with another number here; all else stays, byte for byte."""
        text = sources[self.file].decode("utf-8-sig")
        lines = text.splitlines(keepends=True)
        line = lines[self.line - 1]
        begin = line.index(self.number, self.column - 1)
        lines[self.line - 1] = line[:begin] + number + line[begin + len(self.number) :]
        return {**sources, self.file: "".join(lines).encode()}


def find_number(sources: Mapping[str, bytes], path: str) -> Place:
    """Return the place of a path; its steps are keys, or items of a list counted from 1, between dots.

    A key may itself hold dots. What follows the number stays (``8 business hours``, ``50%``, ``30d``). Raises
    UsageError, with the nearest name, where the path leads nowhere or to no number, BookError for what is no YAML.
    """
    steps = path.split(".")
    problems: list[tuple[int, str]] = []
    for file in sorted(name for name in sources if name.endswith(ENDINGS)):
        scalar = _walk(parse(file, sources[file]), steps, (), problems)
        if scalar is not None:
            return _place(path, file, scalar)
    raise UsageError(f"--sweep {path}: {max(problems, key=lambda found: found[0])[1]}")


def _walk(
    node: Node, steps: Sequence[str], passed: tuple[str, ...], problems: list[tuple[int, str]]
) -> Scalar | None:
    if not steps:
        if isinstance(node, Scalar):
            return node
        problems.append((len(passed), f"{'.'.join(passed)} is not one number; {_inside(node)}"))
        return None
    if isinstance(node, MappingNode):
        for length in range(len(steps), 0, -1):
            inner = node.get(".".join(steps[:length]))
            if inner is not None:
                found = _walk(inner, steps[length:], (*passed, *steps[:length]), problems)
                if found is not None:
                    return found
    elif isinstance(node, SequenceNode) and steps[0].isdecimal() and 1 <= int(steps[0]) <= len(node.items):
        return _walk(node.items[int(steps[0]) - 1], steps[1:], (*passed, steps[0]), problems)
    where = f"{'.'.join(passed)} has" if passed else "the rule book has"
    problems.append((len(passed), f"{where} no `{steps[0][:60]}`{_hint(node, steps[0])}"))
    return None


def _hint(node: Node, step: str) -> str:
    if isinstance(node, MappingNode):
        hint = nearest(step, (entry.name for entry in node.entries))
        return f" ({hint})" if hint else ""
    if isinstance(node, SequenceNode):
        return f" (an item from 1 to {len(node.items)})"
    return " (it is a value, nothing is inside)"


def _inside(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "go on with one of " + ", ".join(f"`{entry.name}`" for entry in node.entries[:12])
    return "go on with the number of an item, from 1"


def _place(path: str, file: str, scalar: Scalar) -> Place:
    found = _NUMBER.search(scalar.text)
    if found is None:
        raise UsageError(f"--sweep {path}: {scalar.mark}: {scalar.text[:40]!r} holds no number to sweep over")
    return Place(path, file, scalar.mark.line, scalar.mark.column, scalar.text, found[0])
