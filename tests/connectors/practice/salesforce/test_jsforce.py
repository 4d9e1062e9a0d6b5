"""An independent client is at home: jsforce, from npm, over real HTTP."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.generate import generate
from tests.connectors.practice.salesforce.site import running

HERE = Path(__file__).parent / "jsforce"
REFUSED = "jsforce cannot be installed here: {}"


def lacking(why: str) -> None:
    """Skip where a machine lacks npm or its registry; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(REFUSED.format(why))
    pytest.skip(REFUSED.format(why))


def installed() -> Path:
    """Return the folder of the script with its packages, installed once and kept (git ignores them)."""
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["jsforce"]
    present = HERE / "node_modules" / "jsforce" / "package.json"
    if present.exists() and json.loads(present.read_text())["version"] == wanted:
        return HERE
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        lacking("node and npm are not on this machine")
    command = [str(npm), "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=100, check=False)
    if done.returncode:
        lacking(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "npm failed")
    return HERE


def driven(url: str) -> dict[str, Any]:
    """Run the script and return what it saw."""
    known = Credentials()
    password = known.salesforce_password + known.salesforce_security_token
    secrets = [known.salesforce_username, password, known.salesforce_client_id, known.salesforce_client_secret]
    command = ["node", "drive.js", url, *secrets]
    done = subprocess.run(command, cwd=installed(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_jsforce_is_at_home() -> None:
    """Login, describe, paged queries, writes of every kind, refusals by name, bulk jobs and SOAP all work."""
    organisation = generate(seed=7, people=1600)
    with running(organisation) as site:
        tasks = site.values("SELECT COUNT(Id) FROM Task")[0]
        seen = driven(site.url)
        assert seen["soap"]["instance"] == seen["oauth"]["instance"] == site.url
        assert seen["soap"]["user"] == seen["oauth"]["user"]
        assert "INVALID_LOGIN" in seen["wrongPassword"]["message"]
        assert {"Lead", "Contact", "LeadHistory"} <= set(seen["describe"]["objects"])
        assert seen["describe"]["restricted"] is True
        assert seen["describe"]["stages"][:2] == ["inquiry", "mql"]
        query = seen["query"]
        assert (query["fetched"], query["total"], query["firstPage"]) == (tasks, tasks, 2000)
        assert query["secondPage"] == tasks - 2000
        assert query["withDeleted"] > query["visible"]
        assert query["nested"] == [["string", "string"]] * 3
        check_writes(seen)
        assert seen["limits"]["max"] > seen["limits"]["used"] > 20
        assert seen["afterLogout"]["code"] == "INVALID_SESSION_ID"


def check_writes(seen: dict[str, Any]) -> None:
    """Judge what was written and what was refused."""
    write = seen["write"]
    assert (write["name"], write["stage"], write["score"]) == ("Zażółć", "mql", 12.5)
    assert write["date"] == "2026-01-31T08:00:00.000+0000"
    assert (write["created"], write["updated"]) == (200, 200)
    assert write["upserts"] == [True, False, True]
    assert write["gone"] is True
    assert write["afterwards"]["code"] == "ENTITY_IS_DELETED"
    codes = {name: found["code"] for name, found in seen["refusals"].items()}
    assert codes == {
        "field": "INVALID_FIELD",
        "object": "INVALID_TYPE",
        "syntax": "MALFORMED_QUERY",
        "picklist": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "missing": "REQUIRED_FIELD_MISSING",
        "nothing": "NOT_FOUND",
    }
    transform = seen["transform"]
    assert transform["loser"]["code"] == "ENTITY_IS_DELETED"
    assert [transform[name] for name in ("converted", "opportunity", "merged", "back")] == [True] * 4
    bulk = seen["bulk"]
    assert (bulk["successful"], bulk["unprocessed"], bulk["rows"]) == (199, 0, 199)
    assert bulk["failed"][0].startswith("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:")
    assert bulk["title"] == "Leiterin Ä"
