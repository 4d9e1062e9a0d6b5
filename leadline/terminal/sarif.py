"""Problems of a rule book as SARIF 2.1.0, for GitHub code scanning and for editors that read it.

Code scanning needs, of each rule, ``id``, ``shortDescription``, ``fullDescription`` and ``help``; of each result a
rule, a message, and a place with all four ends of its region.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from leadline import __version__
from leadline.common.errors import Problem
from leadline.common.problem_codes import CODES, meaning

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION: Final = "2.1.0"


def sarif(problems: Sequence[Problem], directory: Path, here: Path) -> dict[str, Any]:
    """Return the SARIF document of one check.

    ``directory`` is the book's; the paths of the document are relative to ``here`` (the root of the repository, as
    code scanning wants them), absolute where the book lies elsewhere.
    """
    codes = [code for code in CODES if any(_code(problem) == code for problem in problems)]
    seen: dict[str, int] = {}
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Leadline",
                        "semanticVersion": __version__,
                        "rules": [_rule(code, problems) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes, _uri(problem, directory, here), seen) for problem in problems],
            }
        ],
    }


def _code(problem: Problem) -> str:
    return problem.code if problem.code in CODES else "book"


def _rule(code: str, problems: Sequence[Problem]) -> dict[str, Any]:
    severities = {problem.severity for problem in problems if _code(problem) == code}
    level = next(level for level in ("error", "warning", "note") if level in severities)
    text = {"text": meaning(code)}
    return {
        "id": code,
        "shortDescription": text,
        "fullDescription": text,
        "help": {"text": f"{meaning(code)} The message of each place says what to do."},
        "defaultConfiguration": {"level": level},
        "properties": {"problem.severity": level if level != "note" else "recommendation", "tags": ["rule-book"]},
    }


def _result(problem: Problem, codes: Sequence[str], uri: str, seen: dict[str, int]) -> dict[str, Any]:
    code = _code(problem)
    # A problem of a whole file stands at its beginning: code scanning drops what has no line.
    line, column = max(problem.line, 1), max(problem.column, 1)
    said = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return {
        "ruleId": code,
        "ruleIndex": codes.index(code),
        "level": problem.severity,
        "message": {"text": said},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri},
                    "region": {"startLine": line, "startColumn": column, "endLine": line, "endColumn": column + 1},
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(uri, code, problem.message, seen)},
    }


def _fingerprint(uri: str, code: str, message: str, seen: dict[str, int]) -> str:
    """Return what stays the same when lines move: the same message in the same file, counted."""
    digest = hashlib.sha256("\n".join((uri, code, message)).encode()).hexdigest()[:16]
    seen[digest] = seen.get(digest, 0) + 1
    return f"{digest}:{seen[digest]}"


def _uri(problem: Problem, directory: Path, here: Path) -> str:
    # The reader names files relative to the book; only a missing book is named by the path that was given.
    path = directory / problem.file if problem.file != str(directory) else directory
    whole = (here / path).resolve()
    try:
        return quote(whole.relative_to(here.resolve()).as_posix())
    except ValueError:
        return whole.as_uri()
