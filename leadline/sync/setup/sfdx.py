"""The Salesforce parts as a folder to deploy by hand: ``sf project deploy start --source-dir force-app``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from leadline.common.errors import UsageError
from leadline.connectors.installing import Part

_SPACE: Final = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_MAIN: Final = "force-app/main/default"


def sfdx_files(
    parts: Sequence[Part],
    version: str,
    definition: Callable[[Part], Mapping[str, Any]],
    owner_of: Callable[[str], str],
) -> Mapping[str, str]:
    """Return the files by path. ``definition`` gives a field's metadata, ``owner_of`` the object it is defined on."""
    fields = {f"{owner_of(part.object)}.{part.name}": part for part in parts if part.kind == "field"}
    files = {"sfdx-project.json": _project(version), "manifest/package.xml": _package(sorted(fields), version)}
    for full, part in fields.items():
        owner, _, name = full.partition(".")
        body = {"fullName": name, **definition(part)}
        files[f"{_MAIN}/objects/{owner}/fields/{name}.field-meta.xml"] = _document("CustomField", body)
    for held in (part for part in parts if part.kind == "permission set"):
        path = f"{_MAIN}/permissionsets/{held.name}.permissionset-meta.xml"
        files[path] = _document("PermissionSet", _permission_set(held, parts))
    return files


def write_files(files: Mapping[str, str], directory: Path) -> tuple[Path, ...]:
    """Write the files below a new or empty directory. Raises UsageError where something stands there."""
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(f"{directory} is not empty; name a new directory")
    written = []
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return tuple(written)


def _project(version: str) -> str:
    told = {"packageDirectories": [{"path": "force-app", "default": True}], "sourceApiVersion": version}
    return json.dumps(told, indent=2) + "\n"


def _package(fields: Sequence[str], version: str) -> str:
    types = [{"members": list(fields), "name": "CustomField"}, {"members": ["Leadline"], "name": "PermissionSet"}]
    return _document("Package", {"types": types, "version": version})


def _permission_set(held: Part, parts: Sequence[Part]) -> dict[str, Any]:
    objects = [part for part in parts if part.kind == "object right"]
    fields = sorted((part for part in parts if part.kind == "field right"), key=lambda one: one.key)
    return {
        "description": held.meaning,
        "fieldPermissions": [
            {"editable": "Edit" in part.rights, "field": f"{part.object}.{part.name}", "readable": True}
            for part in fields
        ],
        "hasActivationRequired": False,
        "label": held.label,
        "objectPermissions": [
            {
                "allowCreate": "Create" in part.rights,
                "allowDelete": "Delete" in part.rights,
                "allowEdit": "Edit" in part.rights,
                "allowRead": True,
                "modifyAllRecords": False,
                "object": part.object,
                "viewAllRecords": "ViewAllRecords" in part.rights,
            }
            for part in sorted(objects, key=lambda one: one.object)
        ],
        "userPermissions": [{"enabled": True, "name": right} for right in sorted(held.rights)],
    }


def _document(root: str, body: Mapping[str, Any]) -> str:
    return f"{_HEAD}<{root} {_SPACE}>\n{_elements(body, 1)}</{root}>\n"


def _elements(body: Mapping[str, Any], depth: int) -> str:
    return "".join(_element(name, value, depth) for name, value in body.items())


def _element(name: str, value: Any, depth: int) -> str:
    pad = "    " * depth
    if isinstance(value, list):
        return "".join(_element(name, item, depth) for item in value)
    if isinstance(value, Mapping):
        return f"{pad}<{name}>\n{_elements(value, depth + 1)}{pad}</{name}>\n"
    text = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"{pad}<{name}>{text}</{name}>\n"
