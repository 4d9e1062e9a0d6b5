"""Reading a JSON document of which only a part is in memory: the items of its long lists come one by one."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_ENOUGH: Final = 1 << 20
"""Characters that are let go at a time, and after which an error is not that of a value cut short."""

Take = Callable[[Iterator[Any]], Any]


def decoded(parts: Iterable[bytes]) -> Iterator[str]:
    """Decode UTF-8 part by part. Raises UnicodeDecodeError whose ``start`` is the place in the whole."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    taken = 0
    for part in parts:
        pending = len(decoder.getstate()[0])
        yield _decode(decoder, part, taken - pending, final=False)
        taken += len(part)
    yield _decode(decoder, b"", taken - len(decoder.getstate()[0]), final=True)


def _decode(decoder: codecs.IncrementalDecoder, part: bytes, before: int, *, final: bool) -> str:
    try:
        return decoder.decode(part, final)
    except UnicodeDecodeError as error:
        raise UnicodeDecodeError(
            error.encoding, b"", before + error.start, before + error.end, error.reason
        ) from None


class Scanner:
    """Goes through the text of one document, given in parts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        self._text = ""
        self._at = 0
        self._ended = False
        self._lines = 0
        self._columns = 0
        self._decoder = json.JSONDecoder()

    def document(self, lists: Mapping[str, Take]) -> Any:
        """Return the document; the items of its top-level ``lists`` go to what takes them, and that stands for them.

        Raises json.JSONDecodeError, which knows line and column; RecursionError, and ValueError for a number of
        thousands of digits, as the json module does.
        """
        found = dict(self._members(lists)) if self._next() == "{" else self._value()
        if self._next():
            raise self._wrong("Extra data")
        return found

    def _members(self, lists: Mapping[str, Take]) -> Iterator[tuple[str, Any]]:
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        while True:
            if self._next() != '"':
                raise self._wrong("Expecting property name enclosed in double quotes")
            key = self._value()
            self._expect(":")
            if key in lists and self._next() == "[":
                yield key, lists[key](self._items())
            else:
                yield key, self._value()
            if self._next() == "}":
                self._at += 1
                return
            self._expect(",")

    def _items(self) -> Iterator[Any]:
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield self._value()
            if self._next() == "]":
                self._at += 1
                return
            self._expect(",")

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise self._wrong(f"Expecting '{sign}' delimiter")
        self._at += 1

    def _next(self) -> str:
        """Return the next character that is no space, without taking it; nothing at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match is not None else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or len(self._text) - error.pos < _ENOUGH
                if not (cut and self._more(len(self._text) - self._at)):
                    self._at = error.pos
                    raise self._wrong(error.msg) from None
            else:
                # A number may go on in the next part.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def _more(self, least: int = 0) -> bool:
        """Take in further parts, at least so many characters; let go of what was read. Say whether any came."""
        if self._ended:
            return False
        if self._at > _ENOUGH:
            gone = self._text[: self._at]
            if "\n" in gone:
                self._lines += gone.count("\n")
                self._columns = 0
            self._columns += len(gone) - gone.rfind("\n") - 1
            self._text, self._at = self._text[self._at :], 0
        parts: list[str] = []
        found = 0
        while found <= least:
            part = next(self._texts, None)
            if part is None:
                self._ended = True
                break
            parts.append(part)
            found += len(part)
        self._text += "".join(parts)
        return found > 0

    def _wrong(self, message: str) -> json.JSONDecodeError:
        error = json.JSONDecodeError(message, self._text, min(self._at, len(self._text)))
        if error.lineno == 1:
            error.colno += self._columns
        error.lineno += self._lines
        return error
