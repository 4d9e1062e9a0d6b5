"""Rule engines of Node.js: json-logic-engine and json-rules-engine, installed by npm into a cache when they run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.expressions import chosen_logic, json_logic
from benchmarks.peers.peer import CHOICES, ByLead, MissingError, Timed, Work, facts_of
from benchmarks.peers.rule_libraries import SCORES, criteria

HERE = Path(__file__).parent / "node"
INSTALL_SECONDS, RUN_SECONDS = 180, 300


@dataclass(frozen=True, slots=True)
class NodeEngine(ByLead):
    """One of them, over numbers: true is 1, false 0. It times itself, without reading and writing."""

    engine: str
    most: int

    @property
    def name(self) -> str:
        """See ``Peer``."""
        return f"{self.engine} (Node)"

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``. What it found is ``Timed``."""
        node, place = _installed()
        criteria_of = [
            {"place": SCORES.index(score), "all": [{"name": name, "least": least}], "points": points}
            for score, name, least, points in criteria(work.rules)
        ]
        choices = [
            {"place": place, "all": [{"name": name, "least": least} for name, least in conditions], "points": value}
            for place, one in enumerate(CHOICES.values())
            for conditions, value in one
        ]
        rules = {"scores": json_logic(work.rules), "follows": chosen_logic()}
        rules |= {"criteria": criteria_of, "choices": choices}
        rows = [
            json.dumps({name: value if value is None else int(value) for name, value in row.items()})
            for row in facts_of(work)
        ]

        def evaluate() -> Any:
            with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
                folder = Path(name)
                (folder / "rules.json").write_text(json.dumps(rules), encoding="utf-8")
                (folder / "rows.json").write_text("\n".join(rows), encoding="utf-8")
                try:
                    told = subprocess.run(
                        [node, str(place / "run.cjs"), self.engine, name],
                        check=True, capture_output=True, text=True, timeout=RUN_SECONDS,
                    )  # fmt: skip
                except subprocess.SubprocessError as error:
                    raise MissingError("Node.js did not run it to its end") from error
                found = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
            return Timed(float(json.loads(told.stdout)["seconds"]), found)

        return evaluate


def _installed() -> tuple[str, Path]:
    """Return node and the folder that has the engines. Raises MissingError without node, npm or a registry."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingError("needs node and npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    wanted = (HERE / "package.json").read_bytes()
    place = cache / "leadline-bench" / hashlib.sha256(wanted).hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "run.cjs", place)
    if not (place / "node_modules" / ".package-lock.json").exists():
        shutil.copy(HERE / "package.json", place)
        try:
            subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"],
                cwd=place, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True,
            )  # fmt: skip
        except subprocess.SubprocessError as error:
            raise MissingError("npm could not install it") from error
    return node, place
