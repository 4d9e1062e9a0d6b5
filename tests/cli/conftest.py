"""The command line as its users call it: arguments in, exit code, stdout and stderr out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leadline.cli import run
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.terminal.templates import copy_template


@dataclass(frozen=True, slots=True)
class Said:
    """What one command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


Leadline = Callable[..., Said]


@pytest.fixture
def leadline(capsys: pytest.CaptureFixture[str]) -> Leadline:
    """Run a command in this process. No command may ever show a traceback."""

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = Said(code, *capsys.readouterr())
        assert "Traceback" not in said.out + said.err
        return said

    return call


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A copy of the waterfall example that a test may edit."""
    copy_template("waterfall", tmp_path / "book")
    return tmp_path / "book"


@pytest.fixture
def practice() -> Iterator[Practice]:
    """Both practice CRMs over 300 people, their clock stopped."""
    with start_practice(people=300, seed=11, frozen=True) as running:
        yield running


@pytest.fixture
def installed(book: Path, practice: Practice, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The waterfall book, configured for the practice CRMs, in the working directory."""
    for name, value in practice.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(book)
    return book
