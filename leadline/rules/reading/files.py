"""The files of one book as one set of sections: the root file and what it includes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from leadline.common.errors import BookError, Problem
from leadline.common.includes import ENDINGS, INCLUDE, included, refusal
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode, parse
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

ROOT: Final = "rules.yml"
SINGLE: Final = frozenset(
    ("leadline", "name", "zone", "scope", "primary", "machines", "deals", "grid", "temperature", "by_hand", "guards")
)
"""Sections that stand in one file. Of the others each file adds its part: mappings by name, lists in order."""


def root_of(sources: Mapping[str, bytes]) -> str:
    """Return the root file: ``rules.yml``, else the only YAML file that no other one includes.

    Raises BookError where there is none or several.
    """
    names = [name for name in sources if name.endswith(ENDINGS) and "/" not in name]
    if len(names) > 1:
        inner = {item.text for name in names for item in _quietly(name, sources[name])}
        names = [name for name in names if name not in inner] or names
    if ROOT in names:
        return ROOT
    if len(names) == 1:
        return names[0]
    found = "there is no rules.yml" if not names else "several YAML files, and none is called rules.yml"
    raise BookError([Problem(ROOT, 0, 0, found, "name the rule book rules.yml", "no-book")])


class Files:
    """Reads the root and everything that it includes; ``sections`` are the book's, each entry with its own place."""

    def __init__(
        self, report: Report, sources: Mapping[str, bytes], known: Iterable[str], later: Iterable[str]
    ) -> None:
        self.sections: dict[str, Entry] = {}
        self._report = report
        self._sources = sources
        self._known = (*known,)
        self._later = (*later,)
        self._from: dict[str, Mark] = {}

    def read(self, root: str) -> Node:
        """Read from the root file on and return its tree. Raises BookError where that is no YAML at all."""
        tree = parse(root, self._sources[root])
        self._from[root] = tree.mark
        self._take(tree, (root,))
        return tree

    def _take(self, tree: Node, chain: tuple[str, ...]) -> None:
        sections = self._report.keys(tree, self._known, "a rule book", self._later) or {}
        for name, entry in sections.items():
            if name != INCLUDE:
                self._add(name, entry)
        if INCLUDE in sections:
            node = sections[INCLUDE].value
            for item in self._report.items(node):
                text = self._report.text(item, "an included file")
                if text is not None:
                    self._include(text, item.mark, chain)

    def _include(self, name: str, mark: Mark, chain: tuple[str, ...]) -> None:
        refused = refusal(name)
        if refused is not None:
            self._report.add(mark, f"`{short(name)}`: {refused[0]}", refused[1], "include")
        elif name in chain:
            message = f"these files include each other: {' -> '.join((*chain, name))}"
            self._report.add(mark, message, "remove one of the includes", "include")
        elif name in self._from:
            first = _place(self._from[name])
            self._report.add(mark, f"`{short(name)}` is included already, at {first}", "include it once", "include")
        elif name not in self._sources:
            known = [other for other in self._sources if other.endswith(ENDINGS) and other not in chain]
            hint = nearest(name, known) or "names are relative to the book's directory"
            self._report.add(mark, f"there is no file `{short(name)}` in the book's directory", hint, "unknown-name")
        else:
            self._from[name] = mark
            try:
                tree = parse(name, self._sources[name])
            except BookError as error:
                self._report.problems += error.problems
            else:
                self._take(tree, (*chain, name))

    def _add(self, name: str, entry: Entry) -> None:
        first = self.sections.get(name)
        if first is None:
            self.sections[name] = entry
        elif name == "leadline" and _text(first.value) == _text(entry.value):
            return  # every file may say which version it is written for
        elif name in SINGLE:
            self._twice(name, entry.key.mark, first.key.mark)
        else:
            self.sections[name] = Entry(first.key, self._joined(name, first.value, entry.value))

    def _joined(self, section: str, one: Node, other: Node) -> Node:
        if isinstance(one, MappingNode) and isinstance(other, MappingNode):
            known = {entry.name: entry.key.mark for entry in one.entries}
            for entry in other.entries:
                if entry.name in known:
                    self._twice(entry.name, entry.key.mark, known[entry.name])
            fresh = tuple(entry for entry in other.entries if entry.name not in known)
            return MappingNode((*one.entries, *fresh), one.mark)
        if section == "paths":
            return SequenceNode((*self._report.items(one), *self._report.items(other)), one.mark)
        # One of them is of the wrong kind: let the reader of the section say so.
        return other if isinstance(one, MappingNode) else one

    def _twice(self, name: str, mark: Mark, first: Mark) -> None:
        message = f"`{short(name)}` is defined twice, first at {_place(first)}"
        self._report.add(mark, message, "delete or rename one of the two", "twice")


def _place(mark: Mark) -> str:
    return f"{mark.file}:{mark.line}:{mark.column}"


def _text(node: Node) -> str | None:
    return node.text if isinstance(node, Scalar) else None


def _quietly(name: str, data: bytes) -> tuple[Scalar, ...]:
    try:
        return included(parse(name, data))
    except BookError:
        return ()
