"""YAML read as a tree in which every key and value knows its file, line and column.

A small, safe part of YAML 1.2: mappings, sequences and scalars of the core schema. ``NO``, ``on``, ``1:30`` and
``2024-01-01`` stay text; numbers are exact. Anchors, aliases, tags, several documents and keys that are not plain
words are refused, each with its place. Built from events without recursion, so nesting cannot exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

import yaml

from leadline.common.errors import BookError, Problem
from leadline.common.marks import Mark

MAX_BYTES: Final = 2_000_000
"""The largest YAML file read: some 40,000 lines, far above any rule book seen."""
MAX_DEPTH: Final = 40
MAX_NODES: Final = 250_000
MAX_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain or quoted value. ``text`` is as written, ``value`` its core-schema meaning (a quoted one is text)."""

    text: str
    value: bool | int | Decimal | str | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a mapping."""

    key: Scalar
    value: Node

    @property
    def name(self) -> str:
        """The key as written."""
        return self.key.text


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Entries in file order; keys are unique."""

    entries: tuple[Entry, ...]
    mark: Mark

    def get(self, name: str) -> Node | None:
        """Return the value under ``name``, None when the key is absent."""
        return next((entry.value for entry in self.entries if entry.name == name), None)


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """Items in file order."""

    items: tuple[Node, ...]
    mark: Mark


Node = Scalar | MappingNode | SequenceNode


def parse(file: str, data: bytes) -> Node:
    """Return the tree of the one document in ``data``; ``file`` names it in messages.

    Raises BookError with every problem found: one for broken syntax, one for each duplicate key.
    """
    text = _decoded(file, data)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(file, error))
    except (yaml.YAMLError, ValueError, OverflowError):
        # The pure Python scanner raises these bare for escapes such as "\\UFFFFFFFF".
        builder.problems.append(Problem(file, 0, 0, "this is not YAML", code="yaml-syntax"))
    if not builder.problems and builder.root is None:
        builder.problems.append(
            Problem(file, 1, 1, "the file is empty", "write at least one `key: value`", "yaml-empty")
        )
    if builder.problems or builder.root is None:
        raise BookError(builder.problems)
    return builder.root


def to_plain(node: Node) -> Any:
    """Return dictionaries, lists and scalars, for a validator such as pydantic; depth is bounded by parsing."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, SequenceNode):
        return [to_plain(item) for item in node.items]
    return {entry.name: to_plain(entry.value) for entry in node.entries}


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield every scalar value below ``node``, in file order, keys left out."""
    if isinstance(node, Scalar):
        yield node
        return
    below = node.items if isinstance(node, SequenceNode) else (entry.value for entry in node.entries)
    for inner in below:
        yield from scalars(inner)


def locate(node: Node, path: Sequence[str | int]) -> Mark:
    """Return the mark of the deepest part of ``path`` that exists: the key's mark inside mappings."""
    mark = node.mark
    for step in path:
        if isinstance(node, MappingNode):
            entry = next((entry for entry in node.entries if entry.name == str(step)), None)
            if entry is None:
                return mark
            node, mark = entry.value, entry.key.mark
        elif isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
            mark = node.mark
        else:
            return mark
    return mark


