"""The log: one line an event, JSON or text, on stderr or in a file; what could be personal or secret is masked."""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TextIO

from leadline.common.canonical import instant_text, plain
from leadline.common.errors import UsageError
from leadline.common.masking import scrub

Level = Literal["debug", "info", "warning", "error"]
Fields = MutableMapping[str, Any]

_OURS: Final = frozenset({"at", "level", "event", "run", "plan"})
"""Fields that we fill with words, instants and digests of our own."""


class RunLog:
    """Takes events. Without a ``logger`` they go nowhere. ``screen`` says that lines stand on stderr."""

    def __init__(self, logger: Any = None, *, screen: bool = False) -> None:
        self._logger = logger
        self.screen = screen

    @property
    def silent(self) -> bool:
        """Whether events go nowhere."""
        return self._logger is None

    def say(self, level: Level, event: str, **fields: Any) -> None:
        """Write one event with counts, codes and names of our own; values of records never belong here."""
        if self._logger is not None:
            self._logger.log(logging.getLevelNamesMapping()[level.upper()], event, **fields)

    def bind(self, **fields: Any) -> None:
        """Give every later event these fields too."""
        if self._logger is not None:
            self._logger = self._logger.bind(**fields)


@contextmanager
def open_log(
    style: Literal["json", "text"],
    file: Path | None,
    level: Level,
    now: Callable[[], datetime],
    hidden: Collection[str] = (),
) -> Iterator[RunLog]:
    """Open the log of one run under a new id; lines are appended to ``file``, or go to stderr.

    ``hidden`` are secrets that no line may show, wherever they come from. Raises UsageError when the file cannot be
    written; only its owner may read a new one.
    """
    import structlog

    with _stream(file) as stream:
        logger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.processors.add_log_level,
                _stamped(now),
                _masked(hidden),
                _as_json if style == "json" else _as_text,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            run=f"r-{secrets.token_hex(6)}",
        )
        yield RunLog(logger, screen=file is None)


@contextmanager
def _stream(file: Path | None) -> Iterator[TextIO]:
    if file is None:
        yield sys.stderr
        return
    try:
        handle = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError as error:
        raise UsageError(f"{file}: the log cannot be written there: {error.strerror}") from None
    with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as opened:
        yield opened


def _stamped(now: Callable[[], datetime]) -> Callable[[Any, str, Fields], Fields]:
    def stamp(_logger: Any, _method: str, fields: Fields) -> Fields:
        first = {"at": instant_text(now()), "level": fields.pop("level"), "event": fields.pop("event")}
        return {**first, **fields}

    return stamp


def _masked(hidden: Collection[str]) -> Callable[[Any, str, Fields], Fields]:
    def mask(_logger: Any, _method: str, fields: Fields) -> Fields:
        return {name: value if name in _OURS else _scrubbed(plain(value), hidden) for name, value in fields.items()}

    return mask


def _scrubbed(value: Any, hidden: Collection[str]) -> Any:
    if isinstance(value, str):
        return scrub(value, hidden)
    if isinstance(value, Mapping):
        return {scrub(str(name), hidden): _scrubbed(item, hidden) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(item, hidden) for item in value]
    return value


def _as_json(_logger: Any, _method: str, fields: Fields) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _as_text(_logger: Any, _method: str, fields: Fields) -> str:
    at, level, event = fields.pop("at"), fields.pop("level"), fields.pop("event")
    told = " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return f"{at} {level:<7} {event} {told}".rstrip()
