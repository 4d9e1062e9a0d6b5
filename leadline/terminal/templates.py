"""`leadline init`: copy a template to a folder of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from leadline.common.errors import UsageError

PACKAGED = Path(__file__).parent.parent / "templates"
"""Where a wheel carries the templates; in a checkout they are the folders of ``examples/`` with a leadline.yml."""

CHECKOUT = Path(__file__).parent.parent.parent / "examples"


def template_names() -> tuple[str, ...]:
    """Return the templates' names, sorted."""
    return tuple(sorted(path.parent.name for path in _home().glob("*/leadline.yml")))


def copy_template(name: str, target: Path) -> tuple[Path, ...]:
    """Copy a template into ``target`` and return the files written, sorted.

    Raises UsageError for a template that does not exist and for a folder that already holds something: nothing is
    ever overwritten.
    """
    if name not in template_names():
        raise UsageError(f"there is no template {name!r}; choose one of: {', '.join(template_names())}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} already holds something; name a new or empty folder")
    try:
        shutil.copytree(_home() / name, target, dirs_exist_ok=True)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    return tuple(sorted(path for path in target.rglob("*") if path.is_file()))


def _home() -> Path:
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT
