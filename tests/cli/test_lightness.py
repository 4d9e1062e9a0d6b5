"""Help and `check` are quick: they load nothing that only a cycle needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "alembic", "cryptography", "durable", "durable_rules_engine", "hubspot", "leadline.rules.deciding", "numpy",
    "pandas", "pyarrow", "pydantic", "requests",
    "simple_salesforce", "sqlalchemy", "starlette", "tenacity", "uvicorn",
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


def quick(cached: Path) -> dict[str, str]:
    """Return an environment in which Python keeps what it compiled, as an installed program does."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(cached)}


def ask(*arguments: str | Path, env: dict[str, str] | None = None) -> tuple[int, float, set[str]]:
    """Run a command in a fresh process: its exit code, CPU seconds, and which heavy modules it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=env,
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


def beyond_the_start(cached: Path, *arguments: str | Path) -> float:
    """Return CPU seconds beyond the interpreter's start, the best of five: a busy machine is not the book's fault."""
    bare = min(
        float(subprocess.run([sys.executable, "-c", BARE], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    )
    runs = [ask(*arguments, env=quick(cached)) for _ in range(6)]
    assert {code for code, _, _ in runs} == {0}
    return min(used for _, used, _ in runs) - bare


def big_book(directory: Path, criteria: int) -> Path:
    """Write a book of so many criteria of four forms, in five scores."""
    forms = (
        "{{points: 5, when: {{f{0}: {{has_word: [vp, chief, w{1}]}}}}}}",
        "{{points: {{n{0}: {{under 50: 0, 50 to 199: 10, 200 to 4999: 30, from 5000: 20}}}}}}",
        "{{points: 3, each: a{0}, within: {1}d, at_most: 3}}",
        "{{points: -4, when: {{any: [{{f{0}: {{contains: x{1}}}}}, {{n{0}: {{at_least: {1}}}}}]}}}}",
    )
    lines = ["leadline: 1", "name: Big", "fields:"]
    lines += [f"  f{n}: {{type: text, salesforce: Lead.F{n}__c}}" for n in range(40)]
    lines += [f"  n{n}: {{type: integer, salesforce: Lead.N{n}__c}}" for n in range(40)]
    lines += ["activities:", *(f"  a{n}: {{hubspot: {{form: form {n}}}}}" for n in range(40)), "scores:"]
    for score in range(5):
        lines += [f"  s{score}:", "    between: [0, 100]", "    grades: {A: 60, B: 30, C: 0}", "    criteria:"]
        lines += [f"      c{n}: " + forms[n % 4].format(n % 40, n + 1) for n in range(criteria // 5)]
    lines += ["stages:", "  inquiry: {kind: inventory}", "  mql: {kind: final, enter: {s0: {at_least: 40}}}"]
    directory.mkdir()
    (directory / "rules.yml").write_text("\n".join([*lines, "paths: [inquiry -> mql]", ""]), encoding="utf-8")
    return directory


def test_check_takes_little_time(tmp_path: Path) -> None:
    """A book of 500 criteria is read and checked, and its problems are shown, in under 0.3 seconds of CPU."""
    book = big_book(tmp_path / "book", 500)
    assert beyond_the_start(tmp_path / "compiled", "check", book) < MOST_SECONDS


def test_help_takes_little_time(tmp_path: Path) -> None:
    """Help is there at once, for all verbs and for one."""
    assert beyond_the_start(tmp_path / "compiled", "--help") < MOST_SECONDS / 2
