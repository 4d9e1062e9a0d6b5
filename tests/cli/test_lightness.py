"""Help and `check` are quick: they load nothing that only a cycle needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "alembic", "cryptography", "durable", "durable_rules_engine", "hubspot", "numpy", "pandas", "pyarrow", "pydantic",
    "requests", "simple_salesforce", "sqlalchemy", "starlette", "tenacity", "uvicorn",
)  # fmt: skip
ASK = f"""
import resource, sys
from leadline.cli import run
before = resource.getrusage(resource.RUSAGE_SELF)
code = run(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
loaded = [name for name in {(*HEAVY, "rich")!r} if name in sys.modules]
print(code, used.ru_utime + used.ru_stime, *loaded, file=sys.stderr)
"""
BARE = "import resource, sys; used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime)"
MOST_SECONDS = 0.3


def ask(*arguments: str | Path) -> tuple[int, float, set[str]]:
    """Run a command in a fresh process: its exit code, CPU seconds, and which heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=True
    )
    code, used, *loaded = done.stderr.splitlines()[-1].split()
    return int(code), float(used), set(loaded)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["check", "--help"], ["plan", "--help"], ["sync", "-h"]]
)
def test_help_loads_nothing(arguments: list[str]) -> None:
    """Not even the library that draws tables."""
    code, _, loaded = ask(*arguments)
    assert (code, loaded) == (0, set())


def test_check_loads_no_store_and_no_client(book: Path) -> None:
    """Checking a book needs a YAML reader and the rules, on good books and bad ones."""
    for arguments in (["check", book], ["check", book, "--json"], ["check", book / "lists"]):
        _, _, loaded = ask(*arguments)
        assert loaded <= {"rich"}


def test_check_takes_little_time(book: Path) -> None:
    """CPU beyond the start of the interpreter, the best of three: a busy machine is not the book's fault."""
    bare = min(
        float(subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    )
    best = min(ask("check", book)[1] for _ in range(3))
    assert best - bare < MOST_SECONDS
