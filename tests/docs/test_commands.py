"""Every command that a document shows is run, in order, as a reader would.

In README and ``docs/``, a fenced block of language ``sh`` is run, all of a document in one folder; ``cd`` lasts. A
``diff`` block is applied to the files there. A ``text`` block that stands next after a ``sh`` block shows lines of
its output, whole and in order; ``...`` in a line stands for anything, and lines between may be left out. A command
ends with 0, or as its comment ``# ends with 1`` says.

The practice CRMs run beside it with their clock stopped: a line `leadline practice` belongs into another terminal, so
here its options are only parsed. Lines that copy their environment (`export`) are compared with it. `leadline` is
forked from a process that has its imports (``warm``), but for README and Spark: there it is the installed one.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from leadline.cli import verbs
from leadline.connectors.practice.serving import start_practice
from tests.docs.warm import warm_leadline

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if "```sh" in path.read_text(encoding="utf-8")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FEWER = re.compile(r"^<!-- tried with ([0-9]+) people -->$", re.MULTILINE)
ELSEWHERE = re.compile(r"leadline practice(?! --save)")
MAKE = re.compile(r"make (\w+)( [A-Z]+=.*)?$")
EXPORT = re.compile(r"export (\w+)=(\S+)$")
COLD = "README.md"
"""The document that is tried with `leadline` as it was installed, a new interpreter for each command."""
NOT_HERE = ("git clone ", "cd leadline")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text and the line it begins in."""

    language: str
    text: str
    line: int


def blocks(document: str) -> Iterator[Block]:
    """Yield the fenced blocks of a document, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)


@pytest.fixture(scope="session")
def warm() -> Iterator[Path]:
    """A directory with a `leadline` whose imports are done."""
    with warm_leadline() as folder:
        yield folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document(document: str, tmp_path: Path, warm: Path) -> None:
    """Each command ends as the document says and prints what it shows."""
    runs_spark = "--engine spark" in (ROOT / document).read_text(encoding="utf-8")
    if runs_spark and "CI" not in os.environ and (shutil.which("java") is None or find_spec("pyspark") is None):
        pytest.skip("there is no Java, or PySpark is not installed")
    with start_practice(people=people_of(document), seed=7, frozen=True) as practice:
        installed = document == COLD or runs_spark
        places = (*(() if installed else (str(warm),)), str(Path(sys.executable).parent), os.environ["PATH"])
        path = os.pathsep.join(places)
        environment = {**os.environ, **practice.environment(), "PATH": path}
        if runs_spark:
            environment["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for short runs
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        output: str | None = None
        for block in blocks(document):
            where = f"{document}:{block.line}"
            if block.language == "sh":
                output = run_block(block.text, tmp_path, environment, where)
                continue
            if block.language == "diff":
                apply(block.text, tmp_path, where)
            elif block.language == "text" and output is not None:
                contains(output, block.text, where)
            output = None


def people_of(document: str) -> int:
    """Return how many people the practice CRMs have: a comment of the document may ask for fewer."""
    found = FEWER.search((ROOT / document).read_text(encoding="utf-8"))
    return int(found[1]) if found else 2000


def run_block(text: str, folder: Path, environment: Mapping[str, str], where: str) -> str:
    """Run a block's commands as one shell script and return what it printed, errors included."""
    here = folder / ".here"
    script = ["set -eu", f"cd {shlex.quote(here.read_text().strip() if here.exists() else str(folder))}"]
    for line in text.replace("\\\n", " ").splitlines():
        script += commands(line, environment, where)
    script.append(f"pwd > {shlex.quote(str(here))}")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{where}: exit code {done.returncode}\n{done.stdout}"
    assert "Traceback" not in done.stdout, f"{where}\n{done.stdout}"
    return done.stdout


def commands(line: str, environment: Mapping[str, str], where: str) -> list[str]:
    """Return what is run for one line; what cannot be run here is compared with what there is."""
    bare = line.split("  # ", maxsplit=1)[0].strip()
    target, export = MAKE.match(bare), EXPORT.match(bare)
    if target:
        assert f"\n{target[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), f"{where}: no target {target[1]}"
        return []
    if export:
        assert export[1] in environment, f"{where}: nothing reads {export[1]}"
        assert "127.0.0.1" in export[2] or environment[export[1]] == export[2], f"{where}: {export[1]} is another"
        return []
    if ELSEWHERE.match(bare):
        verbs.commands["practice"].make_context("practice", shlex.split(bare)[2:])
        return []
    if bare.startswith(NOT_HERE):
        return []
    code = re.search(r"# ends with (\d)$", line)
    return [f"rc=0; {bare} || rc=$?; test $rc = {code[1]}" if code else line]


def apply(diff: str, folder: Path, where: str) -> None:
    """Apply a block such as ``--- rules.yml`` / ``-old`` / ``+new`` by replacing the old lines with the new."""
    here = Path((folder / ".here").read_text().strip())
    name = re.search(r"^--- (\S+)$", diff, re.MULTILINE)
    assert name, f"{where}: the diff names no file"
    body = [line for line in diff.splitlines() if line and not line.startswith(("---", "+++", "@@"))]
    old = "".join(line[1:] + "\n" for line in body if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in body if line[0] in " +")
    file = here / name[1]
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{where}: {name[1]} does not hold these lines once:\n{old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def contains(output: str, shown: str, where: str) -> None:
    """Fail unless the shown lines are lines of the output in this order, white space folded."""
    printed = iter([folded(line) for line in output.splitlines()])
    for line in (line for line in shown.splitlines() if line.strip()):
        pattern = re.compile(".*".join(re.escape(part) for part in folded(line).split("...")))
        assert any(pattern.fullmatch(found) for found in printed), (
            f"{where}: the output has no line like this, or not in this order\n{line}\nin\n{output}"
        )


def folded(line: str) -> str:
    """Return a line with its white space folded."""
    return " ".join(line.split())


@pytest.mark.parametrize("translated", sorted(path.name for path in ROOT.glob("README.*.md")))
def test_a_translated_readme_tells_the_same(translated: str) -> None:
    """Its commands are those of README, which are run, and it leads to the same pages."""
    told, original = (ROOT / translated).read_text(encoding="utf-8"), (ROOT / "README.md").read_text(encoding="utf-8")
    commands_of = [
        [block.text for block in blocks(name) if block.language != "mermaid"] for name in (translated, "README.md")
    ]
    assert commands_of[0] == commands_of[1]
    assert f"]({translated})" in original
    assert "](README.md)" in told
    assert set(LINK.findall(original)) - {translated} == set(LINK.findall(told)) - {"README.md"}


def test_contains_is_strict() -> None:
    """Another number, another order or half a line is not what was shown."""
    output = " mql   195\n sal    82\n"
    contains(output, "mql 195\nsal ...\n", "here")
    for wrong in ("mql 196\n", "sal 82\nmql 195\n", "mql\n"):
        with pytest.raises(AssertionError):
            contains(output, wrong, "here")


def test_a_command_that_fails_or_ends_otherwise_fails_the_test(tmp_path: Path) -> None:
    """The runner lets no exit code pass that the document does not show."""
    environment = dict(os.environ)
    assert run_block("echo one\nfalse  # ends with 1\n", tmp_path, environment, "here") == "one\n"
    for wrong in ("false\n", "true  # ends with 1\n", "no-such-command\n"):
        with pytest.raises(AssertionError):
            run_block(wrong, tmp_path, environment, "here")
