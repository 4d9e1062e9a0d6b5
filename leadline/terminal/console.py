"""The console that results are drawn on: values of CRMs and files cannot steer the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from leadline.terminal.printable import printable


class SafeConsole(Console):
    """A rich console whose texts are printable; tables take care of their own cells."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print texts with their control characters spelt out."""
        super().print(*(printable(item) if isinstance(item, str) else item for item in objects), **options)

    def on_broken_pipe(self) -> None:
        """Let whoever runs the verb end it; rich itself would leave with exit code 1."""
        raise BrokenPipeError
