"""Collecting every problem of a book, and reading plain values from nodes with a message when they do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from leadline.common.errors import Problem
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.nearest import nearest

MAX_NAME = 80
_SHOWN = 60


class Report:
    """The problems found so far. Readers return None for what they could not read and go on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, mark: Mark, message: str, hint: str = "", code: str = "book") -> None:
        """Note one problem at ``mark``."""
        self.problems.append(Problem(mark.file, mark.line, mark.column, message, hint, code))

    def unsupported(self, mark: Mark, what: str) -> None:
        """Note something that the rule language will say one day, but not in this version."""
        message = f"`{what}` is not supported by this version of Leadline yet; remove it"
        self.add(mark, message, code="unsupported")

    # --- structure ---------------------------------------------------------------------------------

    def keys(
        self, node: Node, allowed: Iterable[str], what: str, later: Iterable[str] = ()
    ) -> dict[str, Entry] | None:
        """Return the entries of a mapping by key; unknown keys are noted with the nearest allowed one.

        ``later`` are keys known to the language and not supported yet. None when ``node`` is no mapping.
        """
        if not isinstance(node, MappingNode):
            self.wrong(node, f"{what} is a mapping (`key: value`)")
            return None
        known = tuple(allowed)
        found: dict[str, Entry] = {}
        for entry in node.entries:
            if entry.name in known:
                found[entry.name] = entry
            elif entry.name in later:
                self.unsupported(entry.key.mark, entry.name)
            else:
                self.add(
                    entry.key.mark,
                    f"{what} has no key `{short(entry.name)}`",
                    nearest(entry.name, known),
                    "unknown-key",
                )
        return found

    def entries(self, node: Node, what: str) -> tuple[Entry, ...]:
        """Return the entries of a mapping whose keys are names that the book chooses."""
        if not isinstance(node, MappingNode):
            self.wrong(node, f"{what} is a mapping (`name: ...`)")
            return ()
        return tuple(entry for entry in node.entries if self._good_name(entry.key))

    def items(self, node: Node) -> tuple[Node, ...]:
        """Return the items of a list, or the one value that stands in for a list."""
        return node.items if isinstance(node, SequenceNode) else (node,)

    def required(self, keys: Mapping[str, Entry], name: str, mark: Mark, what: str) -> Node | None:
        """Return the value under ``name``, noting at ``mark`` when it is missing."""
        if name in keys:
            return keys[name].value
        self.add(mark, f"{what} needs `{name}`", f"add `{name}: ...`", "missing-key")
        return None

    # --- values ------------------------------------------------------------------------------------

    def text(self, node: Node, what: str) -> str | None:
        """Return a scalar as written (``NO`` and ``007`` are texts too); empty is a problem."""
        if isinstance(node, Scalar) and node.text.strip():
            return node.text
        self.wrong(node, f"{what} is a text")
        return None

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        """Return one text or a list of texts as a tuple; an empty list is a problem."""
        items = self.items(node)
        if not items:
            self.add(node.mark, f"{what}: the list is empty", "name at least one", "empty-list")
        read = (self.text(item, what) for item in items)
        return tuple(text for text in read if text is not None)

    def boolean(self, node: Node, what: str) -> bool | None:
        """Return true or false."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong(node, f"{what} is true or false")
        return None

    def number(self, node: Node, what: str) -> Decimal | None:
        """Return an exact number."""
        if isinstance(node, Scalar) and isinstance(node.value, int | Decimal) and not isinstance(node.value, bool):
            return Decimal(node.value)
        self.wrong(node, f"{what} is a number")
        return None

    def count(self, node: Node, what: str, lowest: int = 1, highest: int = 1_000_000_000) -> int | None:
        """Return a whole number between ``lowest`` and ``highest``."""
        if not isinstance(node, Scalar) or isinstance(node.value, bool) or not isinstance(node.value, int):
            self.wrong(node, f"{what} is a whole number")
            return None
        if lowest <= node.value <= highest:
            return node.value
        self.add(node.mark, f"{what} is {node.value}; it must be {lowest} to {highest:,}", code="out-of-range")
        return None

    def choice(self, node: Node, names: Iterable[str], what: str, code: str = "unknown-name") -> str | None:
        """Return a text that is one of ``names``, noting the nearest one otherwise."""
        text = self.text(node, what)
        known = tuple(names)
        if text is None or text in known:
            return text
        self.add(node.mark, f"{what}: there is no `{short(text)}`", nearest(text, known), code)
        return None

    def choices(self, node: Node, names: Iterable[str], what: str, code: str = "unknown-name") -> tuple[str, ...]:
        """Return one or several of ``names``."""
        known = tuple(names)
        read = (self.choice(item, known, what, code) for item in self.items(node))
        return tuple(text for text in read if text is not None)

    def wrong(self, node: Node, expected: str, hint: str = "") -> None:
        """Note that ``node`` is not what ``expected`` says."""
        self.add(node.mark, f"{expected}, but this is {described(node)}", hint, "wrong-type")

    def _good_name(self, key: Scalar) -> bool:
        name = key.text
        if (
            name == name.strip()
            and len(name) <= MAX_NAME
            and name.isprintable()
            and "->" not in name
            and "#" not in name
        ):
            return True
        hint = f"at most {MAX_NAME} printable characters, without `->` and `#`"
        self.add(key.mark, f"`{short(name)}` cannot be a name", hint, "bad-name")
        return False


def described(node: Node) -> str:
    """Return what a node is, in the words of a reader of YAML."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    if node.value is None:
        return "empty"
    if isinstance(node.value, bool):
        return f"`{node.text}` (true or false)"
    kind = "the number" if isinstance(node.value, int | Decimal) else "the text"
    return f"{kind} `{short(node.text)}`"


def short(text: str) -> str:
    """Return ``text`` cut to what fits a message, without line ends."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"
