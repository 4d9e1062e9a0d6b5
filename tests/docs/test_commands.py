"""Every command that a document shows is run, in order, as a reader would.

In README and ``docs/``, a fenced block of language ``sh`` is run in one folder a document; a ``diff`` block is
applied to the files there; a ``text`` block that follows a ``sh`` block lists lines that its output must contain
(``...`` stands for anything). The practice CRMs run beside it, their clock stopped, as the document's own
`leadline practice` would start them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadline.connectors.practice.serving import start_practice

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if "```sh" in path.read_text(encoding="utf-8")
)
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = re.compile(r"leadline practice(?! --save)")  # runs in another terminal: here a fixture
MAKE = re.compile(r"make (\w+)$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its text and the line it begins in."""

    language: str
    text: str
    line: int


def blocks(document: str) -> Iterator[Block]:
    """Yield the blocks that this test understands, in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        if found[1] in {"sh", "diff", "text"}:
            yield Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document(document: str, tmp_path: Path) -> None:
    """Each command ends with 0 (or with what its comment says) and prints what the document shows."""
    with start_practice(people=2000, seed=7, frozen=True) as practice:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, **practice.environment(), "PATH": path, "COLUMNS": "160"}
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
        output = ""
        for block in blocks(document):
            where = f"{document}:{block.line}"
            if block.language == "sh":
                output = run_lines(block.text, tmp_path, environment, where)
            elif block.language == "diff":
                apply(block.text, tmp_path, where)
            elif output:
                contains(output, block.text, where)


def run_lines(text: str, folder: Path, environment: dict[str, str], where: str) -> str:
    """Run a block's commands as one shell script from the document's folder; ``cd`` lasts for the document."""
    lines = text.replace("\\\n", " ").splitlines()
    script = ["set -eu", f'cd "$(cat {folder}/.here 2>/dev/null || echo {folder})"']
    for line in lines:
        target = MAKE.match(line.split("#")[0].strip())
        if target:
            assert f"\n{target[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), (
                f"{where}: no target {target[1]}"
            )
        elif not ELSEWHERE.match(line) and not line.startswith(("git clone", "cd leadline", "export ")):
            code = re.search(r"# ends with (\d)$", line)
            script.append(f"rc=0; {line.split('  # ')[0]} || rc=$?; test $rc = {code[1]}" if code else line)
    script.append(f"pwd > {folder}/.here")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{where}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, where
    return done.stdout + done.stderr


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
    """Fail unless every shown line is in the output, white space folded and ``...`` standing for anything."""
    folded = re.sub(r"[ \t]+", " ", output)
    for line in shown.splitlines():
        pattern = ".*".join(re.escape(re.sub(r"[ \t]+", " ", part)) for part in line.strip().split("..."))
        assert re.search(pattern, folded), f"{where}: the output has no line like\n{line}\nin\n{output}"
