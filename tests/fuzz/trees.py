"""A rule book as a tree that can be damaged, and as YAML again: keys may stand twice, scalars may be anything."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from leadline.common.yamltree import MappingNode, Node, Scalar, SequenceNode, parse


@dataclass
class Text:
    """A scalar as it is written; ``plain`` without quotes."""

    text: str
    plain: bool = True


@dataclass
class Pair:
    """One ``key: value``."""

    key: str
    value: Tree


@dataclass
class Mapping:
    """Pairs in file order; a key may stand twice."""

    pairs: list[Pair] = field(default_factory=list)


@dataclass
class Listing:
    """Items in file order."""

    items: list[Tree] = field(default_factory=list)


Tree = Text | Mapping | Listing


@dataclass
class Place:
    """Somewhere in a tree: ``holder`` has it at ``index``; ``section`` is the key of the root that it is below."""

    holder: Mapping | Listing
    index: int
    section: str

    @property
    def value(self) -> Tree:
        """What stands here."""
        return (
            self.holder.pairs[self.index].value if isinstance(self.holder, Mapping) else self.holder.items[self.index]
        )

    @value.setter
    def value(self, tree: Tree) -> None:
        if isinstance(self.holder, Mapping):
            self.holder.pairs[self.index].value = tree
        else:
            self.holder.items[self.index] = tree

    @property
    def pair(self) -> Pair | None:
        """The pair, where a mapping holds it."""
        return self.holder.pairs[self.index] if isinstance(self.holder, Mapping) else None


def tree_of(data: bytes) -> Mapping:
    """Return the tree of a rule book's file."""
    tree = _tree(parse("rules.yml", data))
    assert isinstance(tree, Mapping)
    return tree


def places(tree: Mapping) -> list[Place]:
    """Return every place below the root."""
    found: list[Place] = []
    for index, pair in enumerate(tree.pairs):
        found.append(Place(tree, index, pair.key))
        found += _below(pair.value, pair.key)
    return found


def copied(tree: Tree) -> Tree:
    """Return a tree that shares nothing with this one."""
    return copy.deepcopy(tree)


def written(tree: Tree) -> bytes:
    """Return the tree as YAML, in blocks; a character that UTF-8 cannot write becomes a question mark."""
    return ("\n".join(_lines(tree, "")) + "\n").encode("utf-8", "replace")


_SIMPLE = re.compile(r"[A-Za-z0-9_+.$][^\s:#,\[\]{}&*!|>'\"%@`\\]*(?: [^\s:#,\[\]{}&*!|>'\"%@`\\]+)*")


def _tree(node: Node) -> Tree:
    if isinstance(node, Scalar):
        # A quoted number is a text: it must stay quoted.
        quoted = isinstance(node.value, str) and _is_typed(node.text)
        return Text(node.text, not quoted)
    if isinstance(node, SequenceNode):
        return Listing([_tree(item) for item in node.items])
    assert isinstance(node, MappingNode)
    return Mapping([Pair(entry.name, _tree(entry.value)) for entry in node.entries])


def _is_typed(text: str) -> bool:
    node = parse("x", f"x: {text}\n".encode()) if _SIMPLE.fullmatch(text) else None
    value = node.get("x") if isinstance(node, MappingNode) else None
    return isinstance(value, Scalar) and not isinstance(value.value, str)


def _below(tree: Tree, section: str) -> Iterator[Place]:
    count = len(tree.pairs) if isinstance(tree, Mapping) else len(tree.items) if isinstance(tree, Listing) else 0
    for index in range(count):
        assert not isinstance(tree, Text)
        place = Place(tree, index, section)
        yield place
        yield from _below(place.value, section)


def _lines(tree: Tree, indent: str) -> Iterator[str]:
    if isinstance(tree, Text):
        yield indent + _scalar(tree)
    elif isinstance(tree, Mapping):
        for pair in tree.pairs:
            yield from _entry(f"{indent}{_scalar(Text(pair.key))}:", pair.value, indent)
        if not tree.pairs:
            yield indent + "{}"
    else:
        for item in tree.items:
            yield from _entry(f"{indent}-", item, indent)
        if not tree.items:
            yield indent + "[]"


def _entry(head: str, value: Tree, indent: str) -> Iterator[str]:
    empty = (isinstance(value, Mapping) and not value.pairs) or (isinstance(value, Listing) and not value.items)
    if isinstance(value, Text) or empty:
        yield f"{head} {next(_lines(value, ''))}"
    else:
        yield head
        yield from _lines(value, indent + "  ")


def _scalar(scalar: Text) -> str:
    if scalar.plain and (_SIMPLE.fullmatch(scalar.text) or scalar.text in {"", "~"}):
        return scalar.text
    if scalar.plain and re.fullmatch(r"-?[0-9.]+%?", scalar.text):
        return scalar.text
    return json.dumps(scalar.text, ensure_ascii=False)
