"""What `deploy/` ships starts commands that exist, as nobody special, and never twice at once."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadline.cli import verbs

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
MANIFESTS = sorted(DEPLOY.glob("kubernetes/*.yaml"))
SERVICES = sorted(DEPLOY.glob("systemd/*.service"))


def parsed(arguments: list[str]) -> dict[str, Any]:
    """Parse a command line as the program would; a wrong one raises."""
    verb = verbs.commands[arguments[0]]
    return verb.make_context(arguments[0], arguments[1:]).params


def pod(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the pod that a manifest makes."""
    spec = manifest["spec"].get("jobTemplate", manifest)["spec"]
    return spec["template"]["spec"]


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_units_start_commands_that_exist(file: Path) -> None:
    """The command line of each service is one of ours, run by a user of its own."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(file)
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[0].endswith("/leadline")
    assert parsed(command[1:])
    assert unit["Service"]["User"] == "leadline"
    assert unit["Service"]["EnvironmentFile"] == "/etc/leadline/secrets.env"
    assert unit["Service"]["NoNewPrivileges"] == "yes"


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.name)
def test_manifests_start_commands_that_exist(file: Path) -> None:
    """Containers run our commands without privileges, with room to write only where it is meant, one at a time."""
    manifest = yaml.safe_load(file.read_text(encoding="utf-8"))
    made = pod(manifest)
    assert made["securityContext"]["runAsNonRoot"] is True
    (container,) = made["containers"]
    assert parsed(container["args"])
    probe = container.get("readinessProbe")
    if probe:
        assert parsed(probe["exec"]["command"][1:])
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in made["volumes"]}
    alone = manifest["spec"].get("concurrencyPolicy") == "Forbid" or manifest["spec"].get("replicas") == 1
    assert alone


def test_the_image_runs_our_command_as_nobody_special() -> None:
    """The Dockerfile ends as a user that is not root, with a command line of ours, and copies what is there."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER [1-9]\d+$", text, re.MULTILINE)
    command = re.search(r"^CMD (\[.*\])$", text, re.MULTILINE)
    assert command
    assert parsed(json.loads(command[1]))
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((DEPLOY.parent / name).exists() for name in line.split())