# The C parser is ten times as fast; PyYAML built without it still works.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,9})?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _decoded(file: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes; at most {MAX_BYTES:,} are read"
        raise BookError([Problem(file, 0, 0, message, "move long lists into lists/*.txt", "too-large")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        _refuse(file, before, "this byte is not UTF-8", "save the file as UTF-8", "not-utf8")
    found = _NOT_TEXT.search(text)
    if found:
        what = "a NUL character" if found[0] == "\0" else f"a control character (U+{ord(found[0]):04X})"
        _refuse(file, text[: found.start()], f"{what} cannot stand here", "delete it", "control-character")
    return text


def _refuse(file: str, before: str, message: str, hint: str, code: str) -> NoReturn:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    raise BookError([Problem(file, line, column, message, hint, code)])


class _Builder:
    """Collects parse events into nodes with an explicit stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        mark = Mark(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._stop(mark, "anchors (&) and aliases (*) are not read here", "write the value out", "yaml-alias")
        if getattr(event, "tag", None):
            self._stop(mark, "tags (!) are not read here", "delete the tag; quote a text to keep it text", "yaml-tag")
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event, mark))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._open) >= MAX_DEPTH:
                self._stop(mark, f"nested deeper than {MAX_DEPTH} levels", "flatten this part", "yaml-depth")
            self._open.append(_Open(mark, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._add(self._open.pop().node())
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(
                    mark, "a second YAML document begins here", "keep one document in a file", "yaml-documents"
                )

    def _scalar(self, event: Any, mark: Mark) -> Scalar:
        text: str = event.value
        if not event.implicit[0]:
            return Scalar(text, text, mark)
        if text in _WORDS:
            return Scalar(text, _WORDS[text], mark)
        if not text or text[0] not in "+-.0123456789":
            return Scalar(text, text, mark)
        return Scalar(text, self._number(text, mark), mark)

    def _number(self, text: str, mark: Mark) -> int | Decimal | str:
        if _OTHER_BASE.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text[2:], 8 if text[1] == "o" else 16)
        if not _NUMBER.fullmatch(text):
            return text
        number = Decimal(text) if len(text) <= MAX_DIGITS else None
        if number is None or abs(number.adjusted()) > MAX_DIGITS:
            message = f"a number of more than {MAX_DIGITS} digits"
            self.problems.append(
                Problem(self.file, mark.line, mark.column, message, "quote it if it is text", "yaml-number")
            )
            return text
        return int(text) if _INTEGER.fullmatch(text) else number

    def _add(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(node.mark, f"more than {MAX_NODES:,} values", "move long lists into lists/*.txt", "too-large")
        if not self._open:
            self.root = node
            return
        problem = self._open[-1].add(node)
        if problem:
            self.problems.append(problem)

    def _stop(self, mark: Mark, message: str, hint: str, code: str) -> NoReturn:
        raise BookError([*self.problems, Problem(mark.file, mark.line, mark.column, message, hint, code)])


class _Open:
    """A mapping or sequence whose end has not come yet."""

    def __init__(self, mark: Mark, mapping: bool) -> None:
        self.mark = mark
        self.mapping = mapping
        self._items: list[Node] = []
        self._entries: list[Entry] = []
        self._keys: dict[str, Mark] = {}
        self._key: Scalar | None = None

    def add(self, node: Node) -> Problem | None:
        if not self.mapping:
            self._items.append(node)
            return None
        if self._key is not None:
            self._entries.append(Entry(self._key, node))
            self._key = None
            return None
        self._key = node if isinstance(node, Scalar) else Scalar("", None, node.mark)
        mark = node.mark
        if not isinstance(node, Scalar) or not node.text:
            hint = "write one word or a quoted text before the colon"
            return Problem(mark.file, mark.line, mark.column, "this cannot be a key", hint, "yaml-key")
        first = self._keys.setdefault(node.text, mark)
        if first is mark:
            return None
        message = f"`{node.text[:60]}` stands twice in one mapping, first at line {first.line}, column {first.column}"
        return Problem(
            mark.file, mark.line, mark.column, message, "delete or rename one of the two", "yaml-duplicate"
        )

    def node(self) -> Node:
        if self.mapping:
            return MappingNode(tuple(self._entries), self.mark)
        return SequenceNode(tuple(self._items), self.mark)


_ALIGN: Final = ("this does not line up with the keys above", "check the indentation and the quotes")
_ADVICE: Final[Sequence[tuple[str, tuple[str, str]]]] = (
    # a part of what PyYAML says (C or Python): what we say, what to do
    ("tab character", ("a tab stands where only spaces may", "indent with spaces")),
    ("cannot start any token", ("a tab or a reserved character (@, `, %) begins a value", "use spaces, or quote it")),
    ("mapping values are not allowed", ("a second `: ` on this line", "quote the text, or put it on its own line")),
    ("did not find expected key", _ALIGN),
    ("expected <block end>", _ALIGN),
    ("could not find expected ':'", ("a key without a colon", "write `key: value`")),
    ("expected ',' or", ("a bracket or brace is not closed", "close it, or add the missing comma")),
    ("unexpected end of stream", ("a quote is not closed", "close the quoted text")),
)


def _syntax_problem(file: str, error: yaml.MarkedYAMLError) -> Problem:
    said = f"{error.problem or error.context or 'not YAML'}"
    mark = error.problem_mark or error.context_mark
    if "end of stream" in said or "',' or" in said:
        # Where the quote or bracket was opened says more than where the parser gave up.
        mark = error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    unknown = (f"this is not YAML: {said}", "check the indentation and the quotes")
    message, hint = next((advice for words, advice in _ADVICE if words in said), unknown)
    return Problem(file, line, column, message, hint, "yaml-syntax")
