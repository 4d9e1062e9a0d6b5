"""What a verb leaves behind when something outside ends one of its processes."""

from __future__ import annotations

import os

import click
import pytest

from leadline.batch.partitions.local import Processes
from leadline.batch.partitions.task import Asked
from leadline.terminal.process import run_verb
from leadline.terminal.screen import Screen


def die(_: object) -> None:
    """End this process as the kernel does that has no memory left."""
    os._exit(137)


@click.group()
def verbs() -> None:
    """Hold a verb."""


@verbs.command()
def work() -> None:
    """Ask two processes, which die."""
    with Processes(2) as runner:
        list(runner.run(die, [Asked(0), Asked(1)]))  # type: ignore[arg-type]


def test_a_killed_worker_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3 and what to do, no trace."""
    assert run_verb(verbs, ["work"], Screen()) == 3
    assert capsys.readouterr().err == (
        "a process at work was killed, most often for want of memory; take fewer --workers\n"
    )
