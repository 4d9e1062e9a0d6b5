"""Where a verb's result goes: text for people, or one JSON document; both on stdout, all else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.errors import BookError, LeadlineError, Problem
from leadline.common.masking import mask_address
from leadline.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 160


class Screen:
    """One verb's way to the reader. ``as_json``: the result is one JSON document for machines."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def result(self, data: Any, render: Callable[[Console], None]) -> None:
        """Show a verb's result: ``data`` as JSON, or what ``render`` draws."""
        if self.as_json:
            _write_json(plain(data))
            return
        from leadline.terminal.console import SafeConsole

        terminal = sys.stdout.isatty()
        width = None if terminal else PIPE_WIDTH
        render(SafeConsole(file=sys.stdout, highlight=False, width=width, soft_wrap=not terminal))

    def note(self, text: str) -> None:
        """Say something beside the result, on stderr."""
        sys.stderr.write(printable(text) + "\n")

    def error(self, error: LeadlineError) -> None:
        """Say what went wrong and what to do: text on stderr, and with JSON also a document on stdout."""
        self.note(mask_address(str(error)))
        if self.as_json:
            problems = error.problems if isinstance(error, BookError) else ()
            document = {
                "ok": False,
                "error": mask_address(str(error)),
                "kind": type(error).__name__,
                "exit_code": error.exit_code,
                "problems": problem_list(problems),
            }
            _write_json(document)

    @contextmanager
    def activity(self) -> Iterator[Callable[[str], None]]:
        """Show on a terminal what is being done right now, and nothing in a pipe; yields a function that says it."""
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console
        from rich.markup import escape

        with Console(file=sys.stderr).status("Starting") as status:
            yield lambda text: status.update(escape(text))

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show progress of long work on a terminal, and nothing in a pipe.

        Yields a function that takes how much is done in all.
        """
        if not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.update(task, completed=done)


def _write_json(document: Any) -> None:
    """Write one document as it reads best; where the stream has no such character, as escapes."""
    encoding = sys.stdout.encoding or "ascii"
    for text in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(document):
        try:
            text.encode(encoding, "strict")
            sys.stdout.write(text)
        except UnicodeEncodeError:
            sys.stdout.write("".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text))
    sys.stdout.write("\n")


def problem_list(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Return problems as JSON objects with file, line, column, message, hint and code, addresses masked."""
    texts = ("message", "hint")
    return [
        {name: mask_address(value) if name in texts else value for name, value in plain(problem).items()}
        for problem in problems
    ]
