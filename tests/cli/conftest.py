"""The command line as its users call it: arguments in, exit code, stdout and stderr out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leadline.cli import run
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.terminal.templates import copy_template

if TYPE_CHECKING:
    from tests.cli.desk import Desk


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
def leadline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Leadline:
    """Run a command in this process, in English whatever the locale. No command may ever show a traceback."""
    monkeypatch.setenv("LEADLINE_LANGUAGE", "en")

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


@pytest.fixture
def desk(book: Path, leadline: Leadline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The waterfall book before both practice CRMs with 60 people, which it never waits for."""
    with start_practice(people=60, seed=11, frozen=True) as running:
        yield sit_down(book, running, leadline, monkeypatch)


@pytest.fixture(scope="session")
def lasting_practice() -> Iterator[Practice]:
    """Both practice CRMs with 60 people for all tests that only read them."""
    with start_practice(people=60, seed=11, frozen=True) as running:
        yield running


@pytest.fixture
def reading_desk(
    book: Path, lasting_practice: Practice, leadline: Leadline, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A desk whose practice CRMs are shared: nothing may be written to them."""
    made = sit_down(book, lasting_practice, leadline, monkeypatch)
    before = made.written()
    yield made
    made.faults()
    assert made.written() == before


def sit_down(book: Path, practice: Practice, leadline: Leadline, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk before any practice CRMs."""
    from tests.cli.desk import Desk

    for name, value in practice.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(book)
    made = Desk(book, practice, leadline)
    for crm in ("salesforce", "hubspot"):
        made.edit(f"{crm}:\n", f"{crm}:\n  patience: 0\n  timeout: 2\n", "leadline.yml")
    return made
